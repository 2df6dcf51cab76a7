"""`charnn export-midi`: hear a tune."""

import re
import sys
import unicodedata
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
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.mid",
            help="A file, a folder, or - for stdout; default: the tune's name, beside it.",
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
    from charnn.music.books import split_book
    from charnn.music.midi import midi_bytes
    from charnn.music.reading import read_tune

    shown = "stdin" if tunes == "-" else tunes
    sources = list(enumerate(split_book(_text(tunes)), start=1))
    if not sources:
        raise CorpusError(f"{shown} holds no tune: a tune in ABC has a K: line, then notes")
    if number is not None:
        if not 1 <= number <= len(sources):
            raise UsageError(f"--tune {number}: {shown} has the tunes 1 to {len(sources)}")
        sources = [sources[number - 1]]
    to_stdout = output == Path("-")
    if to_stdout and len(sources) > 1:
        raise UsageError(f"-o - takes one tune, and {shown} has {len(sources)}: choose by --tune")
    if to_stdout and is_terminal(sys.stdout):
        raise UsageError("MIDI is not for the terminal: redirect stdout, or name a file with -o")
    failed = 0
    for place, source in sources:
        try:
            content = midi_bytes(read_tune(source), tempo=tempo, instrument=instrument)
        except TuneError as problem:
            failed += 1
            say(f"error: {shown}: {problem}")
            continue
        if to_stdout:
            write_out_bytes(content)
        else:
            _write(_path(tunes, output, source, place, alone=len(sources) == 1), content)
    if failed:
        if len(sources) > 1:
            say(f"{failed} of {len(sources)} tunes could not be read; the others are written")
        raise typer.Exit(1)


def _text(tunes: str) -> str:
    """The file's text; tune books of the 1990s are often in Latin-1, which is no error here, since
    all that sounds is ASCII."""
    try:
        content = sys.stdin.buffer.read() if tunes == "-" else Path(tunes).read_bytes()
    except FileNotFoundError:
        raise CorpusError(
            f"there is no file {tunes}: name one with tunes in ABC notation"
        ) from None
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _path(tunes: str, output: Path | None, source: "TuneSource", place: int, alone: bool) -> Path:
    """Where a tune goes: of a title, only letters and digits ever get into a file's name."""
    if output is not None and not output.is_dir():
        return output if alone else output.with_name(f"{output.stem}-{place:03d}{output.suffix}")
    from_stdin = tunes == "-"
    title = _slug(source.title) or "tune"
    if alone:
        name = title if from_stdin else Path(tunes).stem
    else:
        name = f"{place:03d}-{title}" if from_stdin else f"{Path(tunes).stem}-{place:03d}-{title}"
    folder = output or (Path() if from_stdin else Path(tunes).parent)
    return folder / f"{name}.mid"


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:60]


def _write(path: Path, content: bytes) -> None:
    from charnn.files import write_bytes

    write_bytes(path, content)
    say(str(path))
