"""A tune with the places of its music in the text, so that bars can be replaced there.

A `Run` is the music between two signs that must stay: bar lines, endings, fields and line ends.
A bar is one run, or several if a line or a key changes inside it. Everything outside of the runs
stays as it is, byte for byte: comments, line ends, spaces beside bar lines.
"""

import re
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import pairwise

from charnn.errors import TuneError
from charnn.music.abc import patterns
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import TuneSource, content_lines, split_book
from charnn.music.abc.tuplet import parse_tuplet
from charnn.music.checking.bars import CountedBar, split_into_bars
from charnn.music.tune.jumps import is_jump_sign
from charnn.music.tune.tune import BarLine, Change, Ending, Key, Mark, Note, Tune

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|$)")
_VOICE = re.compile(r"(?:V:\s*|\[V:\s*)([^\s\]]*)")
_VOICE_SIGN = re.compile(r"(?:(?:\A|(?<=[\r\n]))V:|\[V:)[ \t]*([^\s\]%]+)")


@dataclass(frozen=True, slots=True)
class PlacedNote:
    """A note of a run.

    Attributes:
        note: the note, chord or rest.
        onset: the quarter notes between the beginning of its bar and the note.
        start, stop: the place of its head (or of the letter of its rest) in the text, without the
            length; the place of a chord with all its lengths.
        begin: the place where its graces begin; `start` without graces.
    """

    note: Note
    onset: Fraction
    start: int
    stop: int
    begin: int


@dataclass(slots=True)
class Run:
    """Music between two signs that stay.

    Attributes:
        bar: the index of its bar in `LocatedTune.bars`.
        unit, key: the unit length in quarter notes and the key in force.
        start, stop: its place in the text.
        notes: its notes, at least one.
        before: the note before the run; None at the beginning of the tune.
        after: the note after the run; None at the end of the tune.
        slurs_before, slurs_after: the number of slurs that are open at its beginning and its end.
        fewest_slurs: the smallest number of slurs that are open inside.
        cut_before, cut_after: the name of a group of notes that only partly lies in the run, `""`
            if there is no such group.
    """

    bar: int
    unit: Fraction
    key: Key
    start: int
    stop: int
    slurs_before: int
    cut_before: str
    before: Note | None
    notes: list[PlacedNote] = field(default_factory=list)
    after: Note | None = None
    slurs_after: int = 0
    fewest_slurs: int = 0
    cut_after: str = ""

    @property
    def duration(self) -> Fraction:
        """Return the duration of the run in quarter notes."""
        return sum((each.note.duration for each in self.notes), Fraction(0))


