"""The encoding that a tune book declares in its header (`%%abc-charset`)."""

import re
from collections.abc import Iterator

# ABC 2.1, "Charset field", in the header of a file or of its first tune.
_CHARSET = re.compile(r"[ \t]*(?:%%|I:)[ \t]*abc-charset[ \t]+([^\s%]+)", re.I)
_HEADER_LINE = re.compile(r"[ \t]*(?:%.*|[A-Za-z+]:.*)?")
_LINE = re.compile(r"[^\r\n]*")
# A header is never longer.
_HEAD_BYTES = 1 << 20


def leading_lines(text: str) -> Iterator[re.Match[str]]:
    """Yield the lines of a text that can stand before the music of a tune book.

    They are empty lines, comments and fields. They end at the first line of music or of prose.
    """
    for line in _LINE.finditer(text):
        if not _HEADER_LINE.fullmatch(line[0]):
            return
        yield line


def declared_charset(content: bytes) -> str | None:
    """Return the encoding that a tune book declares (`%%abc-charset`); None without one."""
    found = _declaration(content[:_HEAD_BYTES].decode("latin-1"))
    return found[1] if found else None


def with_charset_utf_8(text: str) -> str:
    """Return the beginning of a text with a declared encoding replaced by UTF-8."""
    for line in leading_lines(text):
        found = _CHARSET.match(line[0])
        if found and found[1].casefold().replace("_", "-") not in ("utf-8", "utf8"):
            begin, end = (line.start() + place for place in found.span(1))
            return text[:begin] + "utf-8" + text[end:]
    return text


def _declaration(text: str) -> re.Match[str] | None:
    """Return the declaration of the encoding of a tune book; its group 1 is the encoding."""
    return next((found for line in leading_lines(text) if (found := _CHARSET.match(line[0]))), None)
