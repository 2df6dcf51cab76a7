"""Where the tunes in a text begin and end.

A tune begins at `X:`, or, where that is missing, at a paragraph of fields with a `K:` among them,
and ends at an empty line or the next `X:`. Everything else is free text and is passed over.
"""

import re
from dataclasses import dataclass

from charnn.music.tune import tune_name

_FIELD = re.compile(r"[A-Za-z]:(?![|:])")


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
    lines = re.split(r"\r\n|\r|\n", text.removeprefix("\ufeff"))
    sources: list[TuneSource] = []
    start: int | None = None
    for index, line in enumerate([*lines, ""]):
        ends = not line.strip() or line.startswith("X:")
        if start is not None and ends:
            sources += _source(lines[start:index], start + 1)
            start = None
        if start is None and _FIELD.match(line):
            start = index
    return sources


def _source(lines: list[str], line: int) -> list[TuneSource]:
    first = dict.fromkeys("XTK", "")
    for field in reversed(lines):
        if field[:1] in first and field[1:2] == ":":
            first[field[0]] = field[2:].partition("%")[0].strip() or " "
    if not first["X"] and not first["K"]:
        return []  # a file header, or prose that happens to begin with "N:"
    number, title = first["X"].strip(), first["T"].strip()
    return [TuneSource("\n".join(lines) + "\n", line, number, title)]
