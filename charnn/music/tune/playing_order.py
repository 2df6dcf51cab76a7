"""The order in which the elements of a tune are played: repeats, variant endings and parts.

`sections.py` finds the sections that are repeated, and `jumps.py` follows `D.C.` and `D.S.` The
order of parts (P: of the header) may count the repeats of a part as well: in `P:A4.B2` the part A
is played four times, and "the Nth ending of a part is always played on the Nth time that the part
is played" (ABC 2.1, "Variant endings"). So parts are played in this way:

- A part that the order names once in a row is played as it is written, with its own repeats.
- A part that it names several times in a row is played as often; a time through its repeat counts.
- If the whole order is played as often as a part has endings (`P:ABAB`), each time has one ending.

All positions are indices in `Tune.music`; a range ends before its `stop`.
"""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, pairwise
from typing import NamedTuple

from charnn.errors import TuneError
from charnn.music.tune.jumps import follow_jumps
from charnn.music.tune.sections import Section, duration_of, find_sections
from charnn.music.tune.tune import Change, Element, Meter, Tune

MAX_STEPS = 100_000  # nested part orders could otherwise play for days


def playing_order(tune: Tune, *, repeats: bool = True) -> Iterator[int]:
    """Yield the indices of the elements of `tune.music` in the order they are played.

    Args:
        tune: the tune.
        repeats: True follows all repeats and jumps. False yields every section and part once, each
            section with its last ending.

    Raises:
        TuneError: the order has more than 100,000 elements.
    """
    order = _order(tune, repeats)
    if _Parts(tune).order or not repeats:
        return order
    return follow_jumps(tune.music, order, lambda: _order(tune, repeats=False))


class Repeats(NamedTuple):
    """The places where repeats begin and end, whether or not the text has a sign there.

    Attributes:
        starts: the indices where repeats begin, except at the beginning of the tune.
        ends: the number of times that playing goes back from an index, by the index. The index may
            be the length of the music.
        from_beginning: whether a repeat begins at the beginning of the tune.
    """

    starts: frozenset[int]
    ends: dict[int, int]
    from_beginning: bool


def find_repeats(tune: Tune) -> Repeats:
    """Return the repeats of a tune for a score; the order of parts (P:) is not written out."""
    starts: set[int] = set()
    ends: dict[int, int] = {}
    for section in _Parts(tune).all_sections():
        if section.times == 1 or not section.is_played(tune.music):
            continue
        starts.add(section.body.start)
        # With endings, playing goes back at the end of each one that is not the last.
        if not section.endings:
            ends[section.body.stop] = section.times - 1
        for ending in section.endings:
            returns = sum(number < section.times for number in set(ending.passes))
            # After a single ending, 0: the sign counts, even if no pass plays the ending.
            if returns or len(section.endings) == 1:
                ends[ending.stop] = returns
    return Repeats(frozenset(starts - {0}), ends, 0 in starts)


def part_labels(music: Sequence[Element]) -> list[tuple[str, int]]:
    """Return the name and the index of each label of a part, `P:A` for example."""
    return [
        (element.text.rstrip(".")[:1], index)
        for index, element in enumerate(music)
        if isinstance(element, Change) and element.letter == "P"
    ]


def _order(tune: Tune, repeats: bool) -> Iterator[int]:
    """Yield the indices of the elements in the order they are played, without jumps."""
    parts = _Parts(tune)
    steps = 0
    for section, passes in parts.passes() if repeats else parts.last_passes():
        for index in section.indices(passes):
            steps += 1
            if steps > MAX_STEPS:
                problem = "the repeats and parts play for too long: shorten the order in P:"
                raise TuneError(problem, tune.line, 1, tune.name)
            yield index


class _Parts:
    """The parts of a tune, by the labels of its body.

    Attributes:
        order: the names of the parts in the order they are played, without those that no label has.
            It is empty if the tune is played as it is written.
    """

    def __init__(self, tune: Tune) -> None:
        self._tune = tune
        labels = part_labels(tune.music)
        # Reversed, so that the first of two parts with the same letter counts.
        places = {name: place for place, (name, _) in reversed([*enumerate(labels, 1)])}
        self.order = [part for part in tune.parts if part in places]
        self._places = places
        # Place 0 is the music before the first label; without an order, it is the whole tune.
        borders = [0, *(index for _, index in labels if self.order), len(tune.music)]
        self._ranges = [*pairwise(borders)]
        self._sections: dict[int, list[Section]] = {}

    def all_sections(self) -> Iterator[Section]:
        """Yield the sections in the order they are written."""
        for place in range(len(self._ranges)):
            yield from self._sections_at(place)

    def passes(self) -> Iterator[tuple[Section, Iterable[int]]]:
        """Yield each section and its passes, in the order they are played."""
        yield from _as_written(self._sections_at(0))
        period = _period(self.order)
        position = 0
        for part, run in groupby(self.order):
            sections = self._sections_at(self._places[part])
            count = len([*run])
            if count == 1 and _number_of_endings(sections) * period == len(self.order) > period:
                number = position // period + 1
                yield from ((each, [min(number, each.times)]) for each in sections)
            elif count == 1:
                yield from _as_written(sections)
            else:
                yield from self._in_a_row(sections, count)
            position += count

    def last_passes(self) -> Iterator[tuple[Section, Iterable[int]]]:
        """Yield each section once with its last pass, in the order they are first played."""
        for place in dict.fromkeys([0, *(self._places[part] for part in self.order)]):
            yield from ((section, [section.times]) for section in self._sections_at(place))

    def _sections_at(self, place: int) -> list[Section]:
        """Return the sections of a part."""
        if place not in self._sections:
            start, stop = self._ranges[place]
            meter = self._tune.meter
            for element in self._tune.music[:start]:
                if isinstance(element, Change) and isinstance(element.value, Meter):
                    meter = element.value
            self._sections[place] = [*find_sections(self._tune.music, start, stop, meter)]
        return self._sections[place]

    def _in_a_row(
        self, sections: Sequence[Section], count: int
    ) -> Iterator[tuple[Section, Iterable[int]]]:
        """Yield the passes of a part that is played `count` times in a row."""
        bar = self._tune.meter.bar
        lengths = [duration_of(self._tune.music, *section.bounds) for section in sections]
        times = {
            section.times
            for section, length in zip(sections, lengths, strict=True)
            if section.times > 1 or 0 < length >= bar  # otherwise it is empty or a pick-up
        }
        if len(times) != 1:  # some of the music is repeated and some is not
            for number in range(count):
                for section in sections:
                    one = [number % section.times + 1]
                    yield section, one if section.endings else range(1, section.times + 1)
            return
        for first in range(0, count, *times):
            for section in sections:
                yield section, range(1, min(section.times, count - first) + 1)


def _as_written(sections: Iterable[Section]) -> Iterator[tuple[Section, Iterable[int]]]:
    return ((section, range(1, section.times + 1)) for section in sections)


def _number_of_endings(sections: Iterable[Section]) -> int:
    """Return the highest number of an ending; 0 without endings."""
    return max((section.times for section in sections if section.endings), default=0)


def _period(order: Sequence[str]) -> int:
    """Return the length of the shortest order whose repetition is this order."""
    lengths = (n for n in range(1, len(order)) if len(order) % n == 0)
    return next((n for n in lengths if order[n:] == order[:-n]), len(order))
