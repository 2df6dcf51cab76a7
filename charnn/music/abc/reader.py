"""Reading ABC notation into a `Tune`.

After the ABC standard 2.1, with what traditional tune books hold besides: old `!` line ends, free
text between tunes, headers without X:, M: or L:. Bars may be of any length; what has no meaning,
or a meaning that one melody can't play (several voices), is refused with its line and column.
"""

import re
from collections.abc import Callable
from typing import TypeVar

from charnn.errors import TuneError
from charnn.music.abc import fields
from charnn.music.abc.body_reader import BodyReader
from charnn.music.abc.tunebook import TuneSource, content_lines, split_book
from charnn.music.tune.tune import Meter, Tune

MAX_CHARACTERS = 16 * 1024

_FIELD = re.compile(r"([A-Za-z+]):(?![|:])(.*)")
_HEADER_FIELD = re.compile(r"([A-Za-z+]):(.*)")
_REMARK = re.compile(r"[H-Z] ")  # a field whose colon was forgotten
_Value = TypeVar("_Value")


def read_tunes(text: str) -> list[Tune]:
    """Read every tune of a text; to go on after a bad one, use `split_book` and `read_tune`.

    Raises:
        TuneError: a tune can't be read; line and column are the text's own.
    """
    return [read_tune(source) for source in split_book(text)]


def read_tune(source: TuneSource) -> Tune:
    """Read one tune.

    Raises:
        TuneError: it can't be read, is longer than 16 kB or has more than 2,000 notes.
    """
    if len(source.text) > MAX_CHARACTERS:
        problem = f"longer than {MAX_CHARACTERS:,} characters"
        raise TuneError(problem, source.line, 1, source.name)
    lines = content_lines(source)
    header = _Header(source, lines)
    meter = header.value("M", fields.parse_meter, Meter("", 0, 0))
    unit = header.value("L", fields.parse_unit_length, fields.default_unit_length(meter))
    key = header.value("K", fields.parse_key, fields.parse_key("none"))
    reader = BodyReader(source.name, key, meter, unit)
    for letter, text, line in header.fields:
        if letter in "UV":
            reader.change(letter, text, line, 1)
    for line, text in enumerate(lines[header.length :], source.line + header.length):
        if found := _FIELD.match(text):
            reader.change(found[1], found[2], line, 1)
        elif text:
            reader.read_line(text, line)
    return Tune(
        number=source.number,
        titles=tuple(text for letter, text, _ in header.fields if letter == "T"),
        rhythm=header.value("R", str, ""),
        parts=header.value("P", fields.parse_part_order, ()),
        key=key,
        meter=meter,
        unit=unit,
        tempo=header.value("Q", lambda text: fields.parse_tempo(text, unit), None),
        fields=tuple((letter, text) for letter, text, _ in header.fields),
        music=reader.finish(),
        line=source.line,
    )


class _Header:
    """The fields of a tune up to and with its first K:."""

    def __init__(self, source: TuneSource, lines: list[str]) -> None:
        self._name = source.name
        self.fields: list[tuple[str, str, int]] = []  # letter, words, line
        self.length = 0  # lines
        for line, text in enumerate(lines, source.line):
            self.length += 1
            if found := _HEADER_FIELD.match(text):
                self.fields.append((found[1], found[2].strip(), line))
                if found[1] == "K":
                    return
            elif "|" in text and not _REMARK.match(text):
                raise TuneError("music, but the key (K:) has not come yet", line, 1, self._name)
            elif text:
                self.fields.append(("+", text, line))  # H: ran over lines in ABC 1.6
        raise TuneError("the key (K:) is missing", source.line, 1, self._name)

    def value(self, letter: str, read: Callable[[str], _Value], default: _Value) -> _Value:
        """What the last such field says, or `default` where there is none."""
        for found, text, line in reversed(self.fields):
            if found == letter:
                try:
                    return read(text)
                except fields.FieldError as error:
                    raise TuneError(str(error), line, 3, self._name) from None
        return default
