"""The order in which a tune is played: repeats, variant endings and parts written out.

A repeat with no `|:` begins at the last repeat or double bar before it, else where the tune (or
part) does. A variant ending lasts until the next repeat sign, double bar or ending; where a
later repeat is what comes next, the last ending is as long as the one before it. Where only
passes come again, other endings begin, with nothing before them. `jumps.py` sees to `D.C.`.

ABC 2.1, 4.8 recommends that beginning of a repeat: "the beginning of the tune, or [...] the latest
double bar line or end of repeated section".
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from charnn.errors import TuneError
from charnn.music.tune.jumps import follow_jumps
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Note, Tune

MAX_STEPS = 100_000


def playing_order(tune: Tune, *, repeats: bool = True) -> Iterator[int]:
    """The places in `tune.music` in the order they are played.

    Args:
        tune: as read.
        repeats: whether they are played; without, every section and part comes once, the section
            as it is the last time.

    Raises:
        TuneError: it would go on for more than 100,000 elements.
    """
    order = _order(tune, repeats)
    if tune.parts or not repeats:
        return order
    return follow_jumps(tune.music, order, lambda: _order(tune, repeats=False))


class Repeats(NamedTuple):
    """Where in `tune.music` the playing goes back, and to where, signs or no signs.

    Attributes:
        starts: where a repeat begins, but for one that begins where the tune does.
        ends: where it is left for its beginning, and how many times; at most the end of the tune.
    """

    starts: frozenset[int]
    ends: dict[int, int]


def find_repeats(tune: Tune) -> Repeats:
    """The repeats of a tune as a score needs them; the order of its parts is not among them."""
    stretches = _stretches(tune)
    borders = sorted({0, len(tune.music)}.union(*stretches))
    starts: set[int] = set()
    ends: dict[int, int] = {}
    for start, stop in pairwise(borders):
        for section in _sections(tune.music, start, stop):
            if section.turns == 1:
                continue
            starts.add(section.body.start)
            if not section.endings:
                ends[section.body.stop] = section.turns - 1
            for ending in section.endings:
                back = sum(turn < section.turns for turn in set(ending.passes))
                if back:
                    ends[ending.stop] = back
    return Repeats(frozenset(starts - {0}), ends)


def _order(tune: Tune, repeats: bool) -> Iterator[int]:
    steps = 0
    stretches = _stretches(tune)
    for start, stop in stretches if repeats else dict.fromkeys(stretches):
        for section in _sections(tune.music, start, stop):
            for place in section.order(1 if repeats else section.turns):
                steps += 1
                if steps > MAX_STEPS:
                    raise TuneError("its repeats go on for too long", tune.line, 1, tune.name)
                yield place


def _stretches(tune: Tune) -> list[tuple[int, int]]:
    """From where to where to play: the parts in the order the header says, or all at once."""
    labels = [
        (place, element.text)
        for place, element in enumerate(tune.music)
        if isinstance(element, Change) and element.letter == "P"
    ]
    ends = [place for place, _ in labels[1:]] + [len(tune.music)]
    parts = {
        text.rstrip(".")[:1]: (place, end)
        for (place, text), end in reversed(list(zip(labels, ends, strict=False)))
    }
    if not labels or not all(part in parts for part in tune.parts) or not tune.parts:
        return [(0, len(tune.music))]
    return [(0, labels[0][0])] + [parts[part] for part in tune.parts]


@dataclass(frozen=True, slots=True)
class _Stretch:
    """Elements from `start` to before `stop`, played in these passes (empty: in every one)."""

    start: int
    stop: int
    passes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Section:
    """What one repeat holds: played `turns` times, each time with the ending of that pass."""

    body: _Stretch
    turns: int = 1
    endings: tuple[_Stretch, ...] = ()

    def order(self, first: int) -> Iterator[int]:
        """The places as played from the `first` time on, counted from 1."""
        for turn in range(first, self.turns + 1):
            yield from range(self.body.start, self.body.stop)
            for ending in self.endings:
                if turn in ending.passes:
                    yield from range(ending.start, ending.stop)
                    break


def _sections(music: Sequence[Element], start: int, stop: int) -> Iterator[_Section]:
    opened = place = start
    turns = 1  # as the |: that opened it says; 1 without such a sign
    while place < stop:
        element = music[place]
        if isinstance(element, Ending):
            endings = _endings(music, place, stop)
            yield _Section(_Stretch(opened, place), _turns(music, endings), endings)
            opened = place = endings[-1].stop
            turns = 1
            element = music[place] if place < stop else element
            if isinstance(element, Ending) and place < stop:
                continue
        elif isinstance(element, BarLine) and element.ends:
            yield _Section(_Stretch(opened, place), max(turns, element.ends + 1))
            opened, turns = place, 1
        if isinstance(element, BarLine) and element.starts:
            yield _Section(_Stretch(opened, place))
            opened, turns = place, element.starts + 1
        elif turns == 1 and place < stop and _divides(music, place):
            yield _Section(_Stretch(opened, place))
            opened = place
        place += 1
    yield _Section(_Stretch(opened, stop))


def _divides(music: Sequence[Element], place: int) -> bool:
    """Whether a section ends here: at a double bar, unless it is an ending's (`||1`)."""
    element = music[place]
    following = [e for e in music[place + 1 : place + 3] if not isinstance(e, Mark)]
    ending = bool(following) and isinstance(following[0], Ending)
    return isinstance(element, BarLine) and element.section and not ending


