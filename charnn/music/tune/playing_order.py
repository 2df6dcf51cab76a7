"""The order in which the elements of a tune are played: repeats, variant endings and parts.

A repeat without a `|:` begins after the last repeat or double bar, or else at the beginning of the
tune or part. ABC 2.1, "Repeat/bar symbols", recommends this: "the beginning of the tune, or [...]
the latest double bar line or end of repeated section". Of the 804 tunes of MIT's collection, 763
have repeats, and all of these leave out a `|:`.

A variant ending lasts until the next repeat sign, double bar or ending. If a later repeat closes
the last ending, the ending is as long as the one before it. If earlier endings cover all passes
of an ending, this ending begins a new group of endings, without common music before the group.
`jumps.py` follows `D.C.` and `D.S.`.

All positions are indices in `Tune.music`; a range ends before its `stop`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

from charnn.errors import TuneError
from charnn.music.tune.jumps import follow_jumps
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Note, Tune

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
    if tune.parts or not repeats:
        return order
    return follow_jumps(tune.music, order, lambda: _order(tune, repeats=False))


class Repeats(NamedTuple):
    """The places where repeats begin and end, whether or not the text has a sign there.

    Attributes:
        starts: the indices where repeats begin, except at the beginning of the tune.
        ends: the number of times that playing goes back from an index, by the index. The index may
            be the length of the music.
    """

    starts: frozenset[int]
    ends: dict[int, int]


def find_repeats(tune: Tune) -> Repeats:
    """Return the repeats of a tune for a score; the order of parts (P:) is not written out."""
    ranges = _part_ranges(tune)
    borders = sorted({0, len(tune.music)}.union(*ranges))
    starts: set[int] = set()
    ends: dict[int, int] = {}
    for start, stop in pairwise(borders):
        for section in _sections(tune.music, start, stop):
            if section.times == 1:
                continue
            starts.add(section.body.start)
            # With endings, playing goes back at the end of each one that is not the last.
            if not section.endings:
                ends[section.body.stop] = section.times - 1
            for ending in section.endings:
                returns = sum(number < section.times for number in set(ending.passes))
                if returns:
                    ends[ending.stop] = returns
    return Repeats(frozenset(starts - {0}), ends)


def _order(tune: Tune, repeats: bool) -> Iterator[int]:
    """Yield the indices of the elements in the order they are played, without jumps."""
    steps = 0
    ranges = _part_ranges(tune)
    # Without repeats a part that the order names twice is played once, at its first place.
    for start, stop in ranges if repeats else dict.fromkeys(ranges):
        for section in _sections(tune.music, start, stop):
            for index in section.indices(1 if repeats else section.times):
                steps += 1
                if steps > MAX_STEPS:
                    problem = "the repeats and parts play for too long: shorten the order in P:"
                    raise TuneError(problem, tune.line, 1, tune.name)
                yield index


def part_labels(music: Sequence[Element]) -> list[tuple[str, int]]:
    """Return the name and the index of each label of a part, `P:A` for example."""
    return [
        (element.text.rstrip(".")[:1], index)
        for index, element in enumerate(music)
        if isinstance(element, Change) and element.letter == "P"
    ]


def _part_ranges(tune: Tune) -> list[tuple[int, int]]:
    """Return the start and stop of each part in the order of the header's P:.

    The first range is the music before the first part. The whole tune is one range if the header
    has no P:, or if P: names a part that the body lacks.
    """
    labels = [
        (index, element.text)
        for index, element in enumerate(tune.music)
        if isinstance(element, Change) and element.letter == "P"
    ]
    stops = [index for index, _ in labels[1:]] + [len(tune.music)]
    # Reversed, so that the first of two parts with the same letter counts.
    parts = {
        text.rstrip(".")[:1]: (index, stop)
        for (index, text), stop in reversed(list(zip(labels, stops, strict=False)))
    }
    if not labels or not all(part in parts for part in tune.parts) or not tune.parts:
        return [(0, len(tune.music))]
    return [(0, labels[0][0])] + [parts[part] for part in tune.parts]


@dataclass(frozen=True, slots=True)
class _Range:
    """A range of elements from `start` up to, but not including, `stop`.

    `passes` lists the passes that play the range; an empty tuple stands for every pass.
    """

    start: int
    stop: int
    passes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Section:
    """A section of the music, played `times` times.

    Each pass plays the body and then the ending for this pass, if there is one.
    """

    body: _Range
    times: int = 1
    endings: tuple[_Range, ...] = ()

    def indices(self, first_pass: int) -> Iterator[int]:
        """Yield the indices as played from the pass `first_pass` on; the first pass is 1."""
        for number in range(first_pass, self.times + 1):
            yield from range(self.body.start, self.body.stop)
            for ending in self.endings:
                if number in ending.passes:
                    yield from range(ending.start, ending.stop)
                    break


def _sections(music: Sequence[Element], start: int, stop: int) -> Iterator[_Section]:
    """Yield the sections between two indices."""
    section_start = index = start
    times = 1  # the number of times that the section is played; 2 after a `|:` at its start
    while index < stop:
        element = music[index]
        if isinstance(element, Ending):
            endings = _find_endings(music, index, stop)
            yield _Section(_Range(section_start, index), _count_times(music, endings), endings)
            section_start = index = endings[-1].stop
            times = 1
            # The element after the endings may itself open a repeat, or the next group of endings.
            element = music[index] if index < stop else element
            if isinstance(element, Ending) and index < stop:
                continue
        elif isinstance(element, BarLine) and element.ends:
            yield _Section(_Range(section_start, index), max(times, element.ends + 1))
            section_start, times = index, 1
        if isinstance(element, BarLine) and element.starts:
            yield _Section(_Range(section_start, index))
            section_start, times = index, element.starts + 1
        # Inside of an explicit |: a double bar does not end the section: the repeat goes back to
        # its sign.
        elif times == 1 and index < stop and _ends_section(music, index):
            yield _Section(_Range(section_start, index))
            section_start = index
        index += 1
    yield _Section(_Range(section_start, stop))


def _ends_section(music: Sequence[Element], index: int) -> bool:
    """Return whether the element at an index is a double bar or repeat sign that ends a section.

    A sign directly before an ending (`||1`) does not end a section.
    """
    element = music[index]
    following = [e for e in music[index + 1 : index + 3] if not isinstance(e, Mark)]
    before_ending = bool(following) and isinstance(following[0], Ending)
    return isinstance(element, BarLine) and element.section and not before_ending


def _find_endings(music: Sequence[Element], index: int, stop: int) -> tuple[_Range, ...]:
    """Return the ending at an index, and the endings for other passes that directly follow it."""
    endings: list[_Range] = []
    known_passes: set[int] = set()
    next_index: int | None = index
    while next_index is not None:
        ending = music[next_index]
        passes = ending.passes if isinstance(ending, Ending) else ()
        # `|1 A:|2 B|]|1 C:|2 D|]` has two groups: a pass that comes again begins the second.
        if endings and known_passes.issuperset(passes):
            break
        known_passes.update(passes)
        ending_stop = _ending_stop(music, next_index + 1, stop)
        endings.append(_Range(next_index + 1, ending_stop, passes))
        next_index = _next_ending(music, ending_stop, stop)
    if len(endings) > 1:
        endings[-1] = _cut_last_ending(music, endings[-1], endings[-2])
    return tuple(endings)


def _ending_stop(music: Sequence[Element], index: int, stop: int) -> int:
    """Return the index of the next ending, repeat sign or double bar."""
    while index < stop:
        element = music[index]
        if isinstance(element, Ending) or (isinstance(element, BarLine) and element.section):
            return index
        index += 1
    return stop


def _next_ending(music: Sequence[Element], index: int, stop: int) -> int | None:
    """Return the index of the next ending; None if a note or the start of a repeat comes first."""
    while index < stop:
        element = music[index]
        if isinstance(element, Ending):
            return index
        if isinstance(element, Note) or (isinstance(element, BarLine) and element.starts):
            return None
        index += 1
    return None


def _cut_last_ending(music: Sequence[Element], last: _Range, before: _Range) -> _Range:
    """Return the last ending, without the bars that belong to a new repeated section.

    If a repeat sign closes the last ending, it has as many bars as the ending before it, and the
    bars after these are the new section: in `C|1 D:|2 E|F|G:|` the second ending is E, and F and G
    are repeated.
    """
    bars = sum(isinstance(music[i], BarLine) for i in range(before.start, before.stop)) + 1
    bar_lines = [i for i in range(last.start, last.stop) if isinstance(music[i], BarLine)]
    closing = music[last.stop] if last.stop < len(music) else None
    if len(bar_lines) < bars or not isinstance(closing, BarLine) or not closing.ends:
        return last
    return _Range(last.start, bar_lines[bars - 1], last.passes)


def _count_times(music: Sequence[Element], endings: Sequence[_Range]) -> int:
    """Return the number of times that a section with these endings is played."""
    closing = music[endings[-1].stop] if endings[-1].stop < len(music) else None
    if len(endings) == 1 and isinstance(closing, BarLine) and closing.ends:
        return 2  # `|:A|1 B:|C`: the second time goes from A straight to C
    return max(number for ending in endings for number in ending.passes)
