"""The bars of a tune as they are played.

Two successive short bars are one played bar if they fit into one bar of the meter: for example, the
short bar before a repeat sign and the pickup after the sign. The pickup at the beginning of the
tune is always a bar of its own. Any other bar is as short or as long as it is written.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from charnn.music.tune.tune import Meter


def beat_of(meter: Meter) -> Fraction:
    """Return the length of a beat in quarter notes.

    In compound meters, a beat is a dotted note: a dotted quarter note in 6/8.
    """
    return Fraction(12 if meter.compound else 4, meter.denominator)


@dataclass(frozen=True, slots=True)
class PlayedBar:
    """A bar as it is played; times are in quarter notes from the beginning.

    Attributes:
        onset: the time at which the bar begins.
        duration: the length of the bar.
        meter: the meter in force.
        closes: True if a part of the tune ends within the bar or at its end.
    """

    onset: Fraction
    duration: Fraction
    meter: Meter
    closes: bool

    @property
    def end(self) -> Fraction:
        """Return the time at which the next bar begins."""
        return self.onset + self.duration

    @property
    def origin(self) -> Fraction:
        """Return the time from which the beats of the bar count.

        The origin is the onset, except for the pickup at the beginning of the tune: a pickup is the
        end of a bar whose beginning is silent, so its origin lies before 0.
        """
        pickup = self.onset == 0 and self.duration < self.meter.bar
        return self.duration - self.meter.bar if pickup else self.onset

    @property
    def whole(self) -> bool:
        """Return whether the bar consists of full bars of its meter; always true in free meter."""
        return not self.meter.bar or self.duration % self.meter.bar == 0


@dataclass(frozen=True, slots=True)
class PassedBarLine:
    """A bar line, or a jump that counts as a bar line, at its time in a performance.

    Attributes:
        onset: the time in quarter notes from the beginning.
        section: whether a part ends or begins at the bar line.
    """

    onset: Fraction
    section: bool


def played_bars(
    lines: Sequence[PassedBarLine], meters: Sequence[tuple[Fraction, Meter]], duration: Fraction
) -> tuple[PlayedBar, ...]:
    """Return the bars of a performance.

    Args:
        lines: the bar lines, in the order of the performance.
        meters: pairs of an onset in quarter notes and the meter from there on; the first is at 0.
        duration: the length of the performance in quarter notes.
    """
    # The last part ends with the tune, whether or not a double bar stands there.
    part_ends = {line.onset for line in lines if line.section} | {duration}
    # A change of meter begins a bar even where ABC has no bar line.
    onsets = {line.onset for line in lines} | {onset for onset, _ in meters} | {Fraction(0)}
    starts = sorted(onset for onset in onsets if onset < duration)
    ends = [*starts[1:], duration]
    bars: list[PlayedBar] = []
    meter_index = 0
    for start, end in zip(starts, ends, strict=False):
        while meter_index + 1 < len(meters) and meters[meter_index + 1][0] <= start:
            meter_index += 1
        bar = PlayedBar(start, end - start, meters[meter_index][1], end in part_ends)
        if bars and _belong_together(bars[-1], bar):
            before = bars.pop()
            closes = before.closes or bar.closes
            bar = PlayedBar(before.onset, end - before.onset, bar.meter, closes)
        bars.append(bar)
    return tuple(bars)


def _belong_together(first: PlayedBar, second: PlayedBar) -> bool:
    """Return whether two successive bars together fit into one bar of their meter."""
    if not second.meter.bar or first.meter != second.meter:
        return False
    # The pickup at the beginning of the tune stands alone even if the next bar is short.
    return first.onset > 0 and first.duration + second.duration <= second.meter.bar
