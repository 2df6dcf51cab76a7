"""The first layer of the body reader: the position in a line, and the marks that take no time.

This layer reads spaces, slurs, words in quotes, decorations and lengths. The meaning of these signs
does not depend on other signs.
"""

from fractions import Fraction
from typing import NoReturn

from charnn.errors import TuneError
from charnn.music.abc import patterns
from charnn.music.abc.note_length import MAX_IN_FRACTION, parse_length
from charnn.music.tune.tune import Element, Mark, MarkKind


class MarkReader:
    """A reader of marks, with a position in a line of music and the elements before it.

    Each `_read` method reads the sign at the position and moves the position to the end of the
    sign. All of them but `_read_length` append an element.

    Args:
        name: the name of the tune in errors.
    """

    def __init__(self, name: str) -> None:
        self.elements: list[Element] = []
        self._name = name
        self._line_number, self._text, self._position = 0, "", 0

    def fail(self, problem: str, position: int) -> NoReturn:
        """Raise a `TuneError` at a position in the current line; the first position is 0."""
        raise TuneError(problem, self._line_number, position + 1, self._name)

    def _add_mark(self, kind: MarkKind, text: str, meaning: str = "") -> None:
        self.elements.append(Mark(kind, text, self._line_number, self._position + 1, meaning))
        self._position += len(text)

    def _read_space(self) -> None:
        found = patterns.SPACE.match(self._text, self._position)
        self._add_mark("space", found[0] if found else self._text[self._position])

    def _read_spacer(self) -> None:
        found = patterns.SPACER.match(self._text, self._position)
        self._add_mark("space", found[0] if found else "y")

    def _read_slur(self) -> None:
        self._add_mark("slur", self._text[self._position])

    def _read_quoted(self) -> None:
        end = self._text.find('"', self._position + 1)
        if end < 0:
            self.fail('this " is never closed: add the second "', self._position)
        # ABC 2.1, "Annotations": one of ^ _ < > @ marks an annotation.
        annotation = self._text[self._position + 1] in patterns.ANNOTATION_PLACES
        kind: MarkKind = "annotation" if annotation else "chord symbol"
        self._add_mark(kind, self._text[self._position : end + 1])

    def _read_exclamation_or_plus(self) -> None:
        found = patterns.NAMED_DECORATION.match(self._text, self._position)
        if found and patterns.OLD_CHORD.fullmatch(found[0]):
            self.fail(
                "chords between + signs are no longer part of ABC: write the chord in brackets",
                self._position,
            )
        if found:
            self._add_mark("decoration", found[0])
        elif self._text[self._position] == "!":
            self._add_mark("line", "!")  # the line break of ABC before 1.6
        else:
            self.fail("this + is never closed: add the second +", self._position)

    def _read_length(self) -> Fraction:
        """Read the length at the position and return it; return 1 if there is no length."""
        found = patterns.LENGTH.match(self._text, self._position)
        if found is None:
            return Fraction(1)
        length = parse_length(found[0])
        if length is None:
            self._fail_length(found[0], self._position)
        self._position = found.end()
        return length

    def _fail_length(self, text: str, position: int) -> NoReturn:
        problem = f"impossible length {text}: its two numbers must be from 1 to {MAX_IN_FRACTION}"
        self.fail(problem, position)
