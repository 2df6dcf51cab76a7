"""The bars of a tune as written: the music between two bar lines, and its duration."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from charnn.music.tune.tune import BarLine, Change, Ending, Meter, Note, Tune


@dataclass(frozen=True, slots=True)
class CountedBar:
    """A bar as written, full or not.

    Attributes:
        duration: the duration in quarter notes.
        meter: the meter in force at the first note.
        begins_part: whether the bar is the first one of a part.
        begins_ending: whether the bar is the first one of a variant ending.
        rest_bars: the number of bars of a multi-measure rest: 4 for `Z4`, 0 without such a rest.
        line, column: the position of the first note.
    """

    duration: Fraction
    meter: Meter
    begins_part: bool
    begins_ending: bool
    rest_bars: int
    line: int
    column: int

    @property
    def bars(self) -> int:
        """Return the number of bars that this bar counts as: 1, or those of its long rest."""
        return max(1, self.rest_bars)

    @property
    def too_short(self) -> bool:
        """Return whether the bar is shorter than its meter."""
        return self.duration < self.meter.bar

    @property
    def too_long(self) -> bool:
        """Return whether the bar lasts longer than `bars` full bars of the meter."""
        # In free meter (M:none, a bar of 0) no bar is too long.
        return bool(self.meter.bar) and self.duration > self.meter.bar * self.bars

    def completes(self, before: "CountedBar") -> bool:
        """Return whether this bar and the short bar `before` last at most one full bar."""
        return before.too_short and before.duration + self.duration <= before.meter.bar


def split_into_bars(tune: Tune) -> tuple[list[CountedBar], dict[int, int]]:
    """Return the bars of a tune, and the bar of each note.

    The second result maps the index of a note in `tune.music` to the index of its bar.
    """
    bars: list[CountedBar] = []
    bar_of_note: dict[int, int] = {}
    meter, inside, begins_part, begins_ending = tune.meter, False, True, False
    for index, element in enumerate(tune.music):
        if isinstance(element, Note):
            if not inside:
                where = element.line, element.column
                bars.append(CountedBar(Fraction(0), meter, begins_part, begins_ending, 0, *where))
                inside, begins_part, begins_ending = True, False, False
            # Z4 is a rest of four bars; X4 is one that is not printed (ABC 2.1, 4.5).
            rest_bars = int(element.length) if element.rest in ("Z", "X") else 0
            bars[-1] = replace(
                bars[-1],
                duration=bars[-1].duration + element.duration,
                rest_bars=bars[-1].rest_bars + rest_bars,
            )
            bar_of_note[index] = len(bars) - 1
        # A bar begins with its first note: two bar lines in a row enclose no bar.
        elif isinstance(element, BarLine):
            inside, begins_part = False, begins_part or element.section
        elif isinstance(element, Ending):
            inside, begins_ending = False, True
        elif isinstance(element, Change) and element.letter == "P":
            inside, begins_part = False, True
        elif isinstance(element, Change) and isinstance(element.value, Meter):
            meter = element.value
    return bars, bar_of_note


def total_bars(bars: Sequence[CountedBar]) -> int:
    """Return the number of bars as a musician counts them.

    Pick-ups do not count. If an ending begins inside a bar, the two pieces count as one bar.
    """
    # A short bar at the beginning of an ending continues the bar before the ending.
    pickups = sum(bar.too_short and bar.begins_part and not bar.begins_ending for bar in bars)
    continued = sum(
        after.begins_ending and not after.begins_part and after.completes(before)
        for before, after in pairwise(bars)
    )
    return sum(bar.bars for bar in bars) - pickups - continued