def _endings(music: Sequence[Element], place: int, stop: int) -> tuple[_Stretch, ...]:
    """The ending that begins at `place` and those for other passes that follow upon it."""
    endings: list[_Stretch] = []
    played: set[int] = set()
    following: int | None = place
    while following is not None:
        ending = music[following]
        passes = ending.passes if isinstance(ending, Ending) else ()
        if endings and played.issuperset(passes):
            break
        played.update(passes)
        close = _close(music, following + 1, stop)
        endings.append(_Stretch(following + 1, close, passes))
        following = _next_ending(music, close, stop)
    if len(endings) > 1:
        endings[-1] = _as_long_as(music, endings[-1], endings[-2])
    return tuple(endings)


def _close(music: Sequence[Element], place: int, stop: int) -> int:
    while place < stop:
        element = music[place]
        if isinstance(element, Ending) or (isinstance(element, BarLine) and element.section):
            return place
        place += 1
    return stop


def _next_ending(music: Sequence[Element], place: int, stop: int) -> int | None:
    """The ending that begins at `place`, or behind the bar line there, if any does."""
    while place < stop:
        element = music[place]
        if isinstance(element, Ending):
            return place
        if isinstance(element, Note) or (isinstance(element, BarLine) and element.starts):
            return None
        place += 1
    return None


def _as_long_as(music: Sequence[Element], last: _Stretch, before: _Stretch) -> _Stretch:
    """The last ending, cut to the bars of the one before it where a later repeat closes it."""
    bars = sum(isinstance(music[i], BarLine) for i in range(before.start, before.stop)) + 1
    lines = [i for i in range(last.start, last.stop) if isinstance(music[i], BarLine)]
    closing = music[last.stop] if last.stop < len(music) else None
    if len(lines) < bars or not isinstance(closing, BarLine) or not closing.ends:
        return last
    return _Stretch(last.start, lines[bars - 1], last.passes)


def _turns(music: Sequence[Element], endings: Sequence[_Stretch]) -> int:
    """How often a section with these endings is played."""
    closing = music[endings[-1].stop] if endings[-1].stop < len(music) else None
    if len(endings) == 1 and isinstance(closing, BarLine) and closing.ends:
        return 2  # |: A |1 B :| and then on: the second time without B
    return max(number for ending in endings for number in ending.passes)
