"""What the commands that take a file of tunes share: reading it, and naming and writing what comes
of each tune.

A tune that fails is named with line and column, the others are still done, and the exit code is 1.
"""

import gzip
import io
import os
import re
import sys
import unicodedata
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.console import is_terminal, show_error, show_message, write_stdout_bytes
from charnn.errors import CorpusError, TuneError, UsageError

if TYPE_CHECKING:
    from charnn.music.abc.tunebook import TuneSource
    from charnn.music.tune.tune import Tune

TunesArgument = Annotated[
    str, typer.Argument(metavar="TUNE.abc", help="A file in ABC notation, or - for stdin.")
]
NumberOption = Annotated[
    int | None, typer.Option("--tune", metavar="N", help="Only the N-th tune of the file.")
]

MOST_BYTES = 64_000_000  # many times any book of tunes; a pipe or a device may never end
MOST_TUNES = 100_000  # more than any book has, too; a tune can be four bytes

# Names that Windows keeps for devices, whatever the suffix.
_DEVICES = re.compile("con|prn|aux|nul|com[0-9]|lpt[0-9]")


def not_empty(output: str | None) -> str | None:
    """What `-o` says, which may not be nothing.

    Raises:
        UsageError: it is.
    """
    if output == "":
        raise UsageError("-o '' names nothing: give a file, a folder/, or - for stdout")
    return output


OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        callback=not_empty,
        help="A file, a folder/, or - for stdout; default: the tune's name, beside it.",
    ),
]


@dataclass(frozen=True)
class TuneFile:
    """A file of tunes, or stdin, and which of its tunes are wanted.

    Attributes:
        path: the file; `None` for stdin.
        shown: what messages call it.
        sources: all tunes in it, at least one, in order.
        places: the wanted ones, in order, counted from 1.
    """

    path: Path | None
    shown: str
    sources: "tuple[TuneSource, ...]"
    places: tuple[int, ...]

    def wanted(self) -> "list[TuneSource]":
        """The sources of the wanted tunes."""
        return [self.sources[place - 1] for place in self.places]

    def name(self, place: int) -> str:
        """The name, without suffix, of what is made of a tune: the file's, if it has but one tune,
        else with number and title. Of a title, only letters and digits get into it."""
        title = slug(self.sources[place - 1].title) or "tune"
        stem = _stem(self.path) if self.path else ""
        if len(self.sources) == 1:
            return stem or title
        return "-".join([stem] * bool(stem) + [f"{place:03d}", title])


def read_tunes_file(tunes: str, number: int | None = None) -> TuneFile:
    """Read the argument of a command, `-` for stdin; of its tunes, only the `number`-th is wanted.

    Raises:
        CorpusError: there is no such file, it is damaged, or it holds no tune or too many.
        UsageError: it has no tune of that number.
        OSError: it cannot be read.
    """
    from charnn.music.abc.tunebook import iterate_book

    shown = "stdin" if tunes == "-" else tunes
    sources = tuple(islice(iterate_book(_text(tunes)), MOST_TUNES + 1))
    if len(sources) > MOST_TUNES:
        raise CorpusError(f"{shown} holds more than {MOST_TUNES:,} tunes: give it in parts")
    if not sources:
        raise CorpusError(f"{shown} holds no tune: a tune in ABC has a K: line, then notes")
    if number is not None and not 1 <= number <= len(sources):
        raise UsageError(f"--tune {number}: {shown} has the tunes 1 to {len(sources)}")
    places = tuple(range(1, len(sources) + 1)) if number is None else (number,)
    return TuneFile(None if tunes == "-" else Path(tunes), shown, sources, places)


def names_file(output: str) -> bool:
    """Whether what `-o` says is a file, neither stdout nor a folder."""
    return output != "-" and not output.endswith(("/", os.sep)) and not Path(output).is_dir()


def check_suffix(output: str | None, *suffixes: str) -> None:
    """Refuse a file for `-o` that is named as another kind, and as none of these; one without a
    suffix is taken, and a device or a pipe may have any name.

    Raises:
        UsageError: it is.
    """
    if output is None or not names_file(output):
        return
    path = Path(output)
    foreign = path.suffix.lower() not in ("", *suffixes)
    if foreign and (path.is_file() or not path.exists()):
        raise UsageError(f"{output} is named as another kind of file: end it in {suffixes[0]}")


