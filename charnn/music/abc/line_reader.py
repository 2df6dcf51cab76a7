"""A line of ABC under the reader's eye: where it has come to, what it has found so far.

Everything that needs no memory of the music is read here: marks, words in quotes, lengths.
"""

from fractions import Fraction
from functools import lru_cache
from typing import NoReturn

from charnn.errors import TuneError
from charnn.music.abc import patterns
from charnn.music.abc.fields import MAX_IN_FRACTION
from charnn.music.tune.tune import Element, Mark, MarkKind


class LineReader:
    """Keeps the place in the line and the elements read; each method reads what begins there."""

    def __init__(self, name: str) -> None:
        self.elements: list[Element] = []
        self._name = name
        self._line, self._text, self._place = 0, "", 0

    def fail(self, problem: str, place: int) -> NoReturn:
        """Raise `TuneError` at this place (from 0) of the line."""
        raise TuneError(problem, self._line, place + 1, self._name)

    def _mark(self, kind: MarkKind, text: str, meaning: str = "") -> None:
        self.elements.append(Mark(kind, text, self._line, self._place + 1, meaning))
        self._place += len(text)

    def _space(self) -> None:
        found = patterns.SPACE.match(self._text, self._place)
        self._mark("space", found[0] if found else self._text[self._place])

    def _spacer(self) -> None:
        found = patterns.SPACER.match(self._text, self._place)
        self._mark("space", found[0] if found else "y")

    def _slur(self) -> None:
        self._mark("slur", self._text[self._place])

    def _quoted(self) -> None:
        end = self._text.find('"', self._place + 1)
        if end < 0:
            self.fail('this " is never closed', self._place)
        annotation = self._text[self._place + 1] in patterns.ANNOTATION_PLACES
        kind: MarkKind = "annotation" if annotation else "chord symbol"
        self._mark(kind, self._text[self._place : end + 1])

    def _exclamation(self) -> None:
        found = patterns.NAMED_DECORATION.match(self._text, self._place)
        if found and patterns.OLD_CHORD.fullmatch(found[0]):
            self.fail("write the chord in brackets, not between + signs", self._place)
        if found:
            self._mark("decoration", found[0])
        elif self._text[self._place] == "!":
            self._mark("line", "!")  # the line end of ABC before 1.6
        else:
            self.fail("this + is never closed", self._place)

    def _length(self) -> Fraction:
        """The length that may follow a note, as a multiplier."""
        found = patterns.LENGTH.match(self._text, self._place)
        if found is None:
            return Fraction(1)
        length = multiplier(found[0])
        if length is None:
            self.fail(f"impossible length {found[0]}", self._place)
        self._place = found.end()
        return length


@lru_cache(maxsize=1024)
def multiplier(text: str) -> Fraction | None:
    """What a length written behind a note multiplies: `3/2`, `/` is 1/2; `None` if impossible."""
    found = patterns.LENGTH.fullmatch(text)
    if found is None:
        return None
    top, slashes, bottom = found.groups()
    over = int(top or 1)
    under = int(bottom) * 2 ** (len(slashes) - 1) if bottom else 2 ** len(slashes)
    if not (1 <= over <= MAX_IN_FRACTION and 1 <= under <= MAX_IN_FRACTION):
        return None
    return Fraction(over, under)
