"""The loss over a whole held-out part, every character once, with the state carried.

A recurrent network that must begin each crop with an empty state looks worse than it is (by 0.03
nats a character with crops of 256, by 0.13 with crops of 64), and a mean of random crops is noisy.
So the part is swept from end to end: a few rows side by side for speed, each of them first run
unscored over the characters before it, so that it begins with the state that one long row would
bring.

A network that has begun to learn its text by heart is too sure of itself on any other: the
temperature of its softmax, fitted on the held-out part, mends that (Guo et al. 2017, "On
calibration of modern neural networks").
"""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from charnn.model.kernels import HiddenState
from charnn.model.network import Network

ROWS = 64
CONTEXT = 256
# Characters that go through the network at once; it bounds the memory, not the result.
CHUNK = 8192
# Scores that are held at once: of a large vocabulary, fewer characters have so many.
MOST_SCORES = 1 << 24
# To be tried; the best lies between them.
TEMPERATURES = tuple(float(1 / inverse) for inverse in np.linspace(0.6, 1.32, 10))
# Of fewer symbols, chance would decide on it.
LEAST_FITTED = 1000


def protocol(scored: int, start: int) -> str:
    """In words, how `evaluate` measures `scored` symbols that begin at `start`: to be shown with
    every figure."""
    rows = _rows(scored, start)
    return f"whole sweep, every character once, state carried ({rows} row{'s' * (rows > 1)})"


def fitted_sweep_protocol(scored: int, start: int) -> str:
    """The same of `fit_temperature`."""
    fitted = ", temperature of the softmax fitted" if scored >= LEAST_FITTED else ""
    return protocol(scored, start) + fitted


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
    total = sum(losses[0].sum(dtype=np.float64) for _, losses in _sweep(network, ids, start))
    return float(total) / (len(ids) - start if characters is None else characters)


def fit_temperature(
    network: Network,
    ids: NDArray[Any],
    start: int,
    characters: int | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> tuple[float, float] | None:
    """The temperature of the softmax with the lowest loss, and that loss; see `evaluate`. Of a
    part too short for that it is 1; of a network whose losses are no numbers too, and the loss nan.

    None if it was to stop, for which it asks again and again.
    """
    scored = len(ids) - start
    if scored < LEAST_FITTED:
        return 1.0, evaluate(network, ids, start, characters)
    totals = np.zeros(len(TEMPERATURES))
    for _, losses in _sweep(network, ids, start, TEMPERATURES):
        totals += losses.sum(axis=(1, 2), dtype=np.float64)
        if should_stop():
            return None
    if not np.isfinite(totals).all():
        return 1.0, float("nan")
    # As a function of 1 / temperature the loss is convex, and nearly a parabola near its least.
    inverse = 1 / np.array(TEMPERATURES)
    best = min(max(int(totals.argmin()), 1), len(totals) - 2)
    parabola = np.polyfit(inverse[best - 1 : best + 2], totals[best - 1 : best + 2], 2)
    bend, slope, _ = parabola
    # There is none where nothing is lost at any temperature, as of a text of a single character.
    lowest = np.clip(-slope / (2 * bend), inverse.min(), inverse.max()) if bend > 0 else 1.0
    total = float(np.polyval(parabola, lowest))
    return float(1 / lowest), total / (scored if characters is None else characters)


def token_losses(network: Network, ids: NDArray[Any], start: int) -> NDArray[np.float32]:
    """The loss of every one of `ids[start:]`, [N - start] nats; see `evaluate`."""
    losses = np.empty(len(ids) - start, np.float32)
    for positions, some in _sweep(network, ids, start):
        losses[positions - start] = some[0]
    return losses


def _rows(count: int, start: int) -> int:
    """So few that the unscored context stays a small part of the work; and a single one where the
    first row has no full context, since all run the same number of steps."""
    if start <= CONTEXT:
        return 1
    return max(1, min(ROWS, count // (4 * CONTEXT)))


def _sweep(
    network: Network, ids: NDArray[Any], start: int, temperatures: Sequence[float] = (1.0,)
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """Yield some positions at a time, each once, [T, B], and their losses at each of the
    temperatures, [K, T, B]."""
    was_training = network.training
    network.eval()
    count = len(ids) - start
    rows = _rows(count, start)
    length = count // rows
    try:
        begins = start + length * np.arange(rows)
        yield from _sweep_rows(network, ids, begins, length, temperatures)
        if remainder := count - rows * length:
            begins = np.array([len(ids) - remainder])
            yield from _sweep_rows(network, ids, begins, remainder, temperatures)
    finally:
        network.train(was_training)


def _sweep_rows(
    network: Network,
    ids: NDArray[Any],
    begins: NDArray[np.int64],
    length: int,
    temperatures: Sequence[float],
) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float32]]]:
    """The same of `length` characters from each of `begins`."""
    # All rows need the same number of steps: the one with the least before it sets the context.
    context = min(CONTEXT, int(begins.min()) - 1)
    state = network.initial_state(len(begins))
    step = max(1, CHUNK // len(begins))
    for offset in range(-context, length, step):
        offsets = np.arange(offset, min(offset + step, length))
        positions = begins[None, :] + offsets[:, None]
        losses, state = segment_losses(network, ids, positions, state, temperatures)
        scored = offsets >= 0
        yield positions[scored], losses[:, scored]


@torch.no_grad()
def segment_losses(
    network: Network,
    ids: NDArray[Any],
    positions_TB: NDArray[np.int64],
    state: list[HiddenState],
    temperatures: Sequence[float] = (1.0,),
) -> tuple[NDArray[np.float32], list[HiddenState]]:
    """The loss of the ids at some positions, each predicted from the one before it, at each of K
    temperatures of the softmax: [K, T, B] nats; and the state after them."""
    steps, rows = positions_TB.shape
    at_once = max(1, MOST_SCORES // (rows * len(network.head.weight)))
    parts = []
    for begin in range(0, steps, at_once):
        part = positions_TB[begin : begin + at_once]
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
    inputs = torch.from_numpy(ids[positions_TB - 1].astype(np.int64)).to(device)
    targets = torch.from_numpy(ids[positions_TB].astype(np.int64)).to(device)
    logits, state = network(inputs, state)
    logits, expected = logits.float().flatten(0, 1), targets.flatten()
    losses = [cross_entropy(logits / one, expected, reduction="none") for one in temperatures]
    return torch.stack(losses).view(-1, *targets.shape).cpu().numpy(), state
