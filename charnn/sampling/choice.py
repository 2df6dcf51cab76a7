"""From the scores of all symbols to the next one: temperature, the three truncations, the draw."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charnn.errors import UsageError


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

    def draw(self, scores: NDArray[np.floating], random: np.random.Generator) -> int:
        """The next symbol's id.

        Args:
            scores: [V] logits; minus infinity forbids a symbol.
            random: one number is drawn from it for every symbol, whatever the options, so that
                with the same seed a small change of an option changes the text only from where it
                makes a difference.
        """
        number = random.random()
        if self.temperature == 0:
            return int(np.argmax(scores))
        cumulative = np.cumsum(self.probabilities(scores))
        # The sum may end a hair beside 1; staying below it keeps the draw in range.
        point = min(number * cumulative[-1], np.nextafter(cumulative[-1], 0))
        return int(np.searchsorted(cumulative, point, side="right"))

    def probabilities(self, scores: NDArray[np.floating]) -> NDArray[np.float64]:
        """The distribution [V] that is drawn from, for a temperature above 0."""
        scaled = scores.astype(np.float64) / self.temperature
        weights = np.exp(scaled - scaled.max())
        if 0 < self.top_k < len(weights):
            weights[np.argsort(-weights, kind="stable")[self.top_k :]] = 0
        if self.top_p < 1:
            order = np.argsort(-weights, kind="stable")
            before = np.cumsum(weights[order]) - weights[order]
            weights[order[before >= self.top_p * weights.sum()]] = 0
        if self.min_p > 0:
            weights[weights < self.min_p * weights.max()] = 0
        result: NDArray[np.float64] = weights / weights.sum()
        return result
