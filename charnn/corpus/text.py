"""From bytes to text, strictly: a file is read as it is, or refused with the reason.

No codec is guessed: with a wrong codec, decoding succeeds and gives wrong letters, which a model
would learn (a common guesser reads French Latin-1 as cp1250). A byte order mark (BOM) names the
codec of its file, even if `--encoding` names another one for the files without a mark. Without a
mark the user names the codec, or a tune book declares it, or the bytes must be valid UTF-8. Line
ends are not changed here, but see `charnn.corpus.line_ends`. Everything streams, so a file never
has to fit in memory.
"""

import codecs
import gzip
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from charnn.corpus.abc_charset import declared_charset, with_charset_utf_8
from charnn.corpus.binary_kinds import describe_binary, describe_document
from charnn.errors import CorpusError, UsageError, shorten

# A megabyte: a text in one line of 1 GB was prepared in 71 MB of memory.
CHUNK_BYTES = 1 << 20

# Longer marks first: the mark of UTF-32-LE starts with that of UTF-16-LE. Python's codecs with an
# explicit byte order leave the mark in the text, so `decode` removes it.
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
    (codecs.BOM_UTF8, "utf-8"),
)
_ADVICE = "Name its encoding, for example --encoding cp1252."
# Control characters that do not occur in text; tab, line ends and form feed do.
_CONTROLS = bytes([*range(9), *range(14, 32), 127])


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file whose content is a document, described so that another process can read it.

    Attributes:
        path: the path of the file.
        encoding: the codec if there is no byte order mark; None means UTF-8.
        line_feeds: whether CRLF and CR become line feeds.
        raw: whether the bytes of the file are the tokens.
    """

    path: str
    encoding: str | None = None
    line_feeds: bool = False
    raw: bool = False


@dataclass(frozen=True)
class Document:
    """A named text that can be read any number of times.

    Attributes:
        name: the name for messages.
        chunks: a function that reads the text from its beginning, in chunks.
        split_text: the text whose hash decides whether the document is held out, if that is not its
            own text.
        blocks: a function that reads the bytes from which the text is decoded; None if there are
            none.
        file: the file that `chunks` reads; None if it reads anything else.
    """

    name: str
    chunks: Callable[[], Iterator[str]]
    split_text: str | None = None
    blocks: Callable[[], Iterator[bytes]] | None = None
    file: SourceFile | None = None

    def text(self) -> str:
        """Return the whole text."""
        return "".join(self.chunks())


def document(name: str, text: str, split_text: str | None = None) -> Document:
    """Return a document of a text that is in memory; see `Document` for `split_text`."""
    return Document(name, lambda: iter((text,)), split_text)


class BinaryFileError(CorpusError):
    """A file that is not text in any encoding."""


def decode(
    stream: BinaryIO,
    name: str,
    encoding: str | None = None,
    *,
    advice: str = _ADVICE,
    errors: str = "strict",
) -> Iterator[str]:
    """Yield the text of a binary stream in chunks of about a megabyte.

    A tune book that declares another encoding than UTF-8 gets that declaration changed to UTF-8,
    because every text is written as UTF-8.

    Args:
        stream: the stream, which is read from its current position to its end.
        name: the name of the stream in messages.
        encoding: the codec if there is no byte order mark; None means the one that a tune book
            declares, else UTF-8.
        advice: the end of the message about bytes that are no text in that encoding.
        errors: "replace" writes U+FFFD for such bytes.

    Raises:
        BinaryFileError: the bytes look binary, or are a document of a word processor.
        CorpusError: the bytes are not text in that encoding.
        UsageError: there is no such codec.
    """
    raw = head = stream.read(CHUNK_BYTES)
    if kind := describe_document(head):
        raise BinaryFileError(f"{name} {kind}")
    # An unknown --encoding is an error also where a byte order mark makes it superfluous.
    _incremental_decoder(encoding or "utf-8")
    decoder = _incremental_decoder(codec := _codec_of(raw, encoding, name, advice), errors)
    bytes_read = characters = controls = 0
    while True:
        bytes_read += len(raw)
        try:
            text = decoder.decode(raw, not raw)
            controls += count_controls(raw if codec == "utf-8" else text.encode())
        except UnicodeDecodeError as error:
            if kind := describe_binary(head):
                raise BinaryFileError(f"{name} {kind}") from error
            if encoding is None and b"\0" in raw:
                raise BinaryFileError(_looks_binary(name, head)) from error
            raise CorpusError(_not_decodable(error, bytes_read, name, codec, advice)) from error
        # Raised by codecs such as punycode, which decode a whole text; and for lone surrogates.
        except UnicodeError as error:
            raise CorpusError(f"{name} is not {codec} text: {error}") from error
        characters += len(text)
        # At most 1 % may be control characters: a stray escape character occurs in real text.
        if "\0" in text or controls * 100 > characters:
            raise BinaryFileError(_looks_binary(name, head))
        if characters == len(text):
            text = with_charset_utf_8(text.removeprefix("\ufeff"))
        if text:
            yield text
        if not raw:
            return
        raw = stream.read(CHUNK_BYTES)


def read_file(path: Path, encoding: str | None = None) -> Iterator[str]:
    """Yield the text of a file in chunks, as `decode` does; a `.gz` file is unpacked.

    Raises:
        CorpusError: the file cannot be read or unpacked, or is not text in that encoding.
    """
    with _read_errors(path), open_file(path) as stream:
        yield from decode(stream, str(path), encoding)


def read_blocks(path: Path) -> Iterator[bytes]:
    """Yield the bytes of a file in blocks; a `.gz` file is unpacked.

    Raises:
        CorpusError: the file cannot be read or unpacked.
    """
    with _read_errors(path), open_file(path) as stream:
        while block := stream.read(CHUNK_BYTES):
            yield block


@contextmanager
def _read_errors(path: Path) -> Iterator[None]:
    """Turn the errors of reading a file into a `CorpusError`."""
    try:
        yield
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise CorpusError(f"{path} is damaged and cannot be unpacked: {error}") from error
    except FileNotFoundError as error:
        raise CorpusError(f"no such file: {path}") from error
    except OSError as error:
        raise CorpusError(f"cannot read {path}: {error.strerror or error}") from error


def open_file(path: Path) -> BinaryIO:
    """Open a file for reading bytes, unpacked if its name ends in `.gz`."""
    if path.suffix.lower() == ".gz":
        return cast(BinaryIO, gzip.open(path, "rb"))
    return path.open("rb")


def looks_like_text(path: Path, encoding: str | None = None) -> bool:
    """Return whether a whole file looks like text in any encoding.

    Control characters make a file binary, wherever they begin. Bytes that do not decode are
    accepted: a Latin-1 text has such bytes, and the user should get an error with advice instead of
    a folder without that text.
    """
    try:
        with open_file(path) as stream:
            for _ in decode(stream, str(path), encoding, errors="replace"):
                pass
    except (BinaryFileError, EOFError, zlib.error, OSError):
        return False
    except CorpusError:
        return True
    return True


def is_plain_utf_8(head: bytes, encoding: str | None) -> bool:
    """Return whether the text of a file is its bytes, read as UTF-8 without any change.

    Args:
        head: the first bytes of the file, up to about a megabyte.
        encoding: the codec that the user has set; None means UTF-8.
    """
    return (
        _is_utf_8(encoding or "utf-8")
        and not head.startswith(tuple(mark for mark, _ in _BYTE_ORDER_MARKS))
        and declared_charset(head) is None
    )


def count_controls(utf_8: bytes) -> int:
    """Return the number of control characters that do not occur in text."""
    # In UTF-8, all bytes of longer characters are above 127, so counting bytes is enough; and
    # bytes.translate is the fastest pass over a text that Python has.
    return len(utf_8) - len(utf_8.translate(None, _CONTROLS))


def _codec_of(raw: bytes, encoding: str | None, name: str = "", advice: str = "") -> str:
    """Return the codec of a text that starts with these bytes; see `decode` for the arguments.

    Raises:
        CorpusError: a tune book declares an encoding that does not exist.
    """
    for mark, codec in _BYTE_ORDER_MARKS:
        if raw.startswith(mark):
            return codec
    declared = declared_charset(raw) if encoding is None else None
    if declared is not None and not _is_text_codec(declared):
        raise CorpusError(
            f"{name} declares an unknown encoding, {shorten(declared, 40)!r}. {advice}"
        )
    return encoding or declared or "utf-8"


def _is_utf_8(codec: str) -> bool:
    try:
        return codecs.lookup(codec).name == "utf-8"
    except (LookupError, ValueError):  # an unknown name, or one with a zero byte
        return False


def _is_text_codec(codec: str) -> bool:
    try:
        # str.encode accepts text encodings only; `codecs` would also return base64 or rot13.
        "x".encode(codec)
        codecs.getincrementaldecoder(codec)
    except (LookupError, ValueError):
        return False
    return True


def _incremental_decoder(codec: str, errors: str = "strict") -> codecs.IncrementalDecoder:
    if not _is_text_codec(codec):
        raise UsageError(
            f"--encoding {codec!r}: there is no text encoding of that name. Try utf-8 or cp1252."
        )
    return codecs.getincrementaldecoder(codec)(errors)


def _looks_binary(name: str, head: bytes) -> str:
    if kind := describe_binary(head):
        return f"{name} {kind}"
    return (
        f"{name} looks binary, not like text. Name a text file, or the encoding of this one: "
        "UTF-16 without a byte order mark, for example, needs --encoding utf-16-le."
    )


def _not_decodable(
    error: UnicodeDecodeError, bytes_read: int, name: str, codec: str, advice: str
) -> str:
    # The decoder's position counts from the bytes that it kept back from the chunk before.
    offset = bytes_read - len(error.object) + error.start
    byte = error.object[error.start]
    return (
        f"{name} is not {codec} text: byte 0x{byte:02x} at offset {offset} ({error.reason}). "
        + advice
    )
