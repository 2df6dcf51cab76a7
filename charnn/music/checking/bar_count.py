"""Counting the bars and parts of a tune.

The count uses the `Tune` that was read, exact fractions, and the playing order. It shares no code
with the grammar that keeps bars whole while a model generates (`charnn.music.grammar`), so it is an
independent test of the grammar.
"""

from dataclasses import dataclass

from charnn.music.checking.bars import CountedBar, split_into_bars, total_bars
from charnn.music.checking.parts import (
    Part,
    PartGap,
    bars_as_played,
    find_gaps,
    list_parts,
    split_into_passes,
)
from charnn.music.tune.tune import Tune


@dataclass(frozen=True, slots=True)
class BarCount:
    """A count of the bars and parts of a tune.

    Attributes:
        bars: the number of bars as written, without pick-ups.
        parts: the parts, in the order in which they are first played.
        too_long: the bars that are longer than their meter.
        too_short: the bars shorter than their meter, without the first and last bars of parts.
        gaps: the ends of the parts whose length is not a whole number of bars.
    """

    bars: int
    parts: tuple[Part, ...]
    too_long: tuple[CountedBar, ...]
    too_short: tuple[CountedBar, ...]
    gaps: tuple[PartGap, ...]


def count_bars(tune: Tune) -> BarCount:
    """Count the bars and parts of a tune.

    Raises:
        TuneError: the playing order has more than 100,000 elements.
    """
    bars, bar_of_note = split_into_bars(tune)
    passes = split_into_passes(bars, list(bars_as_played(tune, bar_of_note)))
    # One gap for each last bar. `find_gaps` returns audible gaps last, so an audible gap replaces a
    # silent one of the same bar.
    gaps = {gap.last_bar: gap for gap in find_gaps(bars, passes)}
    short_indices = {index for one in passes for index in one.short_indices}
    return BarCount(
        bars=total_bars(bars),
        parts=tuple(list_parts(bars, passes, gaps)),
        too_long=tuple(bar for bar in bars if bar.too_long),
        too_short=tuple(bars[index] for index in sorted(short_indices)),
        gaps=tuple(sorted(gaps.values(), key=lambda gap: (gap.last_bar.line, gap.last_bar.column))),
    )
