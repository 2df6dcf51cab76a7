"""`charnn export-audio`: write tunes as WAV files."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from charnn.cli.console import show_message
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
from charnn.errors import CharnnError, UsageError
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
    synth: Annotated[
        Literal["auto", "builtin", "fluidsynth"],
        typer.Option(help="auto: FluidSynth if it and a SoundFont are installed, else builtin."),
    ] = "auto",
    soundfont: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="An .sf2 or .sf3 file for FluidSynth; default: the system's."
        ),
    ] = None,
) -> None:
    """Write each tune of an ABC file as a WAV file.

    Repeats are played out. If a tune cannot be read, its line and column are shown, and the other
    tunes are still written.

    \b
    Examples:
      charnn export-audio tune.abc
      charnn export-audio tunes.abc --tune 3 -o reel.wav --instrument flute --chords auto
      charnn export-audio tune.abc --soundfont ~/FluidR3_GM.sf2
    """
    wav = FORMATS["wav"]
    check_suffix(output, *wav.suffixes)
    playback = playback_options(
        tempo=tempo,
        instrument=instrument,
        chords=chords,
        swing=swing,
        no_swing=no_swing,
        repeats=repeats,
    )
    font = choose_soundfont(synth, soundfont)
    file = read_tune_file(tunes, number)
    if font is not None:
        show_message(f"played by FluidSynth with {font}")
    export_tunes(file, wav, output=output, options=ExportOptions(playback, font, voice=voice))


def choose_soundfont(synth: str, soundfont: Path | None) -> Path | None:
    """Return the SoundFont for FluidSynth, or None if the built-in synthesiser is used.

    Args:
        synth: the value of --synth.
        soundfont: the value of --soundfont, which requires FluidSynth; None if it is not set.

    Raises:
        UsageError: --soundfont is combined with --synth builtin.
        CharnnError: FluidSynth is requested, but the program or a SoundFont is missing.
    """
    from charnn.music.sound.fluidsynth import check_soundfont, find_soundfont, is_installed

    if synth == "builtin":
        if soundfont is not None:
            raise UsageError("--soundfont needs FluidSynth: leave out --synth builtin")
        return None
    if soundfont is not None:
        check_soundfont(soundfont)
    font = soundfont or find_soundfont()
    if font is not None and is_installed():
        return font
    if synth == "auto" and soundfont is None:
        return None
    if is_installed():
        raise CharnnError(
            "no SoundFont was found: name one with --soundfont, or use --synth builtin"
        )
    raise CharnnError("FluidSynth is not installed: install it, or use --synth builtin")
