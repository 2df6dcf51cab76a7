"""The two streams: results go to stdout, everything else to stderr.

Text from models, files and users is not trusted on a terminal. Control characters could move the
cursor, write to the clipboard or reverse the reading direction, so they are shown as escapes. A
pipe or a file receives the exact bytes.
"""

import os
import sys
import unicodedata
from collections.abc import Sequence
from enum import IntEnum
from pathlib import Path
from typing import TextIO

from charnn.cli.wrapping import wrap
from charnn.errors import join_sentences

# Unicode's categories of characters that are invisible, or that change the text around them.
_HIDDEN_CATEGORIES = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}
# Format characters that join or part letters, without which Persian, Hindi and emoji are misspelt.
_JOINERS = "\u200c\u200d"
# Code points that Unicode reserves for invisible characters ("default ignorable"). Most are not
# assigned yet, so Python's tables give them the category Cn only.
_RESERVED_INVISIBLE = {0x2065, *range(0xFFF0, 0xFFF9), *range(0xE0000, 0xE1000)}
# The indentation of a warning or an error after a break: a quoted name in it cannot begin a line
# that looks like another message.
_HANG = 2


class Verbosity(IntEnum):
    """A level of the program: which messages it shows. Warnings and errors are always shown."""

    QUIET = 0
    NORMAL = 1
    VERBOSE = 2


_verbosity = Verbosity.NORMAL


def set_verbosity(level: Verbosity) -> None:
    """Set which messages the program shows from now on."""
    global _verbosity
    _verbosity = level


def is_quiet() -> bool:
    """Return whether only warnings and errors are shown: no messages, tables and bars."""
    return _verbosity is Verbosity.QUIET


def hides_bars() -> bool | None:
    """Return the value of tqdm's `disable`; None disables a bar where stderr is no terminal."""
    return is_quiet() or None


def escape_controls(text: str) -> str:
    """Return the text with an escape in place of every character that could control a terminal.

    The escapes have Python's form (`\\x1b`, `\\u202e`). Newlines and tabs are kept.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character if _is_harmless(character) else _escape(character) for character in text
    )


def escape_to_one_line(text: str) -> str:
    """Return the text with control characters and newlines written as escapes.

    Without the escapes, a quoted name that contains a newline could forge a message (`error: ...`).
    """
    return escape_controls(text).replace("\n", r"\n")


def _is_harmless(character: str) -> bool:
    if character in "\n\t" or character in _JOINERS:
        return True
    category = unicodedata.category(character)
    is_invisible = category == "Cn" and ord(character) in _RESERVED_INVISIBLE
    return category not in _HIDDEN_CATEGORIES and not is_invisible


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii")


def is_terminal(stream: TextIO) -> bool:
    """Return whether the stream is a terminal, which a person reads."""
    return stream.isatty()


def terminal_width(stream: TextIO) -> int:
    """Return the number of columns of the stream's terminal; 0 without a terminal or its size."""
    try:
        return os.get_terminal_size(stream.fileno()).columns if is_terminal(stream) else 0
    except OSError:
        return 0


def write_lines(text: str, hang: int | None = None) -> None:
    """Write lines to stdout; on a terminal, long ones are broken at spaces, see `wrap`.

    Raises:
        OSError: see `write_stdout_bytes`.
        SystemExit: see `write_stdout_bytes`.
    """
    write_stdout(wrap(escape_controls(text), terminal_width(sys.stdout), hang))


def write_stdout(text: str) -> None:
    """Write a result to stdout at once: escaped on a terminal, the exact text elsewhere.

    Raises:
        OSError: see `write_stdout_bytes`.
        SystemExit: see `write_stdout_bytes`.
    """
    # Not typer.echo, which removes some escape sequences from a pipe and passes others to a
    # terminal; nor rich, which interprets brackets in the text as markup.
    if is_terminal(sys.stdout):
        # A terminal in another encoding (LC_ALL=C) shows the other characters as escapes.
        encoding = sys.stdout.encoding or "utf-8"
        write_stdout_bytes(escape_controls(text).encode(encoding, "backslashreplace"))
    else:
        # UTF-8 in every locale. A vocabulary from elsewhere may contain lone surrogates.
        write_stdout_bytes(text.encode("utf-8", "surrogatepass"))


def write_stdout_bytes(content: bytes) -> None:
    """Write bytes to stdout at once, without translating line ends or encodings.

    Raises:
        OSError: the bytes cannot be written, for instance because the disk is full.
        SystemExit: with code 0, if the reader of a pipe has closed it (`| head`).
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


def show_message(message: str, hang: int | None = None) -> None:
    """Write a message to stderr, unless the program is quiet. Failures to write it are ignored.

    Args:
        message: the message, of one or more lines.
        hang: the indentation of what a terminal has no room for in a line, see `wrap`.
    """
    if not is_quiet():
        _write_line(message, hang)


def show_detail(message: str) -> None:
    """Write a message to stderr that is shown with --verbose only."""
    if _verbosity is Verbosity.VERBOSE:
        _write_line(message)


def _write_line(message: str, hang: int | None = None) -> None:
    encoding = sys.stderr.encoding or "utf-8"
    line = escape_controls(message).encode(encoding, "backslashreplace").decode(encoding)
    try:
        print(wrap(line, terminal_width(sys.stderr), hang), file=sys.stderr, flush=True)
    except OSError:
        discard_output(sys.stderr)


def show_warning(message: str) -> None:
    """Write `warning: ` and the message to stderr, on one line."""
    _write_line(f"warning: {escape_to_one_line(message)}", _HANG)


def show_error(message: str) -> None:
    """Write `error: ` and the message to stderr, on one line."""
    _write_line(f"error: {escape_to_one_line(message)}", _HANG)


def warn_if_damaged(path: Path, damaged: Sequence[str]) -> None:
    """Warn that a model was read from `path` because other files of its run are damaged.

    Args:
        path: the checkpoint that was read.
        damaged: an error for each damaged file; empty for a sound run.
    """
    if damaged:
        show_warning(
            f"{join_sentences(damaged)}. Using {path} instead. To repair the run: "
            "charnn train CORPUS --resume"
        )


def discard_output(stream: TextIO) -> None:
    """Redirect a stream to the null device, after its reader has closed it or its disk is full.

    Python's buffer may still contain text. Without the redirection, Python would try to write this
    text at exit and fail again.
    """
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
