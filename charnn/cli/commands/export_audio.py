"""`charnn export-audio`: hear a tune without any player of MIDI files."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charnn.cli.console import show_message
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
from charnn.errors import CharnnError, UsageError

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
    synth: Annotated[
        Literal["auto", "builtin", "fluidsynth"],
        typer.Option(
            help="auto: FluidSynth if it is installed with a SoundFont, else the builtin."
        ),
    ] = "auto",
    soundfont: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="An .sf2 or .sf3 for FluidSynth; default: the system's."),
    ] = None,
) -> None:
    """Write the tunes of an ABC file as WAV, repeats played out; several tunes make several files.

    A tune that cannot be read is named with line and column, and the others are still written.

    \b
    Examples:
      charnn export-audio tune.abc
      charnn export-audio tunes.abc --tune 3 -o reel.wav --instrument flute --chords auto
      charnn export-audio tune.abc --soundfont ~/FluidR3_GM.sf2
    """
    from charnn.music.performance.playback import Playback, PlaybackOptions
    from charnn.music.sound.fluidsynth import fluidsynth_wav
    from charnn.music.sound.wav import wav_bytes

    check_suffix(output, ".wav")
    options = PlaybackOptions(
        tempo, instrument, swing=swing, chords=chords, repeats=repeats == "on"
    )
    font = chosen_soundfont(synth, soundfont)
    file = read_tunes_file(tunes, number)
    if font is not None:
        show_message(f"played by FluidSynth with {font}")

    def make(tune: "Tune") -> bytes:
        warn_without_chords(tune, chords)
        playback = Playback(tune, options)
        return fluidsynth_wav(playback, font) if font else wav_bytes(playback)

    write_tunes(file, make, output=output, suffix=".wav")


def chosen_soundfont(synth: str, soundfont: Path | None) -> Path | None:
    """The SoundFont that FluidSynth is to play with, or `None` for the built-in synthesiser.

    Raises:
        UsageError: a SoundFont for the built-in synthesiser.
        CharnnError: FluidSynth is asked for, but it or a SoundFont is missing.
    """
    from charnn.music.sound.fluidsynth import check_soundfont, find_soundfont, is_installed

    if synth == "builtin":
        if soundfont is not None:
            raise UsageError("--soundfont is for FluidSynth: leave out --synth builtin")
        return None
    if soundfont is not None:
        check_soundfont(soundfont)
    font = soundfont or find_soundfont()
    if font is not None and is_installed():
        return font
    if synth == "auto" and soundfont is None:
        return None
    missing = "FluidSynth" if not is_installed() else "a SoundFont (name one by --soundfont)"
    raise CharnnError(f"{missing} is not installed: install it, or choose --synth builtin")
