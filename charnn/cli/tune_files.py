"""The argument TUNE.abc of the commands that read tunes: a file in ABC notation, or stdin."""

import gzip
import io
import re
import sys
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.console import show_warning
from charnn.errors import CorpusError, UsageError, shorten
from charnn.exports.file_names import slug
from charnn.files import is_text_itself

if TYPE_CHECKING:
    from charnn.music.abc.tunebook import TuneSource
    from charnn.music.tune.tune import Tune

TunesArgument = Annotated[
    str, typer.Argument(metavar="TUNE.abc", help="A file in ABC notation, or - for stdin.")
]
NumberOption = Annotated[
    int | None, typer.Option("--tune", metavar="N", help="Only the N-th tune of the file.")
]
VoiceOption = Annotated[
    int | None,
    typer.Option("--voice", metavar="N", min=1, help="Only the N-th voice; default: all voices."),
]

# Both limits are many times the size of any tune book. Without them a pipe or a device that never
# ends would fill the memory; a tune can be as short as four bytes.
MAX_BYTES = 64_000_000
MAX_TUNES = 100_000


@dataclass(frozen=True)
class TuneFile:
    """The tunes of a file or of stdin, and the tunes that --tune selects.

    Attributes:
        path: the file; None for stdin.
        display_name: the name of the file in messages.
        sources: all tunes of the file, at least one, in order.
        positions: the positions of the selected tunes, in order, counted from 1.
        text: the text of the whole file, with its line ends.
    """

    path: Path | None
    display_name: str
    sources: "tuple[TuneSource, ...]"
    positions: tuple[int, ...]
    text: str

    def exact_text(self, position: int) -> str:
        """Return the text of the tune at `position`, with its line ends."""
        source = self.sources[position - 1]
        lines = re.findall(r"[^\r\n]*(?:\r\n|\r|\n|\Z)", self.text.removeprefix("\ufeff"))
        begin = source.line - 1
        return "".join(lines[begin : begin + source.text.count("\n")])

    def selected(self) -> "list[TuneSource]":
        """Return the sources of the selected tunes."""
        return [self.sources[position - 1] for position in self.positions]

    def output_stem(self, position: int) -> str:
        """Return a name without suffix for the output file of the tune at `position`.

        It is the name of the tune file. If the file contains several tunes, the position and the
        title of the tune are added.
        """
        title = slug(self.sources[position - 1].title) or "tune"
        stem = _stem(self.path) if self.path else ""
        if len(self.sources) == 1:
            return stem or title
        return "-".join([stem] * bool(stem) + [f"{position:03d}", title])


def read_tune_file(tunes: str, number: int | None = None) -> TuneFile:
    """Read the tunes of a file, or of stdin if `tunes` is `-`.

    Args:
        tunes: the argument of the command.
        number: the position of the only tune to select, counted from 1; None selects all.

    Raises:
        CorpusError: the file is missing or damaged, or contains no tune or too many.
        UsageError: the file has no tune number `number`.
        OSError: the file can't be read.
    """
    from charnn.music.abc.tunebook import iterate_book

    display_name = "stdin" if tunes == "-" else tunes
    if is_text_itself(tunes):
        raise CorpusError(
            f"{shorten(tunes, 40)!r} is a text of {len(tunes):,} characters, not the name of a "
            "file: save it in a file, or pipe it into the command with - as the name"
        )
    text = _read_text(tunes)
    sources = tuple(islice(iterate_book(text), MAX_TUNES + 1))
    if len(sources) > MAX_TUNES:
        raise CorpusError(
            f"{display_name} contains more than {MAX_TUNES:,} tunes: split it into smaller files"
        )
    if not sources:
        raise CorpusError(
            f"{display_name} contains no tune: a tune in ABC has a K: line, then notes"
        )
    if number is not None and not 1 <= number <= len(sources):
        raise UsageError(f"--tune {number}: {display_name} has the tunes 1 to {len(sources)}")
    positions = tuple(range(1, len(sources) + 1)) if number is None else (number,)
    path = None if tunes == "-" else Path(tunes)
    return TuneFile(path, display_name, sources, positions, text)


def warn_of_problems(tune: "Tune", display_name: str) -> None:
    """Show what the reader left out of a tune: each message once, with its first place.

    A text that is no music may have hundreds of such signs, so only the first messages are shown.

    Args:
        tune: the tune.
        display_name: the name of its file.
    """
    from charnn.music.checking.left_out import left_out

    prefix = f"{display_name}: "
    show_warnings(
        left_out(tune), prefix, f"{prefix}for all problems of this tune, see charnn check"
    )


def show_warnings(messages: Sequence[str], prefix: str = "", after_many: str = "") -> None:
    """Show the first messages about a tune as warnings.

    Args:
        messages: the messages.
        prefix: the beginning of each warning.
        after_many: the warning after the first ones, if there are more messages; `""` for their
            number.
    """
    from charnn.music.checking.left_out import first_messages

    for message in first_messages(messages, prefix, after_many):
        show_warning(message)


def _read_text(tunes: str) -> str:
    """Return the text of a file or of stdin.

    Text that is not UTF-8, has no byte order mark and declares no encoding is decoded as Latin-1,
    the encoding of many tune books of the 1990s. If this guess is wrong, only titles and words are
    garbled, because notes are ASCII.
    """
    from charnn.corpus.abc_charset import declared_charset
    from charnn.corpus.binary_kinds import describe_binary
    from charnn.corpus.text import decode, open_file

    display_name = "stdin" if tunes == "-" else tunes
    if is_text_itself(tunes):
        raise CorpusError(
            f"{shorten(tunes, 40)!r} is a text of {len(tunes):,} characters, not the name of a "
            "file: save it in a file, or pipe it into the command with - as the name"
        )
    try:
        if tunes == "-":
            content = sys.stdin.buffer.read(MAX_BYTES + 1)  # one byte more reveals a larger input
        else:
            with open_file(Path(tunes)) as file:  # unpacks .gz
                content = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        raise CorpusError(f"no such file: {tunes}") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise CorpusError(
            f"{tunes} is damaged and can't be unpacked ({problem}): get the file again"
        ) from problem
    if len(content) > MAX_BYTES:
        size = f"{MAX_BYTES // 1_000_000} MB"
        raise CorpusError(f"{display_name} is larger than {size}: split it into smaller files")
    try:
        advice = "Its letters may be wrong."
        return "".join(decode(io.BytesIO(content), display_name, advice=advice))
    except CorpusError as problem:
        if kind := describe_binary(content):
            raise CorpusError(f"{display_name} {kind}") from problem
        if declared_charset(content) is not None:
            show_warning(str(problem))
        return content.decode("latin-1")


def _stem(path: Path) -> str:
    """Return the name of a tune file without `.abc` or `.abc.gz`."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
