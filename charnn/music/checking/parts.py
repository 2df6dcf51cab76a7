"""The parts of a tune in the order played, and the parts without a whole number of bars.

A part lies between double bars, repeat signs and part labels (P:). It may begin with a short bar,
the pick-up, and end with a short bar; every bar between them is full. The pick-up and the last bar
together make one bar, in each pass through the part, whichever ending is played. If they do not,
the border of the part may still divide a bar: the last bar of one part and the pick-up of the part
that is played next make one bar. The tune is played repeatedly, so its beginning follows its end.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from charnn.music.checking.bars import CountedBar
from charnn.music.tune.playing_order import playing_order
from charnn.music.tune.tune import Meter, Tune

_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class Part:
    """A part, as it is played the first time.

    Attributes:
        bars: the number of bars, without a pick-up.
        pickup: the quarter notes of the pick-up; 0 without a pick-up.
        times: the number of times that the part is played.
        whole: whether no pass through the part has a gap at its end or a short bar inside.
        line, column: the position of the first note.
    """

    bars: int
    pickup: Fraction
    times: int
    whole: bool
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class PartGap:
    """The end of a part whose length is not a whole number of bars.

    Attributes:
        last_bar: the last bar of the part.
        pickup, rest: the quarter notes of the first and of the last bar; 0 if the bar is full.
        is_heard: whether playing the tune once loses the beat. `False` if the beat is lost only
            between the end of the tune and its repetition.
    """

    last_bar: CountedBar
    pickup: Fraction
    rest: Fraction
    is_heard: bool


@dataclass(frozen=True, slots=True)
class PartPass:
    """One playing of a part, with one of its endings.

    Attributes:
        bar_indices: the indices of the bars, in the order played.
        bars: the number of bars, without a pick-up.
        pickup, rest: the quarter notes of the first and of the last bar; 0 if the bar is full.
        short_indices: the indices of the short bars, without the first and the last bar.
        first_meter, last_meter: the meters of the first and of the last bar.
    """

    bar_indices: tuple[int, ...]
    bars: int
    pickup: Fraction
    rest: Fraction
    short_indices: tuple[int, ...]
    first_meter: Meter
    last_meter: Meter

    @property
    def is_whole(self) -> bool:
        """Return whether the pass by itself is a whole number of bars."""
        if not self.pickup and not self.rest:
            return True
        # The meter may change within the part; then pick-up and rest are parts of different bars.
        return self.first_meter.bar == self.last_meter.bar == self.pickup + self.rest

    def continues_in(self, after: "PartPass") -> bool:
        """Return whether the last bar of this pass and the pick-up of `after` make one bar."""
        return bool(self.rest and after.pickup) and self.rest + after.pickup == self.last_meter.bar

    def fits_between(self, before: "PartPass | None", after: "PartPass | None") -> bool:
        """Return whether full bars result when this pass is played between two others.

        The pick-up of this pass must complete the last bar of `before`, and its own last bar must
        be completed by the pick-up of `after`. None means that nothing is played there, and then
        nothing needs to be completed.
        """
        begins_well = not self.pickup or before is None or before.continues_in(self)
        ends_well = not self.rest or after is None or self.continues_in(after)
        return self.is_whole or (begins_well and ends_well)


def bars_as_played(tune: Tune, bar_of_note: dict[int, int]) -> Iterator[int]:
    """Yield the indices of the bars in the order they are played.

    Raises:
        TuneError: the playing order has more than 100,000 elements.
    """
    previous = -1  # the index of the note before
    for index in playing_order(tune):
        if index in bar_of_note:
            # A jump back begins a bar anew, even if it stays within one bar.
            if index < previous or bar_of_note[index] != bar_of_note.get(previous):
                yield bar_of_note[index]
            previous = index


def split_into_passes(bars: Sequence[CountedBar], played: Sequence[int]) -> list[PartPass]:
    """Return the passes through parts, in the order they are played.

    Args:
        bars: the bars of the tune.
        played: the indices of the bars in the order played, from `bars_as_played`.
    """
    passes: list[PartPass] = []
    start = 0
    for end in range(1, len(played) + 1):
        if end == len(played) or _is_border(bars, played[end - 1], played[end]):
            passes.append(_pass(bars, played[start:end]))
            start = end
    return passes


def _is_border(bars: Sequence[CountedBar], before: int, after: int) -> bool:
    """Return whether a part ends between two bars that are played one after the other."""
    if after == before + 1:
        return bars[after].begins_part
    # Skipping one ending for another stays within the part. Any other jump leaves it.
    skips = after > before and bars[before + 1].begins_ending and bars[after].begins_ending
    return not skips


def _pass(bars: Sequence[CountedBar], indices: Sequence[int]) -> PartPass:
    joined: list[tuple[int, CountedBar]] = []
    for index in indices:
        bar = bars[index]
        # An ending that begins in mid-bar continues the bar before it.
        if joined and bar.begins_ending and bar.completes(joined[-1][1]):
            bar = replace(bar, duration=joined.pop()[1].duration + bar.duration)
        joined.append((index, bar))
    first, last = joined[0][1], joined[-1][1]
    return PartPass(
        bar_indices=tuple(indices),
        bars=sum(bar.bars for _, bar in joined) - first.too_short,
        pickup=first.duration if first.too_short else _NOTHING,
        # A single short bar is a pick-up, and not a last bar as well.
        rest=last.duration if last.too_short and len(joined) > 1 else _NOTHING,
        short_indices=tuple(index for index, bar in joined[1:-1] if bar.too_short),
        first_meter=first.meter,
        last_meter=last.meter,
    )


def find_gaps(bars: Sequence[CountedBar], passes: Sequence[PartPass]) -> list[PartGap]:
    """Return a gap for each pass that does not fit its neighbours; audible gaps come last."""
    gaps = []
    for number, this in enumerate(passes):
        if number == 0 and not this.bars:
            continue  # the pick-up of the tune, before the first repeat sign
        # The tune is repeated, so the last pass comes before the first.
        before, after = passes[number - 1], passes[(number + 1) % len(passes)]
        if not this.fits_between(before, after):
            # Played once, the tune has silence before its first and after its last pass.
            before_once = before if number else None
            after_once = after if after is not passes[0] else None
            is_heard = not this.fits_between(before_once, after_once)
            gaps.append(PartGap(bars[this.bar_indices[-1]], this.pickup, this.rest, is_heard))
    return sorted(gaps, key=lambda gap: gap.is_heard)


def list_parts(
    bars: Sequence[CountedBar], passes: Sequence[PartPass], gap_bars: Collection[CountedBar]
) -> Iterator[Part]:
    """Yield the parts in the order they are first played; a pick-up alone is not a part.

    Args:
        bars: the bars of the tune.
        passes: the passes through its parts.
        gap_bars: the last bars of passes with a gap.
    """
    # Passes that begin with the same bar are repetitions of one part.
    passes_by_start: dict[int, list[PartPass]] = {}
    for one in passes:
        passes_by_start.setdefault(one.bar_indices[0], []).append(one)
    for start, same_part in passes_by_start.items():
        if same_part[0].bars:
            has_gap = any(bars[one.bar_indices[-1]] in gap_bars for one in same_part)
            has_short_bar = any(one.short_indices for one in same_part)
            yield Part(
                bars=same_part[0].bars,
                pickup=same_part[0].pickup,
                times=len(same_part),
                whole=not (has_gap or has_short_bar),
                line=bars[start].line,
                column=bars[start].column,
            )