def write_tunes(
    file: TuneFile,
    make: "Callable[[Tune], bytes]",
    *,
    output: str | None,
    suffix: str,
    for_terminal: bool = False,
) -> None:
    """Write what `make` makes of each wanted tune, and say where it went.

    Args:
        file: the tunes.
        make: gives the content of a file for a tune; it may refuse one by a `TuneError`.
        output: a file, a folder (`out/`, made where it is missing), `-` for stdout, or `None`:
            beside the tunes. One file named for several tunes gets their numbers into its name.
        suffix: `".mid"`, for all files but one that was named in full.
        for_terminal: whether it is text that a terminal can show.

    Raises:
        UsageError: several tunes to stdout, what is not text to a terminal, or a tune that would
            be written over the file it comes from.
        typer.Exit: with code 1, after the last tune, where one failed.
        OSError: a file cannot be written.
    """
    from charnn.files import write_bytes
    from charnn.music.abc.reader import read_tune

    if output == "-":
        _check_stdout(file, suffix, for_terminal)
        targets: dict[int, Path] = {}
    else:
        targets = _targets(file, output, suffix)
    failed = 0
    for place in file.places:
        try:
            content = make(read_tune(file.sources[place - 1]))
        except TuneError as problem:
            failed += 1
            show_error(f"{file.shown}: {problem}")
            continue
        if output == "-":
            write_stdout_bytes(content)
        else:
            write_bytes(targets[place], content)
            show_message(str(targets[place]))
    if failed:
        if len(file.places) > 1:
            show_message(
                f"{failed} of {len(file.places)} tunes could not be written; the others are"
            )
        raise typer.Exit(1)


def slug(title: str) -> str:
    """A title as the name of a file: `"The Butterfly (slip jig)"` is `the-butterfly-slip-jig`.

    Whatever the title, it is one that every system takes, in the folder that it is put into.
    """
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    name = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60].rstrip("-")
    return f"tune-{name}" if _DEVICES.fullmatch(name) else name


def _text(tunes: str) -> str:
    """The text of a file or of stdin; tune books of the 1990s are often in Latin-1, which is no
    error here, since all that sounds is ASCII."""
    from charnn.corpus.text import decode, open_file

    shown = "stdin" if tunes == "-" else tunes
    try:
        if tunes == "-":
            content = sys.stdin.buffer.read(MOST_BYTES + 1)
        else:
            with open_file(Path(tunes)) as file:
                content = file.read(MOST_BYTES + 1)
    except FileNotFoundError:
        raise CorpusError(f"there is no file {tunes}: name one with ABC tunes") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise CorpusError(f"{tunes} is damaged and cannot be unpacked: {problem}") from problem
    if len(content) > MOST_BYTES:
        size = f"{MOST_BYTES // 1_000_000} MB"
        raise CorpusError(f"{shown} holds more than {size}: give it in parts that are smaller")
    try:
        return "".join(decode(io.BytesIO(content), tunes))
    except CorpusError:
        return content.decode("latin-1")


def _check_stdout(file: TuneFile, suffix: str, for_terminal: bool) -> None:
    if len(file.places) > 1:
        count = len(file.places)
        raise UsageError(f"-o - takes one tune, and {file.shown} has {count}: choose by --tune")
    if is_terminal(sys.stdout) and not for_terminal:
        kind = suffix.removeprefix(".").upper()
        kind = {"MID": "MIDI"}.get(kind, kind)
        raise UsageError(f"{kind} is not for the terminal: redirect stdout, or name a file by -o")


def _targets(file: TuneFile, output: str | None, suffix: str) -> dict[int, Path]:
    """Where each tune goes."""
    if output is not None and names_file(output):
        named = Path(output)
        targets = {
            place: named
            if len(file.places) == 1
            else named.with_name(f"{named.stem}-{place:03d}{named.suffix or suffix}")
            for place in file.places
        }
    else:
        beside = file.path.parent if file.path else Path()
        folder = beside if output is None else Path(output)
        if output is not None:
            folder.mkdir(exist_ok=True)
        targets = {place: folder / f"{file.name(place)}{suffix}" for place in file.places}
    for target in targets.values():
        if file.path is not None and target.exists() and target.samefile(file.path):
            raise UsageError(f"{target} is the tune's own file: name another with -o")
    return targets


def _stem(path: Path) -> str:
    """The name of a file of tunes without `.abc` or `.abc.gz`."""
    return Path(path.stem).stem if path.suffix.lower() == ".gz" else path.stem
