"""`charnn export-midi`: hear a tune."""

from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.tunes import NumberOption, TunesArgument, read_tunes_file, write_tunes

if TYPE_CHECKING:
    from charnn.music.tune import Tune


def command(
    tunes: TunesArgument,
    output: Annotated[
        str | None,
        typer.Option(
            "--output",
            "-o",
            metavar="OUT.mid",
            help="A file, a folder/, or - for stdout; default: the tune's name, beside it.",
        ),
    ] = None,
    number: NumberOption = None,
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
    from charnn.music.midi import midi_bytes

    def make(tune: "Tune") -> bytes:
        return midi_bytes(tune, tempo=tempo, instrument=instrument)

    write_tunes(read_tunes_file(tunes, number), make, output=output, suffix=".mid")
