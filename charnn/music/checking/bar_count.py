"""Counting a tune out: its bars, its parts, and whether each part is a whole number of bars.

The count goes by what was read, in exact fractions, and by the order in which it is played; it
shares nothing with what keeps bars whole while a model writes, so it can judge that.

A part lies between double bars, repeat signs and part labels (P:). It may begin with a short bar, a
pick-up, and end with a short one; every bar between is full. Pick-up and last bar together make one
bar, each way through where there are variant endings. If they do not, the border may still cut a
bar in two, so that the last bar of one part and the pick-up of the next one played make one; the
end of the tune is followed by its beginning.
"""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise

from charnn.music.tune.playing_order import playing_order
from charnn.music.tune.tune import BarLine, Change, Ending, Meter, Note, Tune

_NOTHING = Fraction(0)


@dataclass(frozen=True, slots=True)
class CountedBar:
    """What is written between two bar lines.

    Attributes:
        duration: quarter notes.
        meter: in force at its first note.
        opens: whether a part begins with it.
        ending: whether a variant ending begins with it.
        rest: bars that a rest in it stands for (`Z4`); 0 without one.
        line, column: of its first note.
    """

    duration: Fraction
    meter: Meter
    opens: bool
    ending: bool
    rest: int
    line: int
    column: int

    @property
    def bars(self) -> int:
        """Bars that it stands for."""
        return max(1, self.rest)

    @property
    def short(self) -> bool:
        """Whether there is less in it than a bar."""
        return self.duration < self.meter.bar

    @property
    def overfull(self) -> bool:
        """Whether there is more in it than it stands for."""
        return bool(self.meter.bar) and self.duration > self.meter.bar * self.bars


@dataclass(frozen=True, slots=True)
class Part:
    """A part, as it is played the first time.

    Attributes:
        bars: its length, a pick-up not counted.
        pickup: quarter notes in the short bar it begins with; 0 without.
        times: how often it is played.
        whole: whether every way through it is a whole number of bars.
        line, column: of its first note.
    """

    bars: int
    pickup: Fraction
    times: int
    whole: bool
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Gap:
    """A way through a part that is no whole number of bars.

    Attributes:
        measure: its last one.
        pickup, rest: quarter notes in the short bars it begins and ends with; 0 for full ones.
        heard: whether the beat is lost in playing; false where only the end of the tune would not
            go on to its beginning.
    """

    counted_bar: CountedBar
    pickup: Fraction
    rest: Fraction
    heard: bool


@dataclass(frozen=True, slots=True)
class Count:
    """What the counting of a tune gives.

    Attributes:
        bars: as written, without pick-ups; what an ending cuts in two is one.
        parts: in the order they are first played.
        overfull: measures with more in them than a bar.
        short: measures with less, in mid-part.
        gaps: where parts are not whole.
    """

    bars: int
    parts: tuple[Part, ...]
    overfull: tuple[CountedBar, ...]
    short: tuple[CountedBar, ...]
    gaps: tuple[Gap, ...]


def count(tune: Tune) -> Count:
    """Count a tune out.

    Raises:
        TuneError: its repeats go on for too long.
    """
    counted_bars, holders = _counted_bars(tune)
    ways = _ways(counted_bars, list(_steps(tune, holders)))
    gaps = {gap.counted_bar: gap for gap in _gaps(counted_bars, ways)}
    short = {step for way in ways for step in way.short}
    return Count(
        bars=sum(counted_bar.bars for counted_bar in counted_bars) - _pieces(counted_bars),
        parts=tuple(_parts(counted_bars, ways, gaps)),
        overfull=tuple(counted_bar for counted_bar in counted_bars if counted_bar.overfull),
        short=tuple(counted_bars[step] for step in sorted(short)),
        gaps=tuple(
            sorted(gaps.values(), key=lambda gap: (gap.counted_bar.line, gap.counted_bar.column))
        ),
    )


def _counted_bars(tune: Tune) -> tuple[list[CountedBar], dict[int, int]]:
    """The measures, and for the place of each note in the music the number of its measure."""
    counted_bars: list[CountedBar] = []
    holders: dict[int, int] = {}
    meter, inside, opens, ending = tune.meter, False, True, False
    for place, element in enumerate(tune.music):
        if isinstance(element, Note):
            if not inside:
                where = element.line, element.column
                counted_bars.append(CountedBar(_NOTHING, meter, opens, ending, 0, *where))
                inside, opens, ending = True, False, False
            counted_bar = counted_bars[-1]
            rest = int(element.length) if element.rest in ("Z", "X") else 0
            duration = counted_bar.duration + element.duration
            counted_bars[-1] = replace(counted_bar, duration=duration, rest=counted_bar.rest + rest)
            holders[place] = len(counted_bars) - 1
        elif isinstance(element, BarLine):
            inside, opens = False, opens or element.section
        elif isinstance(element, Ending):
            inside, ending = False, True
        elif isinstance(element, Change) and element.letter == "P":
            inside, opens = False, True
        elif isinstance(element, Change) and isinstance(element.value, Meter):
            meter = element.value
    return counted_bars, holders


