"""Where the tunes in a text begin and end.

A tune begins at `X:`, or, where that is missing, at a paragraph of fields with a `K:` among them,
and ends at the next `X:` or an empty line; but not at one before its first line of music, if it
began with `X:` or `T:`. Everything else is free text and is passed over.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from charnn.errors import TuneError
from charnn.music.abc.patterns import FIELD, undo_quoted_printable
from charnn.music.tune.tune import tune_name

_COMMENT = re.compile(r"(?<!\\)%.*")
_DIRECTIVE = re.compile(r"(?:%%|I:) *([A-Za-z]+)")


@dataclass(frozen=True, slots=True)
class TuneSource:
    """The text of one tune, line ends as `\\n`, and where it comes from.

    Attributes:
        text: the tune's lines.
        line: the line of the book that it begins on, from 1.
        number: the words of X:, `""` without.
        title: the first T:, `""` without.
    """

    text: str
    line: int = 1
    number: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """What messages call the tune."""
        return tune_name(self.number, self.title)


def split_book(text: str) -> list[TuneSource]:
    """The tunes in a text, in order; none where there is no tune. Never raises."""
    return list(iterate_book(text))


def iterate_book(text: str) -> Iterator[TuneSource]:
    """The same one by one, for texts that may hold millions."""
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    start: int | None = None
    open_header = has_key = False  # open: empty lines do not end it
    for index, line in enumerate([*lines, "X:"]):
        empty = not line.strip()
        if start is not None and (line.startswith("X:") or (empty and not open_header)):
            yield from _source(lines[start:index], start + 1)
            start = None
        if start is None and FIELD.match(line) and index < len(lines):
            start, open_header, has_key = index, line.startswith(("X:", "T:")), False
        if has_key and not empty and not line.startswith("%") and not FIELD.match(line):
            open_header = False
        has_key = has_key or line.startswith("K:")


def content_lines(source: TuneSource) -> list[str]:
    """The lines of a tune, emptied of comments, typeset text and what mail left.

    Raises:
        TuneError: a `%%begintext` or the like has no end.
    """
    lines: list[str] = []
    opened, line_opened = "", 0  # "text", "ps", "svg": what has begun and not ended yet
    for line, text in enumerate(source.text.split("\n"), source.line):
        directive = _DIRECTIVE.match(text)
        name = directive[1].lower() if directive else ""
        if opened:
            opened = "" if name == "end" + opened else opened
            text = ""
        elif name.startswith("begin"):
            opened, line_opened = name.removeprefix("begin"), line
        lines.append(undo_quoted_printable(_COMMENT.sub("", text)).rstrip())
    if opened:
        raise TuneError(f"%%begin{opened} without %%end{opened}", line_opened, 1, source.name)
    return lines


def _source(lines: list[str], line: int) -> list[TuneSource]:
    first = dict.fromkeys("XTK", "")
    for field in reversed(lines):
        if field[:1] in first and field[1:2] == ":":
            first[field[0]] = field[2:].partition("%")[0].strip() or " "
    if not first["X"] and not first["K"]:
        return []  # a file header, or prose that happens to begin with "N:"
    while not lines[-1].strip():
        lines.pop()
    number, title = first["X"].strip(), first["T"].strip()
    return [TuneSource("\n".join(lines) + "\n", line, number, title)]
