"""From the scores of all symbols to the next one: temperature, the three truncations, the draw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charnn.errors import UsageError

# A hair below 1: a number drawn below 1, times a sum, must stay below the sum when it is rounded.
_BELOW_ONE = 1 - 2**-52


@dataclass(frozen=True)
class Choice:
    """How the next symbol is chosen.

    Args:
        temperature: divides the scores: below 1 safer, above 1 wilder, 0 always the likeliest.
        top_k: keep only the k likeliest symbols; 0 keeps all.
        top_p: keep the likeliest symbols that together have at least this probability (nucleus
            sampling, Holtzman et al. 2020); 1 keeps all.
        min_p: keep symbols at least this likely compared with the likeliest (Nguyen et al. 2024);
            0 keeps all.

    The truncations look at the probabilities after the temperature, in the order above.

    Raises:
        UsageError: a value is out of range.
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        # A temperature between 0 and 0.01 is a slip: it is 0 to any eye, but overflows.
        if self.temperature != 0 and not 0.01 <= self.temperature <= 100:
            raise UsageError(
                f"--temperature must be 0 or lie in 0.01..100, not {self.temperature:g}"
            )
        if self.top_k < 0:
            raise UsageError(f"--top-k must be at least 0, not {self.top_k}")
        if not 0 < self.top_p <= 1:
            raise UsageError(f"--top-p must be above 0 and at most 1, not {self.top_p:g}")
        if not 0 <= self.min_p <= 1:
            raise UsageError(f"--min-p must lie in 0..1, not {self.min_p:g}")

    def draw(
        self, scores_BV: NDArray[np.float32], numbers_B: NDArray[np.float64]
    ) -> NDArray[np.int64]:
        """The next symbol [B] of each of some texts; none depends on the other texts.

        Args:
            scores_BV: logits; minus infinity forbids a symbol.
            numbers_B: random numbers in [0, 1). Each symbol takes one, whatever the options, so
                that with the same seed a small change of an option changes the text only from
                where it makes a difference.
        """
        if self.temperature == 0:
            likeliest: NDArray[np.int64] = scores_BV.argmax(axis=1)
            return likeliest
        cumulative = self.weights(scores_BV).cumsum(axis=1)
        points = numbers_B * (cumulative[:, -1] * _BELOW_ONE)
        drawn: NDArray[np.int64] = (cumulative <= points[:, None]).sum(axis=1)
        return drawn

    def weights(self, scores_BV: NDArray[np.float32]) -> NDArray[np.float64]:
        """What the symbols [B, V] are drawn by, in proportion, for a temperature above 0."""
        scaled = (scores_BV - scores_BV.max(axis=1, keepdims=True)) * np.float64(
            1 / self.temperature
        )
        weights: NDArray[np.float64] = np.exp(scaled, out=scaled)
        # Each truncation is a least weight. Symbols that are equally likely stay or go together.
        if 0 < self.top_k < weights.shape[1]:
            place = weights.shape[1] - self.top_k
            weights[weights < np.partition(weights, place, axis=1)[:, place, None]] = 0
        if self.top_p < 1:
            rising = np.sort(weights, axis=1)
            below = rising.cumsum(axis=1)
            # All that can go without taking more than the rest of the probability.
            spare = (1 - self.top_p) * below[:, -1:]
            first = np.minimum((below <= spare).sum(axis=1), weights.shape[1] - 1)
            weights[weights < rising[np.arange(len(rising)), first, None]] = 0
        if self.min_p > 0:
            weights[weights < self.min_p * weights.max(axis=1, keepdims=True)] = 0
        return weights