class LocatedTune:
    """A tune that was read, with the places of its music.

    Attributes:
        text: the text of one tune, with any line ends.
        tune: the tune. Of several voices, only the first was read.
        bars: the bars as written.
        bar_of_note: the index of the bar of each note, by the index of the note in `tune.music`.
        runs: the runs, in the order of the text.

    Raises:
        TuneError: the text contains no tune or several, the tune cannot be read, or two voices
            share a line of it.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        source = _single_source(_first_voice(text))
        self.tune: Tune = read_tune(source)
        if self.tune.others:
            note = next(e for e in self.tune.others[0].music if isinstance(e, Note) and e.column)
            problem = "two voices share this line (& or [V:]): give each voice lines of its own"
            raise TuneError(problem, note.line, note.column, self.tune.name)
        self.bars: list[CountedBar]
        self.bars, self.bar_of_note = split_into_bars(self.tune)
        self._lines = list(_LINE.finditer(text))
        self._content = dict(enumerate(content_lines(source), source.line))
        self.runs = _RunFinder(self).runs()

    def offset(self, line: int, column: int) -> int:
        """Return the offset in the text of a line and column, which count from 1.

        Raises:
            TuneError: the reader has changed characters before the column.
        """
        found, content = self._lines[line - 1], self._content[line]
        start = found.start() + (line == 1 and found[0].startswith("\ufeff"))
        original = patterns.plain_blanks(self.text[start : found.end()])
        # The last character may be a `=` that the reader has changed to a backslash.
        if not original.startswith(content[: column - 1].removesuffix("\\")):
            problem = "this line has a trace of mail (=3D): write = instead"
            raise TuneError(problem, line, 1, self.tune.name)
        return start + min(column - 1, len(content))

    def content_end(self, line: int) -> int:
        """Return the offset of the end of a line, without its comment."""
        return self.offset(line, len(self._content[line]) + 1)


class _RunFinder:
    """A walk over the elements of a tune that finds the runs."""

    def __init__(self, located: LocatedTune) -> None:
        self._located = located
        self._run: Run | None = None
        self._line, self._begin = 0, 0  # the line, and the offset where the next run begins
        self._tail: int | None = None  # the offset of the first mark after the last note
        self._unit, self._key = located.tune.unit, located.tune.key
        self._slurs = 0
        self._last: Note | None = None
        self._group = ""  # a broken pair or tuplet whose notes are not complete
        self._tuplet_left = 0
        self._onset, self._bar = Fraction(0), -1

    def runs(self) -> list[Run]:
        """Return the runs of the tune."""
        runs: list[Run] = []
        for index, element in enumerate(self._located.tune.music):
            if element.line != self._line:
                runs += self._close(self._located.content_end(self._line) if self._line else 0)
                self._line, self._begin = element.line, self._line_start(element.line)
            at = self._located.offset(element.line, element.column)
            if isinstance(element, Note):
                self._add_note(element, at, self._located.bar_of_note[index])
            elif isinstance(element, BarLine | Ending | Change) or element.kind == "line":
                runs += self._close(at)
                self._begin = self._element_end(element, at)
                self._change(element)
            else:
                self._add_mark(element, at)
        runs += self._close(self._located.content_end(self._line) if self._line else 0)
        for run, following in pairwise(runs):
            run.after = following.notes[0].note
        return runs

    def _line_start(self, line: int) -> int:
        start = self._located.offset(line, 1)
        carried = patterns.CARRIED_REPEAT.match(self._located.text, start)
        return carried.end() if carried else start

    def _element_end(self, element: BarLine | Ending | Change | Mark, at: int) -> int:
        located = self._located
        if isinstance(element, Change):
            end = located.text.find("]", at) + 1 if element.inline else 0
            return end or located.content_end(element.line)
        return min(at + len(element.text), located.content_end(element.line))

    def _change(self, element: BarLine | Ending | Change | Mark) -> None:
        if isinstance(element, Change) and isinstance(element.value, Fraction):
            self._unit = element.value
        elif isinstance(element, Change) and isinstance(element.value, Key):
            self._key = element.value

    def _open_run(self) -> Run:
        if self._run is None:
            start, open_signs = self._begin, (self._slurs, self._group, self._last)
            self._run = Run(self._bar, self._unit, self._key, start, start, *open_signs)
            self._run.fewest_slurs = self._slurs
        self._tail = None
        return self._run

    def _add_note(self, note: Note, at: int, bar: int) -> None:
        if bar != self._bar:
            self._bar, self._onset = bar, Fraction(0)
        run = self._open_run()
        run.bar = bar
        text = self._located.text
        brace = text.rfind("{", run.start, at) if note.graces else -1
        begin = brace if brace >= 0 else at
        run.notes.append(PlacedNote(note, self._onset, at, _head_end(text, at, note), begin))
        self._onset += note.duration
        self._last = note
        self._tuplet_left = max(0, self._tuplet_left - 1)
        self._group = "tuplet" if self._tuplet_left else ""

    def _add_mark(self, mark: Mark, at: int) -> None:
        if mark.kind in ("space", "annotation") or is_jump_sign(mark):
            # These stay at the beginning and at the end of a run.
            if self._run is not None:
                self._tail = at if self._tail is None else self._tail
            elif not self._located.text[self._begin : at].strip():
                self._begin = at + len(mark.text)
            return
        run = self._open_run()
        if mark.kind == "slur":
            self._slurs = max(0, self._slurs + (1 if "(" in mark.text else -1))
            run.fewest_slurs = min(run.fewest_slurs, self._slurs)
        elif mark.kind == "broken rhythm":
            self._group = "broken pair"
        elif mark.kind == "tuplet":
            self._tuplet_left = parse_tuplet(mark.text, compound=False)[2]
            self._group = "tuplet"

    def _close(self, end: int) -> list[Run]:
        """Return the open run if it has a note; the sign that ends it begins at `end`."""
        run, tail = self._run, self._tail
        self._run = self._tail = None
        if run is None or not run.notes:
            return []
        text = self._located.text
        run.stop = end if tail is None else tail
        # A tie belongs to the note before it, even after a space.
        if any(pitch.tied for pitch in run.notes[-1].note.pitches):
            run.stop = max(run.stop, text.rfind("-", run.stop, end) + 1)
        run.stop = run.start + len(text[run.start : run.stop].rstrip())
        run.slurs_after, run.cut_after = self._slurs, self._group
        return [run]


def _head_end(text: str, at: int, note: Note) -> int:
    """Return the end of a note head, of a chord or of the letter of a rest."""
    if note.rest:
        return at + 1
    if text[at] == "[":
        end = text.index("]", at) + 1
        length = patterns.LENGTH.match(text, end)
        return length.end() if length else end
    found = patterns.NOTE.match(text, at)
    return found.end(3) if found else at + 1


def _single_source(text: str) -> TuneSource:
    sources = split_book(text)
    if len(sources) != 1:
        raise TuneError(
            "there is no tune here: a tune in ABC has a K: line, then notes"
            if not sources
            else f"there are {len(sources)} tunes here: choose one of them",
            1,
            1,
        )
    return sources[0]


def voice_names(text: str) -> list[str]:
    """Return the names of the voices (V:) of a tune, in the order of the text."""
    return list(dict.fromkeys(found[1] for found in _VOICE_SIGN.finditer(text)))


def _first_voice(text: str) -> str:
    """Return a text with a comment in place of each line of another voice than the first."""
    voice = first = None
    lines: list[str] = []
    for found in _LINE.finditer(text):
        line = found[0]
        if named := _VOICE.match(line):
            voice = named[1]
            first = voice if first is None else first
        in_header_or_music = not patterns.FIELD.match(line) or line.startswith("V:")
        if voice != first and in_header_or_music and line.strip():
            line = "%" + line[len(line.rstrip("\r\n")) :]
        lines.append(line)
    return "".join(lines)
