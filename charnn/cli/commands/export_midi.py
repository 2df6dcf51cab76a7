"""`charnn export-midi`: write tunes as MIDI files."""

from charnn.cli.export_tunes import export_tunes
from charnn.cli.output_files import OutputOption, check_suffix
from charnn.cli.playback_options import (
    ChordsOption,
    InstrumentOption,
    NoSwingOption,
    RepeatsOption,
    SwingOption,
    TempoOption,
    playback_options,
)
from charnn.cli.tune_files import NumberOption, TunesArgument, VoiceOption, read_tune_file
from charnn.exports.export_formats import FORMATS
from charnn.exports.tune_export import ExportOptions


def command(
    tunes: TunesArgument,
    output: OutputOption = None,
    number: NumberOption = None,
    voice: VoiceOption = None,
    tempo: TempoOption = None,
    instrument: InstrumentOption = "fiddle",
    chords: ChordsOption = "off",
    swing: SwingOption = None,
    no_swing: NoSwingOption = False,
    repeats: RepeatsOption = "on",
) -> None:
    """Write each tune of an ABC file as a MIDI file.

    Repeats are played out. If a tune cannot be read, its line and column are shown, and the other
    tunes are still written.

    \b
    Examples:
      charnn export-midi tune.abc
      charnn export-midi tunes.abc --tune 3 -o reel.mid --tempo 90 --chords auto
      charnn sample folk | charnn export-midi - -o tune.mid
    """
    midi = FORMATS["midi"]
    playback = playback_options(
        tempo=tempo,
        instrument=instrument,
        chords=chords,
        swing=swing,
        no_swing=no_swing,
        repeats=repeats,
    )
    check_suffix(output, *midi.suffixes)
    file = read_tune_file(tunes, number)
    export_tunes(file, midi, output=output, options=ExportOptions(playback, voice=voice))
