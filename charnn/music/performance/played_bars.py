"""The bars of a tune as they are played.

A pickup and the short bar that makes room for it are one bar when a repeat joins them; where no
partner is found, a bar is as short (or long) as it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from charnn.music.tune.tune import Meter


def beat_of(meter: Meter) -> Fraction:
    """The beat of a meter, in quarter notes: three of its units where beats fall in threes."""
    return Fraction(12 if meter.compound else 4, meter.denominator)


@dataclass(frozen=True, slots=True)
class PlayedBar:
    """A bar as played, times in quarter notes.

    Attributes:
        onset: when it begins.
        duration: how long it is.
        meter: what is in force.
        closes: whether a part of the tune ends within it or with it.
    """

    onset: Fraction
    duration: Fraction
    meter: Meter
    closes: bool

    @property
    def end(self) -> Fraction:
        """When the next one begins."""
        return self.onset + self.duration

    @property
    def origin(self) -> Fraction:
        """Where its beats count from: its onset, but the tune's own pickup is the end of a bar."""
        pickup = self.onset == 0 and self.duration < self.meter.bar
        return self.duration - self.meter.bar if pickup else self.onset

    @property
    def whole(self) -> bool:
        """Whether it fills its meter, once or several times; any bar does in free meter."""
        return not self.meter.bar or self.duration % self.meter.bar == 0


@dataclass(frozen=True, slots=True)
class Line:
    """A bar line that is passed at `onset`; `section` if a part of the tune ends there."""

    onset: Fraction
    section: bool


def measures(
    lines: Sequence[Line], meters: Sequence[tuple[Fraction, Meter]], duration: Fraction
) -> tuple[PlayedBar, ...]:
    """The bars of a performance.

    Args:
        lines: the bar lines passed, in time.
        meters: each meter with the onset it counts from, the first at 0.
        duration: of it all.
    """
    closing = {line.onset for line in lines if line.section} | {duration}
    onsets = {line.onset for line in lines} | {onset for onset, _ in meters} | {Fraction(0)}
    starts = sorted(onset for onset in onsets if onset < duration)
    ends = [*starts[1:], duration]
    found: list[PlayedBar] = []
    place = 0  # of the meter in force
    for start, end in zip(starts, ends, strict=False):
        while place + 1 < len(meters) and meters[place + 1][0] <= start:
            place += 1
        bar = PlayedBar(start, end - start, meters[place][1], end in closing)
        if found and _belong_together(found[-1], bar):
            before = found.pop()
            closes = before.closes or bar.closes
            bar = PlayedBar(before.onset, end - before.onset, bar.meter, closes)
        found.append(bar)
    return tuple(found)


def _belong_together(first: PlayedBar, second: PlayedBar) -> bool:
    """Whether two short bars make one, or the beginning of one."""
    if not second.meter.bar or first.meter != second.meter:
        return False
    # The tune's own pickup stands alone even if the bar behind it is short.
    return first.onset > 0 and first.duration + second.duration <= second.meter.bar
