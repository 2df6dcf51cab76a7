"""`charnn export-midi`: hear a tune."""

from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.playing import (
    ChordsOption,
    InstrumentOption,
    RepeatsOption,
    SwingOption,
    TempoOption,
    warn_without_chords,
)
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
    tempo: TempoOption = None,
    instrument: InstrumentOption = "fiddle",
    chords: ChordsOption = "off",
    swing: SwingOption = None,
    repeats: RepeatsOption = "on",
) -> None:
    """Write the tunes of an ABC file as MIDI, repeats played out; several tunes make several files.

    A tune that cannot be read is named with line and column, and the others are still written.

    \b
    Examples:
      charnn export-midi tune.abc
      charnn export-midi tunes.abc --tune 3 -o reel.mid --tempo 90 --chords auto
      charnn sample | charnn export-midi - -o tune.mid
    """
    from charnn.music.midi import midi_bytes

    def make(tune: "Tune") -> bytes:
        warn_without_chords(tune, chords)
        return midi_bytes(
            tune,
            tempo=tempo,
            instrument=instrument,
            swing=swing,
            chords=chords,
            repeats=repeats == "on",
        )

    write_tunes(read_tunes_file(tunes, number), make, output=output, suffix=".mid")
