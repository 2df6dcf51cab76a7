"""`charnn export-score`: see a tune."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

from charnn.cli.tune_files import (
    NumberOption,
    OutputOption,
    TunesArgument,
    names_file,
    read_tunes_file,
    write_tunes,
)
from charnn.errors import UsageError

if TYPE_CHECKING:
    from charnn.music.tune.tune import Tune

Format: TypeAlias = Literal["svg", "png", "pdf", "musicxml"]

_BY_SUFFIX: dict[str, Format] = {
    ".svg": "svg",
    ".png": "png",
    ".pdf": "pdf",
    ".musicxml": "musicxml",
    ".xml": "musicxml",
}


def command(
    tunes: TunesArgument,
    output: OutputOption = None,
    form: Annotated[
        Format | None,
        typer.Option("--format", help="Default: as the name after -o ends, else svg."),
    ] = None,
    number: NumberOption = None,
) -> None:
    """Engrave the tunes of an ABC file as SVG, PNG, PDF or MusicXML; several tunes, several files.

    A picture is as high as its tune, a PDF has A4 pages. Pictures need verovio and typst:
    pip install 'charnn[score]'. A tune that cannot be read is named with line and column, and the
    others are still written.

    \b
    Examples:
      charnn export-score tune.abc
      charnn export-score tunes.abc --tune 3 -o reel.pdf
      charnn export-score tunes.abc -o scores/ --format png
    """
    from charnn.music.score.engraving import engrave
    from charnn.music.score.musicxml import to_musicxml

    kind = chosen_format(output, form)

    def make(tune: "Tune") -> bytes:
        return to_musicxml(tune).encode() if kind == "musicxml" else engrave(tune, kind)

    write_tunes(
        read_tunes_file(tunes, number),
        make,
        output=output,
        suffix=f".{kind}",
        for_terminal=kind in ("svg", "musicxml"),
    )


def chosen_format(output: str | None, form: Format | None) -> Format:
    """The format that `-o` and `--format` ask for.

    Raises:
        UsageError: they contradict each other, or the name ends in no format.
    """
    if not output or not names_file(output):
        return form or "svg"
    suffix = Path(output).suffix.lower()
    named = _BY_SUFFIX.get(suffix)
    if named is None and (suffix or form is None):
        raise UsageError(f"{output} names no format: end it in .svg, .png, .pdf or .musicxml")
    if form is not None and named not in (None, form):
        raise UsageError(f"--format {form}, but {output} is named as {named}: leave one out")
    return form or named or "svg"
