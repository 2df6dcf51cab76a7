"""Measure how well a text is compressed by a network that reads it once, from random weights.

    python benchmarks/one_pass.py FILE [--bytes 768771] [--hidden-size 256] [--threads 1]

Each byte is predicted before anything is learned from it, so the sum of the losses is the length of
an arithmetic code that a program with the same seed can decode. The network carries its state from
segment to segment. After a segment was scored, AdamW takes one step on a batch: one row is the
segment, and the others read the text before it once more, in random places. The network's
predictions are mixed with n-grams (`charnn.evaluation.ngram_mixture`), whose counts start empty.

The code length includes 32 bytes for the set of the bytes that occur, and 4 for the length.
"""

import argparse
import math
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import log_softmax, nll_loss

from charnn.evaluation.ngram_mixture import NgramMixture
from charnn.model.config import ModelConfig
from charnn.model.network import Network
from charnn.training.optimizer import AdamW

HEADER = 32 + 4  # bytes
CLIP = 1.0
# Steps over which the learning rate rises, and the rate at the end as a share of the highest.
WARMUP, LAST_RATE = 100, 0.1


def online_log_probs(
    network: Network, ids: NDArray[np.int64], options: argparse.Namespace
) -> Iterator[NDArray[np.float32]]:
    """Yield the log-probabilities of each segment of `ids[1:]`, [T, V], before the step on it."""
    optimizer = AdamW(network, options.weight_decay)
    random = np.random.default_rng(options.seed)
    state = network.initial_state(options.rows)
    size = options.segment
    begins_B = np.ones(options.rows, np.int64)
    starts = range(1, len(ids), size)
    for step, begin in enumerate(starts):
        begins_B[0] = begin
        # The other rows read on in the past, and one of them in turn goes to a new place in it.
        if options.rows > 1:
            begins_B[1 + step % (options.rows - 1)] = random.integers(1, begin + 1)
        positions_TB = begins_B + np.arange(min(size, len(ids) - begin))[:, None]
        targets = torch.from_numpy(ids[positions_TB])
        with torch.autocast("cpu", torch.bfloat16, enabled=options.bf16):
            logits, after = network(torch.from_numpy(ids[positions_TB - 1]), state)
        log_probs = log_softmax(logits.float(), dim=-1)
        yield log_probs[:, 0].detach().numpy()
        nll_loss(log_probs.flatten(0, 1), targets.flatten()).backward()
        optimizer.clip(CLIP)
        warmth = min(1.0, (step + 1) / WARMUP)
        optimizer.step(options.lr * warmth * (1 - (1 - LAST_RATE) * step / len(starts)))
        state = after.detached()
        begins_B += size


def main() -> None:
    """Print the code lengths."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("file", type=Path)
    parser.add_argument("--bytes", type=int, help="read only the first bytes of the file")
    parser.add_argument("--hidden-size", type=int, default=256)
    parser.add_argument("--segment", type=int, default=32, help="bytes between two steps")
    parser.add_argument("--rows", type=int, default=8, help="rows of a batch; one reads the text")
    parser.add_argument("--bf16", action="store_true", help="compute in bfloat16")
    parser.add_argument("--lr", type=float, default=4e-3)
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    data = np.frombuffer(options.file.read_bytes()[: options.bytes], np.uint8)
    # Id 0 stands for the beginning of the text.
    alphabet, ids = np.unique(data, return_inverse=True)
    ids = np.concatenate([[0], ids + 1])
    network = Network(ModelConfig(len(alphabet) + 1, hidden_size=options.hidden_size))
    mixture = NgramMixture(ids, 1, len(alphabet) + 1)
    nats, read, shown = np.zeros(2), 0, 0
    began, cpu = time.perf_counter(), time.process_time()
    for segment_TV in online_log_probs(network, ids, options):
        for network_V in segment_TV:
            read += 1
            nats -= network_V[ids[read]], mixture.mix(network_V)[ids[read]]
        if read * 20 // len(data) > shown or read == len(data):
            shown = read * 20 // len(data)
            print(
                f"{read:,} bytes read: {_size(nats[0], read)} by the network alone, "
                f"{_size(nats[1], read)} with n-grams; {time.perf_counter() - began:.0f} s, "
                f"{time.process_time() - cpu:.0f} s of CPU",
                flush=True,
            )


def _size(nats: float, read: int) -> str:
    size = math.ceil(nats / math.log(2) / 8) + HEADER
    return f"{size:,} bytes ({8 * size / read:.4f} bits a byte)"


if __name__ == "__main__":
    main()
