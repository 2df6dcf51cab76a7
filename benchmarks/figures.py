"""What a measurement gives: figures, each with its spread and the bar that it is held to."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """What a figure has to reach."""

    limit: float
    most: bool = False

    def met_by(self, value: float) -> bool:
        """Whether the value reaches it."""
        return value <= self.limit if self.most else value >= self.limit

    def __str__(self) -> str:
        return f"{'at most' if self.most else 'at least'} {self.limit:,g}"


def at_least(limit: float) -> Bar:
    """The more, the better."""
    return Bar(limit)


def at_most(limit: float) -> Bar:
    """The less, the better."""
    return Bar(limit, most=True)


@dataclass(frozen=True)
class Figure:
    """One line of a table.

    Args:
        name: what was measured.
        where: on what: "1 thread", "2 threads", "cuda".
        samples: the figure of every repeat; the median counts. Empty for what could not be
            measured here, which the name then says.
        unit: of the samples.
        bar: what the median has to reach, if anything.
    """

    name: str
    where: str
    samples: Sequence[float]
    unit: str
    bar: Bar | None = None

    @property
    def value(self) -> float:
        """The median."""
        return statistics.median(self.samples)

    @property
    def met(self) -> bool | None:
        """Whether the bar is reached; None without one."""
        return None if self.bar is None else self.bar.met_by(self.value)

    def cells(self) -> tuple[str, ...]:
        """The line as words, in the order of `HEADINGS`."""
        if not self.samples:
            return (self.name, *[""] * (len(HEADINGS) - 1))
        low, high = min(self.samples), max(self.samples)
        spread = f"{rounded(low)} to {rounded(high)}" if len(self.samples) > 1 else ""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        bar = "" if self.bar is None else str(self.bar)
        return (self.name, self.where, rounded(self.value), spread, self.unit, bar, verdict)


HEADINGS = ("figure", "on", "median", "spread", "unit", "bar", "")


def rounded(value: float) -> str:
    """Three digits that count, or all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".") if value else "0"


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Pair by pair: what was measured in the same round shared the machine's mood."""
    return [one / other for one, other in zip(above, below, strict=True)]
