"""Bytes to text, strictly: a corpus is read as it is, or refused with the reason.

Nothing is guessed: a wrong codec gives wrong letters without any error, and a model learns them. A
byte order mark names its codec, whatever else is said (of a folder, only some files may have one);
without a mark the bytes must be valid UTF-8, or the caller names the codec. Line ends survive as
they are. Everything streams, so that no file has to fit into memory.
"""

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from charnn.errors import CorpusError, UsageError

CHUNK_BYTES = 1 << 20

# The longer marks come first: UTF-32's begins with UTF-16's. These codecs leave a mark in the text.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
# Control characters that no text needs; tab, line ends and form feed are text.
_CONTROLS = bytes([*range(9), *range(14, 32), 127])


@dataclass(frozen=True)
class Document:
    """One text: its name and a way to read it, from its beginning each time, in pieces."""

    name: str
    chunks: Callable[[], Iterator[str]]

    def text(self) -> str:
        """Return the whole text at once."""
        return "".join(self.chunks())


def document(name: str, text: str) -> Document:
    """Return a document of a text that is already in memory."""
    return Document(name, lambda: iter((text,)))


def decode(stream: BinaryIO, name: str, encoding: str | None = None) -> Iterator[str]:
    """Yield the text of a binary stream in pieces of about a megabyte.

    Args:
        stream: read to its end, from where it stands.
        name: what the stream is called in messages.
        encoding: the codec, unless a byte order mark names another; when `None`, UTF-8.

    Raises:
        CorpusError: the bytes are not text in that encoding, or look binary.
        UsageError: there is no such codec.
    """
    raw = stream.read(CHUNK_BYTES)
    _decoder(encoding or "utf-8")  # a mark does not hide that there is no such codec
    decoder = _decoder(codec := _codec(raw, encoding))
    fed = characters = controls = 0
    while True:
        fed += len(raw)
        try:
            text = decoder.decode(raw, not raw)
            controls += _controls(raw if codec == "utf-8" else text.encode())
        except UnicodeDecodeError as error:
            if encoding is None and b"\0" in raw:
                raise CorpusError(_binary(name)) from error
            raise CorpusError(_undecodable(error, fed, name, codec)) from error
        except UnicodeError as error:  # of a whole text, without a place; or it has surrogates
            raise CorpusError(f"{name} is not {codec} text: {error}") from error
        characters += len(text)
        if "\0" in text or controls * 100 > characters:
            raise CorpusError(_binary(name))
        if characters == len(text):
            text = text.removeprefix("\ufeff")
        if text:
            yield text
        if not raw:
            return
        raw = stream.read(CHUNK_BYTES)


def read_file(path: Path, encoding: str | None = None) -> Iterator[str]:
    """Yield the text of a file in pieces, see `decode`; `.gz` is unpacked on the way.

    Raises:
        CorpusError: the file cannot be read or unpacked, or is not text in that encoding.
    """
    try:
        with open_file(path) as stream:
            yield from decode(stream, str(path), encoding)
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CorpusError(f"{path} is damaged and cannot be unpacked: {error}") from error
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading bytes, unpacked if its name ends in `.gz`."""
    if path.suffix.lower() == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def looks_like_text(path: Path, encoding: str | None = None, *, head: int = 1 << 16) -> bool:
    """Tell by the first `head` bytes whether a file holds text, in whatever encoding.

    Bytes that do not decode are no sign of a binary file (a Latin-1 text has them, and should be
    met with advice, not passed over); control characters are.
    """
    try:
        with open_file(path) as stream:
            raw = stream.read(head)
    except (EOFError, zlib.error, OSError):
        return False
    try:
        text = _decoder(_codec(raw, encoding), errors="replace").decode(raw)
        return "\0" not in text and _controls(text.encode()) * 100 <= len(text)
    except UnicodeError:
        return True


def _controls(utf_8: bytes) -> int:
    """Count the control characters that have no place in a text."""
    # No byte of a longer character looks like one; a pass over bytes is the fastest.
    return len(utf_8) - len(utf_8.translate(None, _CONTROLS))


def _codec(raw: bytes, encoding: str | None) -> str:
    """Return the codec of a text that begins with these bytes."""
    return next((codec for mark, codec in _MARKS if raw.startswith(mark)), encoding or "utf-8")


def _decoder(codec: str, errors: str = "strict") -> codecs.IncrementalDecoder:
    try:
        "x".encode(codec)  # `codecs` alone would also hand out codecs of bytes, such as base64
        return codecs.getincrementaldecoder(codec)(errors)
    except (LookupError, ValueError) as error:
        raise UsageError(f"there is no text encoding {codec!r}: try utf-8 or cp1252") from error


def _binary(name: str) -> str:
    return (
        f"{name} looks binary, not like text: name a text file, "
        "or its codec with --encoding (utf-16-le, say) if it has no byte order mark"
    )


def _undecodable(error: UnicodeDecodeError, fed: int, name: str, codec: str) -> str:
    # The decoder's own position counts from the bytes that it had kept back from the last piece.
    offset = fed - len(error.object) + error.start
    byte = error.object[error.start]
    return (
        f"{name} is not {codec} text: byte 0x{byte:02x} at offset {offset} ({error.reason}); "
        "name its codec with --encoding, such as --encoding cp1252"
    )
