"""The splitting of a text into tunes (ABC 2.1, "ABC file structure").

A tune begins at `X:` or, without `X:`, at a paragraph of fields that contains `K:`. It ends at the
next `X:` or at an empty line. In many books empty lines stand in headers, so a tune that began with
`X:` or `T:` may have empty lines before its first line of music. Lines may be indented, as tunes in
mails and on web pages often are.

A paragraph of fields before the first tune is the file header, whose fields hold for every tune
that has no such field of its own. All other text is free text and is skipped.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import NamedTuple

from charnn.errors import TuneError
from charnn.music.abc.lost_music import find_lost_music
from charnn.music.abc.patterns import (
    COMMENT,
    FIELD,
    LINE_END,
    plain_blanks,
    undo_quoted_printable,
)
from charnn.music.abc.text_escapes import decode_text
from charnn.music.tune.tune import tune_name

_DIRECTIVE = re.compile(r"(?:%%|I:) *([A-Za-z]+)")
# As `patterns.FIELD`, with `+:`, which continues the field before (ABC 2.1, "Field continuation").
HEADER_FIELD = re.compile(r"[ \t]*([A-Za-z+]):(.*)")
# As `HEADER_FIELD`; a letter before `:|` or `::` is music, but lyrics may begin with a `|`.
BODY_FIELD = re.compile(r"[ \t]*([A-Za-z+]):(?:(?<=[wWs+]:)|(?![|:]))(.*)")
# Of 5,052 tunes in four collections, the longest has 2,439 characters.
MAX_CHARACTERS = 16 * 1024
# ABC 2.1, "Information fields", does not let these fields hold for a whole file. It excludes Q: as
# well, but a tempo before the first tune has no other meaning.
_OF_ONE_TUNE = frozenset("KPTVWXsw")
MAX_FILE_HEADER = 16 * 1024  # characters
# Definitions, of which a tune may have several; a later one with the same name replaces an earlier.
_DEFINITIONS = frozenset("IUm")


class HeaderField(NamedTuple):
    """A field of a header: its letter, its text and the number of its line, from 1."""

    letter: str
    text: str
    line: int


@dataclass(frozen=True, slots=True)
class TuneSource:
    """The text of one tune and its place in the text that was split.

    Attributes:
        text: the lines of the tune, each ended by `\\n`.
        line: the number of the tune's first line in the whole text, from 1.
        number: the text of X:; `""` if it is missing.
        title: the first T: as it is shown, without escapes; `""` if it is missing.
        file_header: the fields of the file header, which are lines of the whole text.
        lost_line: the first line of music between this tune and the next one; 0 without.
    """

    text: str
    line: int = 1
    number: str = ""
    title: str = ""
    file_header: tuple[HeaderField, ...] = ()
    lost_line: int = 0

    @property
    def name(self) -> str:
        """The name of the tune in messages."""
        return tune_name(self.number, self.title)

    def inherited(self, own_letters: Iterable[str]) -> list[HeaderField]:
        """Return the fields of the file header that hold for a tune with fields of its own.

        Args:
            own_letters: the letters of the fields in the tune's header.
        """
        overridden = set(own_letters) - _DEFINITIONS
        return [field for field in self.file_header if field.letter not in overridden]


def split_book(text: str) -> list[TuneSource]:
    """Return the tunes of a text, in order; never raises."""
    return list(iterate_book(text))


def iterate_book(text: str) -> Iterator[TuneSource]:
    """Yield the tunes of a text one by one: a text of 64 MB may contain millions."""
    lines = LINE_END.split(text.removeprefix("\ufeff"))
    file_header, first = _read_file_header(lines)
    start: int | None = None
    may_have_empty_lines = has_key = False
    for index, indented in enumerate([*lines[first:], "X:"], first):  # the last X: ends a tune
        line = plain_blanks(indented).strip()
        empty = not line
        if start is not None and (line.startswith("X:") or (empty and not may_have_empty_lines)):
            source = _tune_source(lines[start:index], start + 1, file_header)
            if source is not None:
                lost = find_lost_music(lines, index)
                yield source if lost is None else replace(source, lost_line=lost + 1)
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
    lines = _content(source.text.split("\n"), source.line, source.name)
    return [line or "" for line in lines]


def inherited_fields(source: TuneSource) -> list[HeaderField]:
    """Return the fields of the file header that hold for a tune.

    Raises:
        TuneError: typeset text in the tune is never closed.
    """
    letters: list[str] = []
    for line in content_lines(source):
        if found := HEADER_FIELD.match(line):
            letters.append(found[1])
            if found[1] == "K":
                break
    return source.inherited(letters)


def _content(lines: Iterable[str], first_number: int, tune: str) -> Iterator[str | None]:
    """Yield each line without comments and traces of mail, and None for each in typeset text.

    Raises:
        TuneError: typeset text is never closed; `tune` is the name of its tune.
    """
    open_block, open_line_number = "", 0  # "text", "ps", "svg" after %%begintext, ...
    for line_number, original in enumerate(lines, first_number):
        text = plain_blanks(original)
        directive = _DIRECTIVE.match(text.lstrip())
        name = directive[1].lower() if directive else ""
        if open_block:
            open_block = "" if name == "end" + open_block else open_block
            yield None
            continue
        if name.startswith("begin"):
            open_block, open_line_number = name.removeprefix("begin"), line_number
        if name == "linebreak":  # `%%linebreak $` is the older spelling of `I:linebreak $`
            text = _DIRECTIVE.sub("I:linebreak", text.lstrip(), count=1)
        yield undo_quoted_printable(COMMENT.sub("", text)).rstrip()
    if open_block:
        problem = f"%%begin{open_block} without %%end{open_block}: add the second line"
        raise TuneError(problem, open_line_number, 1, tune)


def _read_file_header(lines: list[str]) -> tuple[tuple[HeaderField, ...], int]:
    """Return the fields of the file header, and the number of lines before the first tune.

    The file header is the first paragraph with fields, unless it contains prose, or belongs to a
    tune without X:. The line X: of a tune ends it as well as an empty line does. A K: holds for no
    tune; what it leads to is the file header if X: follows, and a tune if music does.

    Returns:
        The fields, and an index in `lines`. The fields are empty and the index is 0 without a file
        header.
    """
    header: list[HeaderField] = []
    letter, length = "", 0
    ended = has_title = has_key = False
    for index, (indented, content) in enumerate(zip(lines, _content(lines, 1, ""), strict=False)):
        line = plain_blanks(indented).strip()
        if line.startswith("X:") or length > MAX_FILE_HEADER:
            is_tune = has_key and has_title
            return () if is_tune else tuple(header), index if has_key and not is_tune else 0
        if line.startswith("K:"):
            if has_title or ended:
                return () if has_title or has_key else tuple(header), 0
            has_key = True
        if content is None or (ended and not (has_key and content)):
            continue  # typeset text may have empty lines
        if content:
            found = HEADER_FIELD.match(content)
            if found is None or ended:
                return (), 0
            continues, text = found[1] == "+", found[2].strip()
            letter = letter if continues else found[1]
            has_title = has_title or letter == "T"
            if letter and letter not in _OF_ONE_TUNE:
                length += len(text) + (1 if continues else 2)
                if continues:
                    header[-1] = header[-1]._replace(text=f"{header[-1].text} {text}")
                else:
                    header.append(HeaderField(letter, text, index + 1))
        ended = bool(letter) and not line
    return () if has_key else tuple(header), 0


def _tune_source(
    lines: list[str], line_number: int, file_header: tuple[HeaderField, ...]
) -> TuneSource | None:
    """Return the tune of a paragraph; None if the paragraph is a file header or prose.

    A paragraph with X: or K: is a tune. Prose may look like another field: "N:", for example.
    """
    first = dict.fromkeys("XTK", "")
    for line in reversed(lines):
        field = plain_blanks(line).lstrip()
        if field[:1] in first and field[1:2] == ":":
            first[field[0]] = COMMENT.sub("", field[2:]).strip() or " "
    if not first["X"] and not first["K"]:
        return None
    while not lines[-1].strip():
        lines.pop()
    number, title = first["X"].strip(), decode_text(first["T"].strip())
    return TuneSource("\n".join(lines) + "\n", line_number, number, title, file_header)
