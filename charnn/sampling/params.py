"""The options that decide how the next token is drawn, validated once."""

from dataclasses import dataclass

from charnn.errors import UsageError

# Larger than any vocabulary; a Python int without limit would not fit into numba's int64.
_KEEP_ALL = 2**62


@dataclass(frozen=True)
class SamplingParams:
    """The temperature and the truncations of a draw, applied in this order.

    Every draw takes one random number, whatever the options are. So if an option changes a little
    and the seed stays the same, the text also stays the same up to the first token that the change
    affects.

    Args:
        temperature: the number that divides the logits: below 1 gives safer text, above 1 wilder
            text; 0 always draws the likeliest token. With a pointer, it divides the logits of the
            softmax and of the copies separately.
        top_k: keep only the k likeliest tokens (Fan et al. 2018); 0 keeps all.
        top_p: keep the likeliest tokens that together have at least this probability (nucleus
            sampling, Holtzman et al. 2020); 1 keeps all.
        min_p: keep the tokens at least this likely relative to the likeliest (Nguyen et al. 2024);
            0 keeps all.

    Raises:
        UsageError: a value is out of range.
    """

    temperature: float = 0.8
    top_k: int = 0
    top_p: float = 1.0
    min_p: float = 0.0

    def __post_init__(self) -> None:
        # A temperature between 0 and 0.01 draws like 0, but the quotient could overflow.
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
    def arguments(self) -> tuple[float, int, float, float]:
        """Return the options in the order in which `logits.draw_token` takes them."""
        # Always of the same types: numba compiles a function anew for every combination of types.
        return (
            float(self.temperature),
            min(self.top_k, _KEEP_ALL),
            float(self.top_p),
            float(self.min_p),
        )

    @property
    def truncates(self) -> bool:
        """Return whether top-k, top-p or min-p may remove tokens."""
        return self.top_k > 0 or self.top_p < 1 or self.min_p > 0
