"""The bars of a tune as written, each with the place of its first note in a full bar.

A full bar begins on the first beat. A short bar may be:

- a pick-up, which ends on a bar line: its beats count backwards from there;
- the first bar of a variant ending that begins in mid-bar: it continues the bar before the endings;
- any other one, which lacks its end, so it begins on the first beat.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

from charnn.music.tune.tune import BarLine, Change, Ending, Meter, Note, Tune

_START = Fraction(0)


@dataclass(frozen=True, slots=True)
class BarOnBeat:
    """A bar as written, or the part of a bar up to a variant ending.

    Attributes:
        notes: the indices of its notes in `tune.music`.
        duration: the duration in quarter notes.
        meter: the meter at its end.
        onset: the place of its first note, in quarter notes from the beginning of a full bar.
    """

    notes: tuple[int, ...]
    duration: Fraction
    meter: Meter
    onset: Fraction


def bars_on_beat(tune: Tune) -> Iterator[BarOnBeat]:
    """Yield the bars of a tune that have notes, in the order written."""
    walk = _Walk(tune.meter)
    for index, element in enumerate([*tune.music, None]):  # None: the end of the tune
        if isinstance(element, Note):
            walk.notes.append(index)
            walk.duration += element.duration
        elif isinstance(element, Change) and isinstance(element.value, Meter):
            walk.meter = element.value
        elif isinstance(element, Change) and element.letter == "P" and not walk.notes:
            walk.begins_part = True
        elif isinstance(element, BarLine | Ending) or element is None:
            if walk.notes:
                yield walk.finish_bar(element)
            if isinstance(element, Ending):
                walk.begin_ending()
            elif element is not None:
                walk.begins_part = walk.begins_part or element.section


class _Walk:
    """A walk over the elements: the bar so far, and what came before it."""

    def __init__(self, meter: Meter) -> None:
        self.meter = meter
        self.notes: list[int] = []
        self.duration = _START
        self.begins_part = True
        self._begins_ending = False
        self._in_endings = False  # whether the bar before belongs to a variant ending
        # The end of the bar before, and of the bar before the endings, if that bar is short.
        self._end_before = self._end_before_endings = _START

    def begin_ending(self) -> None:
        """Begin a variant ending: every ending of a repeat continues the bar before the first."""
        if not self._in_endings:
            self._end_before_endings = self._end_before
        self._begins_ending = True

    def finish_bar(self, closing: BarLine | Ending | None) -> BarOnBeat:
        """Return the bar that ends with an element, and begin the next one."""
        onset = self._onset(closing)
        bar = BarOnBeat(tuple(self.notes), self.duration, self.meter, onset)
        end = onset + self.duration
        self._end_before = end if end < self.meter.bar else _START
        self._in_endings = self._begins_ending or (self._in_endings and not self.begins_part)
        self.notes, self.duration = [], _START
        self.begins_part = self._begins_ending = False
        return bar

    def _onset(self, closing: BarLine | Ending | None) -> Fraction:
        bar, duration = self.meter.bar, self.duration
        if self._begins_ending:
            continues = self._end_before_endings + duration <= bar
            return self._end_before_endings if continues else _START
        # The last bar of a part lacks its end, even if it is the only one.
        ends_part = not isinstance(closing, BarLine) or closing.ends or closing.text[-1:] == "]"
        is_pickup = self.begins_part and duration < bar and not ends_part
        return bar - duration if is_pickup else _START
