"""The first layer of the body reader: the position in a line, and the marks that take no time.

This layer reads spaces, slurs, words in quotes, decorations and lengths. The meaning of these signs
does not depend on other signs. A sign without a meaning changes no note, so it is left out and
becomes a problem of the tune.
"""

import re
from fractions import Fraction
from typing import NoReturn

from charnn.errors import TuneError
from charnn.music.abc import patterns
from charnn.music.abc.note_length import MAX_IN_FRACTION, parse_length
from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import Element, Mark, MarkKind

# Signs that belong to a note: without one, they may be the rest of a note that is spoilt.
_NOTE_SIGNS = frozenset("0123456789/,'^_=<>")
# A line with more letters that mean nothing consists of words: their other letters are no notes.
_MAX_UNKNOWN_LETTERS = 2
_MUSIC_LETTERS = frozenset("ABCDEFGabcdefgxyzXZ") | patterns.DECORATIONS
_LETTERS = re.compile("[A-Za-z]+")
DOTTED_TIE = "a dotted tie is read as a tie"
_LONGEST_WORD = 20
_WORD = re.compile("[A-Z]?[a-z]{2,}|[A-Z]{3,}")


class MarkReader:
    """A reader of marks, with a position in a line of music and the elements before it.

    Each `_read` method reads the sign at the position and moves the position to the end of the
    sign. All of them but `_read_length` append an element.

    Args:
        name: the name of the tune in errors.

    Attributes:
        elements: the elements that were read.
        problems: the signs and fields that were left out.
    """

    def __init__(self, name: str) -> None:
        self.elements: list[Element] = []
        self.problems: list[Problem] = []
        self._name = name
        self._line_number, self._text, self._position = 0, "", 0
        self._user_signs: dict[str, str] = {}  # the decorations that U: gives to characters
        self._unknown_letters: set[str] = set()  # of the line

    def fail(self, problem: str, position: int) -> NoReturn:
        """Raise a `TuneError` at a position in the current line; the first position is 0."""
        raise TuneError(problem, self._line_number, position + 1, self._name)

    def _report(self, text: str, position: int, *, serious: bool = False) -> None:
        """Add a problem at a position in the current line; the first position is 0."""
        self.problems.append(Problem(text, self._line_number, position + 1, serious))

    def _leave_out(self, text: str, why: str = "") -> None:
        """Leave out the text at the position, which has no meaning there, and report it."""
        why = why or f"{text!r} means nothing here"
        self._report(f"{why}: it is left out", self._position, serious=text[0] in _NOTE_SIGNS)
        self._position += len(text)

    def _leave_out_letter(self) -> None:
        """Leave out a letter without a meaning.

        Raises:
            TuneError: the letter belongs to a word, as in a line `Fine`, whose other letters are no
                notes.
        """
        letter = self._text[self._position]
        if letter.isalpha():
            self._unknown_letters.add(letter)
            if len(self._unknown_letters) > _MAX_UNKNOWN_LETTERS or self._is_in_word():
                self.fail(
                    "these words are no music: put them in quotes, or begin the line with N:",
                    self._position,
                )
        self._leave_out(letter)

    def _is_in_word(self) -> bool:
        """Return whether the unknown letter at the position belongs to a word."""
        before = _LETTERS.match(
            self._text[max(0, self._position - _LONGEST_WORD) : self._position][::-1]
        )
        after = _LETTERS.match(self._text, self._position, self._position + _LONGEST_WORD)
        word = (before[0][::-1] if before else "") + (after[0] if after else "")
        unknown = set(word) - _MUSIC_LETTERS - self._user_signs.keys()
        return bool(_WORD.fullmatch(word)) and ("|" not in self._text or len(unknown) > 1)

    def _add_mark(self, kind: MarkKind, text: str, meaning: str = "") -> None:
        self.elements.append(Mark(kind, text, self._line_number, self._position + 1, meaning))
        self._position += len(text)

    def _read_space(self) -> None:
        if found := patterns.SPACE.match(self._text, self._position):
            self._add_mark("space", found[0])
        else:
            self._leave_out(r"\%")

    def _read_spacer(self) -> None:
        found = patterns.SPACER.match(self._text, self._position)
        self._add_mark("space", found[0] if found else "y")

    def _read_slur(self) -> None:
        found = patterns.DOTTED_CURVE.match(self._text, self._position)
        self._add_mark("slur", found[0] if found else self._text[self._position])

    def _read_quoted(self) -> None:
        end = self._text.find('"', self._position + 1)
        if end < 0:
            self.fail('this " is never closed: add the second "', self._position)
        # ABC 2.1, "Annotations": one of ^ _ < > @ marks an annotation.
        annotation = self._text[self._position + 1] in patterns.ANNOTATION_PLACES
        kind: MarkKind = "annotation" if annotation else "chord symbol"
        self._add_mark(kind, self._text[self._position : end + 1])

    def _read_exclamation_or_plus(self) -> None:
        if found := patterns.NAMED_DECORATION.match(self._text, self._position):
            self._add_mark("decoration", found[0], _one_word(found[0]))
        elif self._text[self._position] == "!":
            self._add_mark("line", "!")  # the line break of ABC before 1.6
        else:
            self._leave_out("+", "this + is never closed")

    def _is_decoration(self, sign: str) -> bool:
        """Return whether a single character is a decoration, by the standard or by U:."""
        return sign in patterns.DECORATIONS or sign in self._user_signs

    def _read_short_decoration(self) -> None:
        sign = self._text[self._position]
        if sign == "." and patterns.DOTTED_CURVE.match(self._text, self._position):
            self._read_dotted_curve()
            return
        self._add_mark("decoration", sign, self._user_signs.get(sign, ""))

    def _read_dotted_curve(self) -> None:
        if self._text[self._position + 1] != "-":
            self._read_slur()
            return
        self._report(DOTTED_TIE, self._position)
        self._position += 1

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
        problem = (
            f"impossible length {text}: numbers in a length must be from 1 to {MAX_IN_FRACTION}"
        )
        self.fail(problem, position)


def _one_word(decoration: str) -> str:
    """Return the name that the standard gives to a decoration of several words; `""` for one word.

    `!D.C. al Fine!` is `!D.C.alfine!`, and `!To Coda!` is `!dacoda!`.
    """
    if " " not in decoration.strip():
        return ""
    name = decoration.replace(" ", "").lower().replace("tocoda", "dacoda")
    return name.replace("d.c.", "D.C.").replace("d.s.", "D.S.")
