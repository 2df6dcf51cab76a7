"""`charnn export-midi`: hear a tune."""

from typing import TYPE_CHECKING

from charnn.cli.playback_options import (
    ChordsOption,
    InstrumentOption,
    RepeatsOption,
    SwingOption,
    TempoOption,
    warn_without_chords,
)
from charnn.cli.tune_files import (
    NumberOption,
    OutputOption,
    TunesArgument,
    check_suffix,
    read_tunes_file,
    write_tunes,
)

if TYPE_CHECKING:
    from charnn.music.tune.tune import Tune


def command(
    tunes: TunesArgument,
    output: OutputOption = None,
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
    from charnn.music.performance.playback import Playback, PlaybackOptions
    from charnn.music.sound.midi import midi_bytes

    options = PlaybackOptions(
        tempo, instrument, swing=swing, chords=chords, repeats=repeats == "on"
    )

    def make(tune: "Tune") -> bytes:
        warn_without_chords(tune, chords)
        return midi_bytes(Playback(tune, options))

    check_suffix(output, ".mid", ".midi")
    write_tunes(read_tunes_file(tunes, number), make, output=output, suffix=".mid")
