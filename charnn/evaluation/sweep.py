"""The loss over a whole held-out part: every token is scored once, with the state carried.

If a recurrent network starts each crop with an empty state, its loss is too high (by 0.03 nats/char
with crops of 256 characters, by 0.13 with crops of 64), and the mean over random crops is noisy. So
every token of the part is scored, from end to end (a sweep). For speed, the part is cut into a few
rows that run side by side. Each row first reads the tokens before it without scoring them, so that
its state is nearly that of a single long row.

A network that overfits is overconfident on any other text. Dividing its logits by a temperature
that is fitted on the held-out part corrects that (Guo et al. 2017, "On calibration of modern neural
networks").
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from charnn.model.network import Network
from charnn.model.plain_layer import HiddenState

MAX_ROWS = 64
# Tokens that a row reads before its first scored one.
CONTEXT = 256
# The number of tokens in one call of the network. It bounds the memory, and the loss is the same.
CHUNK = 8192
# The number of logits in memory at once, so a large vocabulary gets fewer tokens a call. Without
# this limit, validating with 100,000 different characters took 12 GB.
MAX_LOGITS = 1 << 24
# The temperatures that are tried; the optimum is interpolated. The inverses are evenly spaced,
# because the loss is convex in the inverse temperature.
TEMPERATURES = tuple(float(1 / inverse) for inverse in np.linspace(0.6, 1.32, 10))
# With fewer scored tokens, chance would decide on the temperature.
MIN_TOKENS_TO_FIT = 1000


def sweep_protocol(scored: int, start: int) -> str:
    """Return the description of a sweep, which is shown with every figure.

    Args:
        scored: the number of scored tokens.
        start: the index of the first scored token.
    """
    rows = _row_count(scored, start)
    return f"whole sweep, every character once, state carried ({rows} row{'s' * (rows > 1)})"


def fitted_sweep_protocol(scored: int, start: int) -> str:
    """Return the description of a sweep whose softmax temperature `fit_temperature` has fitted."""
    fitted = ", temperature of the softmax fitted" if scored >= MIN_TOKENS_TO_FIT else ""
    return sweep_protocol(scored, start) + fitted


def evaluate(
    network: Network, ids: NDArray[Any], start: int, characters: int | None = None
) -> float:
    """Return the mean loss over `ids[start:]`, in nats per character, summed in float64.

    Args:
        network: the network. Its mode (training or evaluation) is restored afterwards.
        ids: [N] the context, then the held-out part.
        start: the index of the first held-out token; at least 1, because each token is predicted
            from the one before it.
        characters: the number of characters in the part; None if each token is one character.
    """
    total = sum(losses[0].sum(dtype=np.float64) for _, losses in _sweep(network, ids, start))
    return float(total) / (len(ids) - start if characters is None else characters)


def fit_temperature(
    network: Network,
    ids: NDArray[Any],
    start: int,
    characters: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[float, float] | None:
    """Return the softmax temperature that minimises the loss, and the loss at that temperature.

    Args:
        network, ids, start, characters: as in `evaluate`.
        should_stop: called after each chunk; if it returns True, the sweep stops.

    Returns:
        The temperature and the loss in nats per character; None after a stop. If the part is too
        short to fit a temperature, the temperature is 1. If a loss is not finite, the temperature
        is 1 and the loss is nan.
    """
    scored = len(ids) - start
    if scored < MIN_TOKENS_TO_FIT:
        return 1.0, evaluate(network, ids, start, characters)
    totals = np.zeros(len(TEMPERATURES))
    for _, losses in _sweep(network, ids, start, TEMPERATURES):
        totals += losses.sum(axis=(1, 2), dtype=np.float64)
        if should_stop():
            return None
    if not np.isfinite(totals).all():
        return 1.0, float("nan")
    # In 1 / temperature the loss is convex, and nearly a parabola around its minimum: take the
    # parabola through the three best points.
    inverse = 1 / np.array(TEMPERATURES)
    best = min(max(int(totals.argmin()), 1), len(totals) - 2)
    parabola = np.polyfit(inverse[best - 1 : best + 2], totals[best - 1 : best + 2], 2)
    curvature, slope, _ = parabola
    # The curvature is 0 where every temperature has the loss 0, as in a text of one character.
    lowest = (
        np.clip(-slope / (2 * curvature), inverse.min(), inverse.max()) if curvature > 0 else 1.0
    )
    total = float(np.polyval(parabola, lowest))
    return float(1 / lowest), total / (scored if characters is None else characters)


def token_losses(network: Network, ids: NDArray[Any], start: int) -> NDArray[np.float32]:
    """Return the losses of `ids[start:]`, [N - start] nats; `evaluate` describes the arguments."""
    losses = np.empty(len(ids) - start, np.float32)
    for positions_TB, chunk_losses in _sweep(network, ids, start):
        losses[positions_TB - start] = chunk_losses[0]
    return losses


def _row_count(scored: int, start: int) -> int:
    """Return the number of rows that run side by side.

    A row is at least four times as long as its unscored context, so the context is a small part of
    the work. If the first row has less than a full context, there is only one row, because all rows
    read the same number of context tokens.
    """
    if start <= CONTEXT:
        return 1
    return max(1, min(MAX_ROWS, scored // (4 * CONTEXT)))


def _sweep(
    network: Network, ids: NDArray[Any], start: int, temperatures: Sequence[float] = (1.0,)
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield the positions of some tokens, [T, B], and their losses at K temperatures, [K, T, B].

    Each scored position is yielded exactly once.
    """
    was_training = network.training
    network.eval()
    scored = len(ids) - start
    rows = _row_count(scored, start)
    length = scored // rows
    try:
        row_starts = start + length * np.arange(rows)
        yield from _sweep_rows(network, ids, row_starts, length, temperatures)
        if remainder := scored - rows * length:
            row_starts = np.array([len(ids) - remainder])
            yield from _sweep_rows(network, ids, row_starts, remainder, temperatures)
    finally:
        network.train(was_training)


