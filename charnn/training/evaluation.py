"""The loss over a whole held-out part, every character once, with the state carried.

A recurrent network that must begin each crop with an empty state looks worse than it is (by 0.03
nats a character with crops of 256, by 0.13 with crops of 64), and a mean of random crops is noisy.
So the part is swept from end to end: a few rows side by side for speed, each of them first run
unscored over the characters before it, so that it begins with the state that one long row would
bring.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from charnn.model.network import Network

ROWS = 64
CONTEXT = 256
# Characters that go through the network at once; it bounds the memory, not the result.
CHUNK = 8192


def protocol(scored: int, start: int) -> str:
    """In words, how `evaluate` measures `scored` symbols that begin at `start`: to be shown with
    every figure."""
    rows = _rows(scored, start)
    return f"whole sweep, every character once, state carried ({rows} row{'s' * (rows > 1)})"


@torch.no_grad()
def evaluate(
    network: Network, ids: NDArray[Any], start: int, characters: int | None = None
) -> float:
    """Mean loss over `ids[start:]`, nats a character, summed in float64.

    Args:
        network: in whatever mode; it is left in the same. Its training state is not touched.
        ids: [N] the held-out part, with what lies before it as context.
        start: where the held-out part begins; at least 1, so that its first character, too, is
            predicted from something.
        characters: how many those ids stand for; None where each is one character.
    """
    was_training = network.training
    network.eval()
    count = len(ids) - start
    rows = _rows(count, start)
    length = count // rows
    begins = start + length * np.arange(rows)
    total = _sweep(network, ids, begins, length, start)
    remainder = count - rows * length
    if remainder:
        total += _sweep(network, ids, np.array([len(ids) - remainder]), remainder, start)
    network.train(was_training)
    return total / (count if characters is None else characters)


def _rows(count: int, start: int) -> int:
    """So few that the unscored context stays a small part of the work; and a single one where the
    first row has no full context, since all run the same number of steps."""
    if start <= CONTEXT:
        return 1
    return max(1, min(ROWS, count // (4 * CONTEXT)))


def _sweep(
    network: Network, ids: NDArray[Any], begins: NDArray[np.int64], length: int, start: int
) -> float:
    """Summed loss of `length` characters from each of `begins`."""
    device = network.head.weight.device
    # All rows need the same number of steps: the one with the least before it sets the context.
    context = min(CONTEXT, int(begins.min()) - 1)
    state = network.initial_state(len(begins))
    step = max(1, CHUNK // len(begins))
    total = 0.0
    for offset in range(-context, length, step):
        offsets = np.arange(offset, min(offset + step, length))
        positions = begins[None, :] + offsets[:, None]
        inputs = torch.from_numpy(ids[positions - 1].astype(np.int64)).to(device)
        targets = torch.from_numpy(ids[positions].astype(np.int64)).to(device)
        scores, state = network(inputs, state)
        scored = offsets >= 0
        if scored.any():
            first = int(scored.argmax())
            losses = cross_entropy(
                scores[first:].float().flatten(0, 1), targets[first:].flatten(), reduction="none"
            )
            total += losses.cpu().double().sum().item()
    return total
