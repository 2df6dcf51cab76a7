"""`charnn book`: print a tune book."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from charnn.cli.export_tunes import export_tunes
from charnn.cli.output_files import check_suffix, names_file, refuse_empty
from charnn.cli.tune_files import TuneFile, read_tune_file
from charnn.errors import CorpusError, TuneBookError, UsageError
from charnn.exports.export_formats import FORMATS, ExportFormat, JoinedTunes
from charnn.exports.tune_export import TuneExport

if TYPE_CHECKING:
    from charnn.music.score.book_typesetting import Paper
    from charnn.music.score.engraving import Warn

# The formats that play the tunes one after the other, by suffix.
_PLAYED = {suffix: each for each in (FORMATS["midi"], FORMATS["wav"]) for suffix in each.suffixes}


def command(
    tunes: Annotated[
        str,
        typer.Argument(
            metavar="TUNES", help="A file in ABC notation, a tune book in SQLite, or - for stdin."
        ),
    ],
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.pdf",
            callback=refuse_empty,
            help="A file, or - for stdout; default: a PDF beside TUNES, named after it.",
        ),
    ] = None,
    title: Annotated[
        str | None, typer.Option(help="Title of the book; default: the name of the file or set.")
    ] = None,
    set_name: Annotated[
        str | None,
        typer.Option("--set", metavar="NAME", help="Only the tunes of a set of the tune book."),
    ] = None,
    paper: Annotated[Literal["a4", "letter"], typer.Option(help="Size of the pages.")] = "a4",
) -> None:
    """Print a tune book as a PDF, or play it into one file.

    After a title page and the contents come the tunes in their order, as export-score draws them;
    from ten tunes on, then the first two bars of each tune by type, an index of all titles and one
    of types and keys. Needs verovio and typst: pip install 'charnn[score]'. With -o OUT.mid or
    OUT.wav, the tunes are played one after the other, as a set is. If a tune cannot be read, its
    line and column are shown, and the others are printed; the exit code is then 1.

    \b
    Examples:
      charnn book tunes.abc
      charnn book tunes.abc -o book.pdf --title "Tunes of the Tuesday session"
      charnn book tunes.db --set "Friday reels" --paper letter
      charnn book tunes.db --set "Friday reels" -o reels.mid
    """
    if output is not None and output != "-" and not names_file(output):
        raise UsageError(f"-o {output} is a folder: name a file")
    check_suffix(output, ".pdf", *_PLAYED)
    file = _read(tunes, set_name)
    name = set_name or (file.path.stem if file.path else "Tunes")
    if output is None:
        output = str((file.path or Path(name)).with_suffix(".pdf"))
    played = _PLAYED.get(Path(output).suffix.lower())
    export_format = played or _book_format(title or name, paper)
    export_tunes(file, export_format, output=output, joined_title=title or name)


def _read(tunes: str, set_name: str | None) -> TuneFile:
    """Return the tunes of a file in ABC notation or of a tune book, at least one.

    Raises:
        UsageError: a set is asked for that does not exist.
        CorpusError: there is no such file.
        TuneBookError: the tune book is damaged or empty.
    """
    from charnn.tunebook.book_file import is_database

    path = Path(tunes)
    if tunes == "-" or not is_database(path):
        if set_name is not None:
            if tunes != "-" and not path.exists():
                raise CorpusError(f"no such file: {tunes}")
            raise UsageError(f"--set takes a set of a tune book, and {tunes} is none")
        return read_tune_file(tunes)
    from charnn.music.abc.tunebook import split_book
    from charnn.tunebook.tune_book import TuneBook

    book = TuneBook(path, create=False)
    text = book.export_abc(None if set_name is None else book.set_tunes(set_name))
    sources = tuple(split_book(text))
    if not sources:
        raise TuneBookError(f"{tunes} contains no tune: keep some in it first")
    return TuneFile(path, tunes, sources, tuple(range(1, len(sources) + 1)), text)


def _book_format(title: str, paper: "Paper") -> ExportFormat:
    """Return the format of a printed book, whose title is not that of its file."""

    def draw(export: TuneExport) -> object:
        from charnn.tunebook.printed_book import draw_for_book

        return draw_for_book(export.tune, lambda: export.musicxml)

    def bind(drawn: list[Any], _name: str, warn: "Warn") -> bytes:
        from charnn.tunebook.printed_book import print_book

        return print_book(drawn, title, paper, warn)

    return ExportFormat(
        "PDF",
        (".pdf",),
        "book",
        lambda export: bind([draw(export)], "", export.warn),
        joined=JoinedTunes(draw, bind),
    )
