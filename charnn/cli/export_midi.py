"""`charnn export-midi`: hear a tune."""

import gzip
import io
import os
import re
import sys
import unicodedata
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.console import is_terminal, say, write_out_bytes
from charnn.errors import CorpusError, TuneError, UsageError

if TYPE_CHECKING:
    from charnn.music.books import TuneSource


def command(
    tunes: Annotated[
        str, typer.Argument(metavar="TUNE.abc", help="A file in ABC notation, or - for stdin.")
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.mid",
            help="A file, a folder/, or - for stdout; default: the tune's name, beside it.",
        ),
    ] = None,
    number: Annotated[
        int | None, typer.Option("--tune", metavar="N", help="Only the N-th tune of the file.")
    ] = None,
    tempo: Annotated[
        float | None,
        typer.Option(help="Beats a minute; default: the tune's Q:, or what its kind is played at."),
    ] = None,
    instrument: Annotated[
        str, typer.Option(help="As music21 names it: violin, flute, accordion, harp, piano ...")
    ] = "violin",
) -> None:
    """Write the tunes of an ABC file as MIDI, repeats played out; several tunes make several files.

    A tune that cannot be read is named with line and column, and the others are still written.

    \b
    Examples:
      charnn export-midi tune.abc
      charnn export-midi tunes.abc --tune 3 -o reel.mid --tempo 90
      charnn sample | charnn export-midi - -o tune.mid
    """
    from charnn.files import write_bytes
    from charnn.music.books import split_book
    from charnn.music.midi import midi_bytes
    from charnn.music.reading import read_tune

    shown = "stdin" if tunes == "-" else tunes
    book = split_book(_text(tunes))
    if not book:
        raise CorpusError(f"{shown} holds no tune: a tune in ABC has a K: line, then notes")
    if number is not None and not 1 <= number <= len(book):
        raise UsageError(f"--tune {number}: {shown} has the tunes 1 to {len(book)}")
    places = range(1, len(book) + 1) if number is None else [number]
    if output == "-":
        if len(places) > 1:
            raise UsageError(f"-o - takes one tune, and {shown} has {len(book)}: choose by --tune")
        if is_terminal(sys.stdout):
            raise UsageError("MIDI is not for the terminal: redirect stdout, or name a file by -o")
    targets = _targets(tunes, output, book, places)
    failed = 0
    for place in places:
        try:
            tune = read_tune(book[place - 1])
            content = midi_bytes(tune, tempo=tempo, instrument=instrument)
        except TuneError as problem:
            failed += 1
            say(f"error: {shown}: {problem}")
            continue
        if output == "-":
            write_out_bytes(content)
        else:
            write_bytes(targets[place], content)
            say(str(targets[place]))
    if failed:
        if len(places) > 1:
            say(f"{failed} of {len(places)} tunes could not be read; the others are written")
        raise typer.Exit(1)


def _text(tunes: str) -> str:
    """The text of a file or of stdin; tune books of the 1990s are often in Latin-1, which is no
    error here, since all that sounds is ASCII."""
    from charnn.corpus.text import decode, open_file

    try:
        if tunes == "-":
            content = sys.stdin.buffer.read()
        else:
            with open_file(Path(tunes)) as file:
                content = file.read()
    except FileNotFoundError:
        raise CorpusError(f"there is no file {tunes}: name one with ABC tunes") from None
    except (EOFError, zlib.error, gzip.BadGzipFile) as problem:
        raise CorpusError(f"{tunes} is damaged and cannot be unpacked: {problem}") from problem
    try:
        return "".join(decode(io.BytesIO(content), tunes))
    except CorpusError:
        return content.decode("latin-1")


def _targets(
    tunes: str, output: str | None, book: Sequence["TuneSource"], places: Sequence[int]
) -> dict[int, Path]:
    """Where each tune goes; of a title, only letters and digits ever get into a file's name.

    Raises:
        UsageError: a tune would be written over the book it comes from.
    """
    source = None if tunes == "-" else Path(tunes)
    if output is not None and not (output.endswith(("/", os.sep)) or Path(output).is_dir()):
        file = Path(output)
        targets = {
            place: file
            if len(places) == 1
            else file.with_name(f"{file.stem}-{place:03d}{file.suffix or '.mid'}")
            for place in places
        }
    else:
        folder = Path(output) if output is not None else source.parent if source else Path()
        if output is not None:
            folder.mkdir(exist_ok=True)
        targets = {place: folder / f"{_name(source, book, place)}.mid" for place in places}
    for target in targets.values():
        if source is not None and target.exists() and target.samefile(source):
            raise UsageError(f"{target} is the tune's own file: name another with -o")
    return targets


def _name(source: Path | None, book: Sequence["TuneSource"], place: int) -> str:
    """The name of a tune's file: the book's, if it has but one tune, else with number and title."""
    title = _slug(book[place - 1].title) or "tune"
    if len(book) == 1:
        return source.stem if source else title
    return f"{source.stem}-{place:03d}-{title}" if source else f"{place:03d}-{title}"


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]