def _pieces(counted_bars: Sequence[CountedBar]) -> int:
    """How many measures are no bar of their own: pick-ups, and what an ending makes whole."""
    pickups = sum(
        counted_bar.short and counted_bar.opens and not counted_bar.ending
        for counted_bar in counted_bars
    )
    halves = sum(
        after.ending and not after.opens and _makes_one(before, after)
        for before, after in pairwise(counted_bars)
    )
    return pickups + halves


def _makes_one(before: CountedBar, after: CountedBar) -> bool:
    """Whether two measures are the halves of one bar."""
    return before.short and before.duration + after.duration <= before.meter.bar


def _steps(tune: Tune, holders: dict[int, int]) -> Iterator[int]:
    """The numbers of the measures in the order they are played."""
    before = -1  # the place of the note before
    for place in playing_order(tune):
        if place in holders:
            if place < before or holders[place] != holders.get(before):
                yield holders[place]
            before = place


@dataclass(frozen=True, slots=True)
class _Way:
    """One way through a part.

    Attributes:
        steps: the numbers of its measures.
        bars: its length, a pick-up not counted.
        pickup, rest: quarter notes in its first and last bar, where they are short; 0 where full.
        short: the measures that are short between them.
        first, last: the meters it begins and ends in.
    """

    steps: tuple[int, ...]
    bars: int
    pickup: Fraction
    rest: Fraction
    short: tuple[int, ...]
    first: Meter
    last: Meter

    @property
    def whole(self) -> bool:
        """Whether it is a whole number of bars by itself."""
        if not self.pickup and not self.rest:
            return True
        return self.first.bar == self.last.bar == self.pickup + self.rest

    def leads_to(self, after: "_Way") -> bool:
        """Whether the end of this way and the beginning of the next one are one bar, cut in two."""
        return bool(self.rest and after.pickup) and self.rest + after.pickup == self.last.bar

    def fits(self, before: "_Way | None", after: "_Way | None") -> bool:
        """Whether it leaves no gap when it is played between two others, or with silence there."""
        begins = not self.pickup or before is None or before.leads_to(self)
        ends = not self.rest or after is None or self.leads_to(after)
        return self.whole or (begins and ends)


def _ways(counted_bars: Sequence[CountedBar], steps: Sequence[int]) -> list[_Way]:
    """The ways through parts, in the order they are played."""
    ways: list[_Way] = []
    start = 0
    for number in range(1, len(steps) + 1):
        if number == len(steps) or _border(counted_bars, steps[number - 1], steps[number]):
            ways.append(_way(counted_bars, steps[start:number]))
            start = number
    return ways


def _border(counted_bars: Sequence[CountedBar], before: int, after: int) -> bool:
    """Whether a part ends between two measures that are played one after the other."""
    if after == before + 1:
        return counted_bars[after].opens
    # Passing over one ending to another is no border; going back, or on to another part, is.
    skips = after > before and counted_bars[before + 1].ending and counted_bars[after].ending
    return not skips


def _way(counted_bars: Sequence[CountedBar], steps: Sequence[int]) -> _Way:
    joined: list[tuple[int, CountedBar]] = []
    for step in steps:
        counted_bar = counted_bars[step]
        if joined and counted_bar.ending and _makes_one(joined[-1][1], counted_bar):
            counted_bar = replace(
                counted_bar, duration=joined.pop()[1].duration + counted_bar.duration
            )
        joined.append((step, counted_bar))
    first, last = joined[0][1], joined[-1][1]
    pickup = first.duration if first.short else _NOTHING
    rest = last.duration if last.short and len(joined) > 1 else _NOTHING
    return _Way(
        steps=tuple(steps),
        bars=sum(counted_bar.bars for _, counted_bar in joined) - first.short,
        pickup=pickup,
        rest=rest,
        short=tuple(step for step, counted_bar in joined[1:-1] if counted_bar.short),
        first=first.meter,
        last=last.meter,
    )


def _gaps(counted_bars: Sequence[CountedBar], ways: Sequence[_Way]) -> Iterator[Gap]:
    """What does not fit; where a way is played several times, what is heard comes last."""
    found = []
    for number, way in enumerate(ways):
        if number == 0 and not way.bars:
            continue  # the pick-up stands by itself, before the first repeat sign
        before, after = ways[number - 1], ways[(number + 1) % len(ways)]
        if not way.fits(before, after):
            alone = way.fits(before if number else None, after if after is not ways[0] else None)
            found.append(Gap(counted_bars[way.steps[-1]], way.pickup, way.rest, not alone))
    return iter(sorted(found, key=lambda gap: gap.heard))


def _parts(
    counted_bars: Sequence[CountedBar], ways: Sequence[_Way], broken: Collection[CountedBar]
) -> Iterator[Part]:
    """The parts, in the order they are first played; a pick-up alone is none."""
    played: dict[int, list[_Way]] = {}
    for way in ways:
        played.setdefault(way.steps[0], []).append(way)
    for first, through in played.items():
        if through[0].bars:
            counted_bar = counted_bars[first]
            yield Part(
                bars=through[0].bars,
                pickup=through[0].pickup,
                times=len(through),
                whole=not any(
                    way.short or counted_bars[way.steps[-1]] in broken for way in through
                ),
                line=counted_bar.line,
                column=counted_bar.column,
            )
