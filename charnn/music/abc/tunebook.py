"""The splitting of a text into tunes (ABC 2.1, "ABC file structure").

A tune begins at `X:` or, without `X:`, at a paragraph of fields that contains `K:`. It ends at the
next `X:` or at an empty line. In many books empty lines stand in headers, so a tune that began with
`X:` or `T:` may have empty lines before its first line of music. All other text is free text and is
skipped.
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
    """The text of one tune and its place in the text that was split.

    Attributes:
        text: the lines of the tune, each ended by `\\n`.
        line: the number of the tune's first line in the whole text, from 1.
        number: the text of X:; `""` if it is missing.
        title: the first T:; `""` if it is missing.
    """

    text: str
    line: int = 1
    number: str = ""
    title: str = ""

    @property
    def name(self) -> str:
        """The name of the tune in messages."""
        return tune_name(self.number, self.title)


def split_book(text: str) -> list[TuneSource]:
    """Return the tunes of a text, in order; never raises."""
    return list(iterate_book(text))


def iterate_book(text: str) -> Iterator[TuneSource]:
    """Yield the tunes of a text one by one: a text of 64 MB may contain millions."""
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    start: int | None = None
    may_have_empty_lines = has_key = False
    for index, line in enumerate([*lines, "X:"]):  # the last X: ends the last tune
        empty = not line.strip()
        if start is not None and (line.startswith("X:") or (empty and not may_have_empty_lines)):
            source = _tune_source(lines[start:index], start + 1)
            if source is not None:
                yield source
            start = None
        if start is None and FIELD.match(line) and index < len(lines):
            start, may_have_empty_lines, has_key = index, line.startswith(("X:", "T:")), False
        if has_key and not empty and not line.startswith("%") and not FIELD.match(line):
            may_have_empty_lines = False  # this is the first line of music
        has_key = has_key or line.startswith("K:")


def content_lines(source: TuneSource) -> list[str]:
    """Return the lines of a tune without comments, typeset text and traces of mail.

    A dropped line becomes an empty line, so that line numbers remain right.

    Raises:
        TuneError: typeset text (`%%begintext` or the like) is never closed.
    """
    lines: list[str] = []
    open_block, open_line_number = "", 0  # "text", "ps", "svg" after %%begintext, ...
    for line_number, text in enumerate(source.text.split("\n"), source.line):
        directive = _DIRECTIVE.match(text)
        name = directive[1].lower() if directive else ""
        if open_block:
            open_block = "" if name == "end" + open_block else open_block
            text = ""
        elif name.startswith("begin"):
            open_block, open_line_number = name.removeprefix("begin"), line_number
        lines.append(undo_quoted_printable(_COMMENT.sub("", text)).rstrip())
    if open_block:
        problem = f"%%begin{open_block} without %%end{open_block}: add the second line"
        raise TuneError(problem, open_line_number, 1, source.name)
    return lines


def _tune_source(lines: list[str], line_number: int) -> TuneSource | None:
    """Return the tune of a paragraph; None if the paragraph is a file header or prose.

    A paragraph with X: or K: is a tune. Prose may look like another field: "N:", for example.
    """
    first = dict.fromkeys("XTK", "")
    for field in reversed(lines):
        if field[:1] in first and field[1:2] == ":":
            first[field[0]] = field[2:].partition("%")[0].strip() or " "
    if not first["X"] and not first["K"]:
        return None
    while not lines[-1].strip():
        lines.pop()
    number, title = first["X"].strip(), first["T"].strip()
    return TuneSource("\n".join(lines) + "\n", line_number, number, title)
