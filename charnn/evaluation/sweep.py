"""The loss over a held-out part: every token is scored once, with the state carried.

If a recurrent network starts each crop with an empty state, its loss is too high (by 0.03 nats/char
with crops of 256 characters, by 0.13 with crops of 64), and the mean over random crops is noisy. So
every token of the part is scored, from end to end (a sweep). `charnn.evaluation.scored_part` cuts
the part into rows.

Characters outside the vocabulary are read but not scored: no model can predict them, and each one
would cost as much as the chance of an id that training never shows.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from charnn.corpus.vocabulary import UNKNOWN
from charnn.evaluation.scored_part import CONTEXT, Part, Rows, whole_part
from charnn.model.network import Network
from charnn.model.network_state import NetworkState

# The number of tokens in one call of the network. It bounds the memory, and the loss is the same.
CHUNK = 8192
# The tokens of a row in one call of a network with a pointer, whose work grows with their square.
MAX_POINTED = 256
# The number of logits in memory at once, so a large vocabulary gets fewer tokens a call. Without
# this limit, validating with 100,000 different characters took 12 GB.
MAX_LOGITS = 1 << 24


def evaluate(
    network: Network, ids: NDArray[Any], start: int, characters: int | None = None
) -> float:
    """Return the mean loss over `ids[start:]`, in nats per character.

    Args:
        network: the network. Its mode (training or evaluation) is restored afterwards.
        ids: [N] the context, then the held-out part.
        start: the index of the first held-out token; at least 1, because each token is predicted
            from the one before it.
        characters: the number of scored characters; None if each token is one character.
    """
    losses = token_losses(network, ids, start)
    if characters is None:
        characters = int(np.count_nonzero(ids[start:] != UNKNOWN))
    return float(losses.sum(dtype=np.float64)) / characters


def sum_losses(
    network: Network,
    ids: NDArray[Any],
    part: Part,
    temperatures: Sequence[float] = (1.0,),
    should_stop: Callable[[int], bool] = lambda scored: False,
) -> NDArray[np.float64] | None:
    """Return the summed losses [K] of a part at K temperatures of the softmax, in nats.

    Args:
        network, ids: as in `evaluate`.
        part: the tokens to score.
        temperatures: K temperatures.
        should_stop: called after each chunk but the last with the number of tokens that it has
            scored; if it returns True, the sweep ends.

    Returns:
        The sums; None if `should_stop` has returned True.
    """
    totals, left = np.zeros(len(temperatures)), part.scored
    for positions_TB, losses in _sweep(network, ids, part, temperatures):
        # Summed in float32, the digits of small losses are lost beside a large total.
        totals += losses.sum(axis=(1, 2), dtype=np.float64)
        left -= positions_TB.size
        if left and should_stop(positions_TB.size):
            return None
    return totals


def token_losses(network: Network, ids: NDArray[Any], start: int) -> NDArray[np.float32]:
    """Return the losses of `ids[start:]`, [N - start] nats; `evaluate` describes the arguments.

    The loss of a character outside the vocabulary is 0.
    """
    return token_losses_at(network, ids, start, (1.0,)).reshape(-1)


def token_losses_at(
    network: Network, ids: NDArray[Any], start: int, temperatures: Sequence[float]
) -> NDArray[np.float32]:
    """Return the losses of `ids[start:]` at K temperatures, [K, N - start], as `token_losses`."""
    losses = np.empty((len(temperatures), len(ids) - start), np.float32)
    part = whole_part(start, len(ids))
    for positions_TB, chunk_losses in _sweep(network, ids, part, temperatures):
        losses[:, positions_TB - start] = chunk_losses
    return losses


def _sweep(
    network: Network, ids: NDArray[Any], part: Part, temperatures: Sequence[float]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield the positions of some tokens, [T, B], and their losses at K temperatures, [K, T, B].

    Each scored position is yielded exactly once.
    """
    was_training = network.training
    network.eval()
    try:
        for rows in part.groups:
            yield from _sweep_rows(network, ids, rows, temperatures)
    finally:
        network.train(was_training)


def _sweep_rows(
    network: Network, ids: NDArray[Any], rows: Rows, temperatures: Sequence[float]
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield positions and losses as `_sweep` does, for one group of rows."""
    # Rows run in step, so the first one, which has the fewest tokens before it, sets the context.
    context = min(CONTEXT, int(rows.starts.min()) - 1)
    state = network.initial_state(len(rows.starts))
    step = max(1, CHUNK // len(rows.starts))
    if network.pointer is not None:
        step = min(step, MAX_POINTED)
    for offset in range(-context, rows.length, step):
        offsets = np.arange(offset, min(offset + step, rows.length))
        positions_TB = rows.starts[None, :] + offsets[:, None]
        losses, state = segment_losses(network, ids, positions_TB, state, temperatures)
        scored = offsets >= 0
        yield positions_TB[scored], losses[:, scored]


@torch.no_grad()
def segment_losses(
    network: Network,
    ids: NDArray[Any],
    positions_TB: NDArray[np.int64],
    state: NetworkState,
    temperatures: Sequence[float] = (1.0,),
) -> tuple[NDArray[np.float32], NetworkState]:
    """Return the losses of the ids at some positions, and the hidden state after them.

    Args:
        network: the network, in evaluation mode.
        ids: [N] the text.
        positions_TB: the positions of the scored ids; each id is predicted from the id before it.
        state: the hidden state before the first position.
        temperatures: K temperatures of the softmax.

    Returns:
        The losses [K, T, B] in nats, 0 for characters outside the vocabulary, and the hidden state
        after the last position.
    """
    steps, rows = positions_TB.shape
    max_steps = max(1, MAX_LOGITS // (rows * len(network.head.weight)))
    parts = []
    for begin in range(0, steps, max_steps):
        part = positions_TB[begin : begin + max_steps]
        losses, state = _losses(network, ids, part, state, temperatures)
        parts.append(losses)
    return np.concatenate(parts, axis=1), state


def _losses(
    network: Network,
    ids: NDArray[Any],
    positions_TB: NDArray[np.int64],
    state: NetworkState,
    temperatures: Sequence[float],
) -> tuple[NDArray[np.float32], NetworkState]:
    device = network.head.weight.device
    inputs_TB = torch.from_numpy(ids[positions_TB - 1].astype(np.int64)).to(device)
    targets_TB = torch.from_numpy(ids[positions_TB].astype(np.int64)).to(device)
    if tuple(temperatures) == (1.0,):
        losses_TB, state = network.losses(inputs_TB, targets_TB, state)
        losses_TB = losses_TB.masked_fill(targets_TB == UNKNOWN, 0)
        return losses_TB[None].cpu().numpy(), state
    logits, state = network(inputs_TB, state)
    # float() because logits are bfloat16 under autocast, too coarse for a loss.
    logits, targets = logits.float().flatten(0, 1), targets_TB.flatten()
    losses = [
        cross_entropy(logits / temperature, targets, reduction="none", ignore_index=UNKNOWN)
        for temperature in temperatures
    ]
    return torch.stack(losses).view(-1, *targets_TB.shape).cpu().numpy(), state
