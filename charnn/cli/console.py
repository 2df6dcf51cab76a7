"""The two streams: what was asked for goes to stdout, everything else to stderr.

Text of models, files and users is not trusted on a terminal: control characters could move the
cursor, write the clipboard or turn the reading direction, so they are shown, not obeyed. A pipe or
a file gets the exact bytes.
"""

import os
import sys
import unicodedata
from collections.abc import Sequence
from pathlib import Path
from typing import TextIO

_HIDDEN = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Format characters that letters need to join or part rightly, in Persian, Hindi or emoji.
_JOINERS = "\u200c\u200d"
# Set aside in Unicode for characters that are not seen; most of them are not assigned yet.
_UNSEEN = {0x2065, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}


def escape_controls(text: str) -> str:
    """The text with every character that a terminal might obey written out (`\\x1b`, `\\u202e`);
    newline and tab stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(character if _harmless(character) else _escape(character) for character in text)


def escape_to_one_line(text: str) -> str:
    """The same with the newlines written out: names that are quoted begin no line of their own."""
    return escape_controls(text).replace("\n", r"\n")


def _harmless(character: str) -> bool:
    if character in "\n\t" or character in _JOINERS:
        return True
    category = unicodedata.category(character)
    return not (category in _HIDDEN or (category == "Cn" and ord(character) in _UNSEEN))


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def is_terminal(stream: TextIO) -> bool:
    """Whether a person reads the stream."""
    return stream.isatty()


def write_stdout(text: str) -> None:
    """Put a result on stdout, now.

    Raises:
        SystemExit: see `write_stdout_bytes`.
    """
    if is_terminal(sys.stdout):
        encoding = sys.stdout.encoding or "utf-8"
        write_stdout_bytes(escape_controls(text).encode(encoding, "backslashreplace"))
    else:
        write_stdout_bytes(text.encode("utf-8", "surrogatepass"))


def write_stdout_bytes(content: bytes) -> None:
    """Put bytes on stdout, now and unchanged: no translation of line ends, no other encoding.

    Raises:
        SystemExit: with code 0, when the reader of a pipe has seen enough (`| head`).
        OSError: it cannot be written; the disk is full, say.
    """
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(content)
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        discard_output(sys.stdout)
        raise SystemExit(0) from None
    except OSError:
        discard_output(sys.stdout)
        raise


def show_message(message: str) -> None:
    """A message to the user, on stderr. If nobody reads it, the work still goes on."""
    encoding = sys.stderr.encoding or "utf-8"
    line = escape_controls(message).encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:
        discard_output(sys.stderr)


def discard_output(stream: TextIO) -> None:
    """Send what is still written to a stream nowhere: its other end is gone, or its disk full.

    What Python has buffered would otherwise fail once more when the program ends.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def show_warning(message: str) -> None:
    """Something that the user should know, on stderr."""
    show_message(f"warning: {escape_to_one_line(message)}")


def show_error(message: str) -> None:
    """What is wrong, and what to do, on stderr."""
    show_message(f"error: {escape_to_one_line(message)}")


def warn_if_damaged(path: Path, damaged: Sequence[str]) -> None:
    """Say that a model was read from `path` since other files of its run are damaged."""
    if damaged:
        show_warning(f"{'; '.join(damaged)}; {path} is used instead")
