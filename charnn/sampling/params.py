"""How the next symbol is chosen: the options, validated once."""

from dataclasses import dataclass

from charnn.errors import UsageError

# More symbols than there are; numba's numbers end somewhere.
_ALL = 2**62


@dataclass(frozen=True)
class SamplingParams:
    """How the next symbol is chosen.

    Args:
        temperature: divides the scores: below 1 safer, above 1 wilder, 0 always the likeliest.
        top_k: keep only the k likeliest symbols; 0 keeps all.
        top_p: keep the likeliest symbols that together have at least this probability (nucleus
            sampling, Holtzman et al. 2020); 1 keeps all.
        min_p: keep symbols at least this likely compared with the likeliest (Nguyen et al. 2024);
            0 keeps all.

    The truncations look at the probabilities after the temperature, in the order above. Each draw
    takes one random number, whatever the options, so that with the same seed a small change of an
    option changes the text only from where it makes a difference.

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

    @property
    def options(self) -> tuple[float, int, float, float]:
        """As the functions of `charnn.sampling.logits` take them."""
        # Of one type each, whatever the user has written: numba compiles for types.
        return (
            float(self.temperature),
            min(self.top_k, _ALL),
            float(self.top_p),
            float(self.min_p),
        )

    @property
    def truncates(self) -> bool:
        """Whether some symbols are cut off."""
        return self.top_k > 0 or self.top_p < 1 or self.min_p > 0