def _sweep_rows(
    network: Network,
    ids: NDArray[Any],
    row_starts: NDArray[np.int64],
    length: int,
    temperatures: Sequence[float],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield positions and losses as `_sweep` does, for one set of rows.

    Each row has `length` scored tokens. `row_starts` has the index of its first one.
    """
    # Rows run in step, so the first one, which has the fewest tokens before it, sets the context.
    context = min(CONTEXT, int(row_starts.min()) - 1)
    state = network.initial_state(len(row_starts))
    step = max(1, CHUNK // len(row_starts))
    for offset in range(-context, length, step):
        offsets = np.arange(offset, min(offset + step, length))
        positions_TB = row_starts[None, :] + offsets[:, None]
        losses, state = segment_losses(network, ids, positions_TB, state, temperatures)
        scored = offsets >= 0
        yield positions_TB[scored], losses[:, scored]


@torch.no_grad()
def segment_losses(
    network: Network,
    ids: NDArray[Any],
    positions_TB: NDArray[np.int64],
    state: list[HiddenState],
    temperatures: Sequence[float] = (1.0,),
) -> tuple[NDArray[np.float32], list[HiddenState]]:
    """Return the losses of the ids at some positions, and the hidden state after them.

    Args:
        network: the network, in evaluation mode.
        ids: [N] the text.
        positions_TB: the positions of the scored ids; each id is predicted from the id before it.
        state: the hidden state before the first position.
        temperatures: K temperatures of the softmax.

    Returns:
        The losses [K, T, B] in nats, and the hidden state after the last position.
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
    state: list[HiddenState],
    temperatures: Sequence[float],
) -> tuple[NDArray[np.float32], list[HiddenState]]:
    device = network.head.weight.device
    inputs_TB = torch.from_numpy(ids[positions_TB - 1].astype(np.int64)).to(device)
    targets_TB = torch.from_numpy(ids[positions_TB].astype(np.int64)).to(device)
    logits, state = network(inputs_TB, state)
    # float() because logits are bfloat16 under autocast, too coarse for a loss.
    logits, targets = logits.float().flatten(0, 1), targets_TB.flatten()
    losses = [
        cross_entropy(logits / temperature, targets, reduction="none")
        for temperature in temperatures
    ]
    return torch.stack(losses).view(-1, *targets_TB.shape).cpu().numpy(), state
