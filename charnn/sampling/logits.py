"""From the scores of all symbols to the next one: temperature, the three truncations, the draw.

Plain arithmetic for arrays, as in `charnn.model.activations` and for the same reason: compiled by
`charnn.sampling.numba_decoder`, the same lines draw the same symbols.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# e ** x counts as 0 below this.
_END = -700.0
# A hair below 1: a number drawn below 1, times a sum, must stay below the sum when it is rounded.
_BELOW_ONE = 1 - 2**-52


def exponential(x: Any) -> Any:
    """e ** x for x <= 0: the first terms of its series for x / 4096, twelve times squared.

    Down to -60, which is any symbol that is ever drawn, it is within 1e-10 of itself.
    """
    y = np.maximum(x, _END) / 4096
    p = 1 + y * (1 + y * (1 / 2 + y * (1 / 6 + y * (1 / 24 + y / 120))))
    for _ in range(12):
        p = p * p
    return np.where(x > _END, p, 0.0)


def weights(
    logits_V: NDArray[np.float32], temperature: float, top_k: int, top_p: float, min_p: float
) -> NDArray[np.float64]:
    """What the symbols are drawn by, in proportion, [V], for a temperature above 0.

    Each truncation is a least weight: symbols that are equally likely stay or go together.
    """
    weights: NDArray[np.float64]
    weights = exponential((logits_V - logits_V.max()).astype(np.float64) / temperature)
    count = len(weights)
    if 0 < top_k < count:
        weights = np.where(weights < np.sort(weights)[count - top_k], 0.0, weights)
    if top_p < 1:
        rising = np.sort(weights)
        below = np.cumsum(rising)
        # All go that can without taking more than the rest of the probability.
        first = np.searchsorted(below, (1 - top_p) * below[-1], side="right")
        weights = np.where(weights < rising[min(first, count - 1)], 0.0, weights)
    if min_p > 0:
        weights = np.where(weights < min_p * weights.max(), 0.0, weights)
    return weights


def draw(
    logits_V: NDArray[np.float32],
    number: float,
    temperature: float,
    top_k: int,
    top_p: float,
    min_p: float,
) -> Any:
    """The symbol that a random number in [0, 1) stands for."""
    if temperature == 0:
        return np.argmax(logits_V)
    cumulative = np.cumsum(weights(logits_V, temperature, top_k, top_p, min_p))
    return np.searchsorted(cumulative, number * (cumulative[-1] * _BELOW_ONE), side="right")
