"""The result of a measurement: figures, each with its spread and the bar that it has to reach."""

import statistics
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Bar:
    """A value that a figure has to reach."""

    limit: float
    most: bool = False

    def met_by(self, value: float) -> bool:
        """Return whether a value reaches the bar."""
        return value <= self.limit if self.most else value >= self.limit

    def __str__(self) -> str:
        return f"{'at most' if self.most else 'at least'} {self.limit:,g}"


def at_least(limit: float) -> Bar:
    """Return a bar that larger values reach."""
    return Bar(limit)


def at_most(limit: float) -> Bar:
    """Return a bar that smaller values reach."""
    return Bar(limit, most=True)


@dataclass(frozen=True)
class Figure:
    """One line of a table.

    Args:
        name: what was measured.
        where: the hardware: "1 thread", "2 threads", "cuda".
        samples: the figure of every repeat; the median counts. Empty if it could not be measured
            here; the name then gives the reason.
        unit: the unit of the samples.
        bar: the bar that the median has to reach, if any.
    """

    name: str
    where: str
    samples: Sequence[float]
    unit: str
    bar: Bar | None = None

    @property
    def value(self) -> float:
        """Return the median."""
        return statistics.median(self.samples)

    @property
    def met(self) -> bool | None:
        """Return whether the median reaches the bar; None without a bar."""
        return None if self.bar is None else self.bar.met_by(self.value)

    def cells(self) -> tuple[str, ...]:
        """Return the line as text, in the order of `HEADINGS`."""
        if not self.samples:
            return (self.name, *[""] * (len(HEADINGS) - 1))
        low, high = min(self.samples), max(self.samples)
        spread = f"{rounded(low)} to {rounded(high)}" if len(self.samples) > 1 else ""
        verdict = {None: "", True: "met", False: "MISSED"}[self.met]
        bar = "" if self.bar is None else str(self.bar)
        return (self.name, self.where, rounded(self.value), spread, self.unit, bar, verdict)


HEADINGS = ("figure", "on", "median", "spread", "unit", "bar", "")


def rounded(value: float) -> str:
    """Return a number with three significant digits, or all digits before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:#.3g}".rstrip(".") if value else "0"


def ratios(above: Sequence[float], below: Sequence[float]) -> list[float]:
    """Return the ratio of each pair: values of the same round were measured under the same load."""
    return [one / other for one, other in zip(above, below, strict=True)]
