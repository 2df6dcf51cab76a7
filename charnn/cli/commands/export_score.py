"""`charnn export-score`: write tunes as scores, in pictures or MusicXML."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from charnn.cli.export_tunes import export_tunes
from charnn.cli.output_files import OutputOption, names_file
from charnn.cli.tune_files import NumberOption, TunesArgument, VoiceOption, read_tune_file
from charnn.errors import UsageError
from charnn.exports.export_formats import formats_of
from charnn.exports.tune_export import ExportOptions
from charnn.music.score.finger_places import ROWS

_FORMATS = formats_of("export-score")
_NAMES_BY_SUFFIX = {suffix: name for name, each in _FORMATS.items() for suffix in each.suffixes}
_DEFAULT = "svg"

if TYPE_CHECKING:
    FormatName: TypeAlias = str
    RowsName: TypeAlias = str
else:  # typer makes the choices of an option from a Literal
    FormatName = Literal[tuple(_FORMATS)]
    RowsName = Literal[ROWS]


def command(
    tunes: TunesArgument,
    output: OutputOption = None,
    format_name: Annotated[
        FormatName | None,
        typer.Option(
            "--format", help="Format of the files; default: by the suffix of -o, else svg."
        ),
    ] = None,
    number: NumberOption = None,
    voice: VoiceOption = None,
    bars_per_line: Annotated[
        int | None,
        typer.Option(
            "--bars-per-line",
            metavar="N",
            min=1,
            help="Bars in a line of the score; default: the lines of the ABC.",
        ),
    ] = None,
    rows: Annotated[
        RowsName | None,
        typer.Option(
            "--rows",
            help="Rows under the staff: note names, holes of a D whistle, fiddle fingers, mandolin "
            "frets, buttons of a B/C accordion or D/G melodeon, where (5) is drawn.",
        ),
    ] = None,
) -> None:
    """Write each tune of an ABC file as SVG, PNG, PDF or MusicXML.

    A picture is as high as its tune; a PDF has A4 pages, and -o book.pdf contains all tunes of a
    file. A line of the ABC is a line of the score. Pictures need verovio and typst: pip
    install 'charnn[score]'. If a tune cannot be read, its line and column are shown, and the other
    tunes are still written.

    \b
    Examples:
      charnn export-score tune.abc
      charnn export-score tunes.abc --tune 3 -o reel.pdf
      charnn export-score tunes.abc -o book.pdf
      charnn export-score tunes.abc -o scores/ --format png
      charnn export-score tune.abc --rows whistle
    """
    chosen = _FORMATS[choose_format(output, format_name)]
    file = read_tune_file(tunes, number)
    title = file.path.stem if file.path else "Tunes"
    options = ExportOptions(bars_per_line=bars_per_line, voice=voice, rows=rows or "")
    export_tunes(file, chosen, output=output, options=options, joined_title=title)


def choose_format(output: str | None, format_name: FormatName | None) -> str:
    """Return the name of the format that -o and --format ask for.

    Raises:
        UsageError: -o and --format contradict each other, or the suffix of -o is unknown.
    """
    if not output or not names_file(output):
        return format_name or _DEFAULT
    suffix = Path(output).suffix.lower()
    by_suffix = _NAMES_BY_SUFFIX.get(suffix)
    if by_suffix is None and (suffix or format_name is None):
        raise UsageError(
            f"-o {output} does not end in the suffix of a format: use .svg, .png, .pdf or .musicxml"
        )
    if format_name is not None and by_suffix not in (None, format_name):
        raise UsageError(
            f"--format {format_name} contradicts -o {output}, which is named as {by_suffix}: "
            "leave one out"
        )
    return format_name or by_suffix or _DEFAULT
