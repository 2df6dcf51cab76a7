"""A tune book as text: its tunes, each of them replaced by a new text, and all that is around them.

Text that cannot be changed stays as it is, and its problem is listed. So no tune is lost.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from charnn.errors import TuneError
from charnn.music.abc.macros import as_comment
from charnn.music.abc.patterns import LINE_END
from charnn.music.abc.tunebook import TuneSource, iterate_book

_NUMBER_FIELD = re.compile(r"\s*X:.*")


@dataclass(frozen=True, slots=True)
class ChangedBook:
    """A book whose tunes were changed.

    Attributes:
        text: the whole text, with line ends `\\n` and one empty line between tunes.
        problems: why some tunes stayed as they were.
    """

    text: str
    problems: tuple[TuneError, ...] = ()


def change_book(text: str, change: Callable[[TuneSource], str]) -> ChangedBook:
    """Return a book with each tune changed.

    Args:
        text: the text of the book.
        change: a function that returns the new text of a tune.
    """
    problems: list[TuneError] = []
    paragraphs: list[str] = []
    for piece in _pieces(text):
        if isinstance(piece, str):
            paragraphs.append(piece)
            continue
        try:
            paragraphs.append(change(piece).rstrip("\n"))
        except TuneError as problem:
            problems.append(problem)
            paragraphs.append(piece.text.rstrip())
    book = "".join(f"{paragraph}\n\n" for paragraph in paragraphs)[:-1]
    return ChangedBook(book, tuple(problems))


def _pieces(text: str) -> Iterator[str | TuneSource]:
    """Yield the tunes of a book, and the paragraphs between them."""
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    done = 0
    for source in iterate_book(text):
        yield from _paragraphs(lines[done : source.line - 1])
        yield source
        done = source.line - 1 + source.text.count("\n")
    yield from _paragraphs(lines[done:])


def _paragraphs(lines: list[str]) -> list[str]:
    # The changed tunes have notes in place of macros.
    text = "\n".join(as_comment(line.rstrip()) for line in lines).strip("\n")
    return re.split(r"\n{2,}", text) if text else []


class NumberGiver:
    """A giver of the numbers X: of a book: each tune keeps its own, unless a tune before has it.

    Args:
        text: the text of the book.

    Attributes:
        changed: the names of the tunes that got another number, as they were before.
        first_new: the first of their new numbers; the others follow it.
    """

    def __init__(self, text: str) -> None:
        numbers = [int(s.number) for s in iterate_book(text) if _is_number(s.number)]
        self._next = self.first_new = max(numbers, default=0) + 1
        self._given: set[str] = set()
        self.changed: list[str] = []

    def numbered(self, source: TuneSource, text: str) -> str:
        """Return the new text of a tune with its number; each number is given once."""
        number = source.number
        if not number or _name(number) in self._given:
            number, self._next = str(self._next), self._next + 1
            self.changed.append(source.name or "a tune without a name")
        self._given.add(_name(number))
        first, _, rest = text.partition("\n")
        return f"X:{number}\n{rest if _NUMBER_FIELD.fullmatch(first) else text}"


def _is_number(text: str) -> bool:
    # int() refuses more than 4,300 digits, and no book has a billion tunes.
    return text.isdecimal() and len(text) <= 9


def _name(number: str) -> str:
    return str(int(number)) if _is_number(number) else number
