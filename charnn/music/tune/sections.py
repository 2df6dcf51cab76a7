"""The sections of a tune: repeats and variant endings.

A repeat without a `|:` begins after the last repeat or double bar, or else at the beginning of the
tune or part. ABC 2.1, "Repeat/bar symbols", recommends this: "the beginning of the tune, or [...]
the latest double bar line or end of repeated section". Of the 804 tunes of MIT's collection, 763
have repeats, and all of these leave out a `|:`. A pick-up before the double bar is played again if
it completes the last bar before the repeat sign: without it, the second time would lose the beat.

A variant ending lasts until the next repeat sign, double bar or ending. If a later repeat closes
the last ending, the ending is as long as the one before it. If earlier endings cover all passes
of an ending, this ending begins a new group of endings, without common music before the group.

All positions are indices in `Tune.music`; a range ends before its `stop`.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction

from charnn.music.tune.tune import BarLine, Change, Element, Ending, Mark, Meter, Note


@dataclass(frozen=True, slots=True)
class Range:
    """A range of elements from `start` up to, but not including, `stop`.

    `passes` lists the passes that play the range; an empty tuple stands for every pass.
    """

    start: int
    stop: int
    passes: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Section:
    """A section of the music, played `times` times.

    Each pass plays the body and then the ending for this pass, if there is one.
    """

    body: Range
    times: int = 1
    endings: tuple[Range, ...] = ()

    @property
    def bounds(self) -> tuple[int, int]:
        """The start and stop of the section with its endings."""
        return self.body.start, max(self.body.stop, *(ending.stop for ending in self.endings), 0)

    def is_played(self, music: Sequence[Element]) -> bool:
        """Return whether the section contains a note, rest or chord symbol."""
        return any(
            isinstance(element, Note)
            or (isinstance(element, Mark) and element.kind == "chord symbol")
            for element in music[slice(*self.bounds)]
        )

    def indices(self, passes: Iterable[int]) -> Iterator[int]:
        """Yield the indices as played in some passes; the first pass is 1."""
        for number in passes:
            yield from range(self.body.start, self.body.stop)
            for ending in self.endings:
                if number in ending.passes:
                    yield from range(ending.start, ending.stop)
                    break


def find_sections(
    music: Sequence[Element], start: int, stop: int, meter: Meter
) -> Iterator[Section]:
    """Yield the sections between two indices.

    Args:
        music: the elements of the tune.
        start, stop: the indices.
        meter: the meter at `start`.
    """
    section_start = index = start
    times = 1  # the number of times that the section is played; 2 after a `|:` at its start
    while index < stop:
        element = music[index]
        if isinstance(element, Change) and isinstance(element.value, Meter):
            meter = element.value
        if isinstance(element, Ending):
            endings = _find_endings(music, index, stop)
            yield Section(Range(section_start, index), _count_times(music, endings), endings)
            section_start = index = endings[-1].stop
            times = 1
            # The element after the endings may itself open a repeat, or the next group of endings.
            element = music[index] if index < stop else element
            if isinstance(element, Ending) and index < stop:
                continue
        elif isinstance(element, BarLine) and element.ends:
            yield Section(Range(section_start, index), max(times, element.ends + 1))
            section_start, times = index, 1
        if isinstance(element, BarLine) and element.starts:
            yield Section(Range(section_start, index))
            section_start, times = index, element.starts + 1
        # Inside of an explicit |: a double bar does not end the section: the repeat goes back to
        # its sign.
        elif (
            times == 1
            and index < stop
            and _ends_section(music, index)
            and not _returns_with_repeat(music, section_start, index, stop, meter.bar)
        ):
            yield Section(Range(section_start, index))
            section_start = index
        index += 1
    yield Section(Range(section_start, stop))


def _ends_section(music: Sequence[Element], index: int) -> bool:
    """Return whether the element at an index is a double bar or repeat sign that ends a section.

    A sign directly before an ending (`||1`) does not end a section.
    """
    element = music[index]
    following = [e for e in music[index + 1 : index + 3] if not isinstance(e, Mark)]
    before_ending = bool(following) and isinstance(following[0], Ending)
    return isinstance(element, BarLine) and element.section and not before_ending


def _returns_with_repeat(
    music: Sequence[Element], start: int, double_bar: int, stop: int, bar: Fraction
) -> bool:
    """Return whether the music before a double bar is a pick-up that a repeat after it plays again.

    The last bar before the repeat sign and the pick-up then make one bar.
    """
    pickup = duration_of(music, start, double_bar)
    if not 0 < pickup < bar:
        return False
    bar_start = double_bar
    for index in range(double_bar + 1, stop):
        element = music[index]
        if isinstance(element, Change) and isinstance(element.value, Meter):
            bar = element.value.bar
        if isinstance(element, BarLine):
            if element.section:
                return element.ends > 0 and pickup + duration_of(music, bar_start, index) == bar
            bar_start = index
    return False


def duration_of(music: Sequence[Element], start: int, stop: int) -> Fraction:
    """Return the duration of a range of elements as written, in quarter notes."""
    notes = (music[index] for index in range(start, stop))
    return sum((note.duration for note in notes if isinstance(note, Note)), Fraction(0))


def _find_endings(music: Sequence[Element], index: int, stop: int) -> tuple[Range, ...]:
    """Return the ending at an index, and the endings for other passes that directly follow it."""
    endings: list[Range] = []
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
        endings.append(Range(next_index + 1, ending_stop, passes))
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


def _cut_last_ending(music: Sequence[Element], last: Range, before: Range) -> Range:
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
    return Range(last.start, bar_lines[bars - 1], last.passes)


def _count_times(music: Sequence[Element], endings: Sequence[Range]) -> int:
    """Return the number of times that a section with these endings is played."""
    closing = music[endings[-1].stop] if endings[-1].stop < len(music) else None
    if len(endings) == 1 and isinstance(closing, BarLine) and closing.ends:
        return 2  # `|:A|1 B:|C`: the second time goes from A straight to C
    if len(endings) == 1:
        return min(endings[0].passes)  # nothing leads back from a single ending
    return max(number for ending in endings for number in ending.passes)
