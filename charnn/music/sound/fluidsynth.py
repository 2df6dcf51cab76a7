"""Playing a tune through FluidSynth, where it and a SoundFont are installed: recorded instruments
instead of the built-in ones. It runs as a process of its own and gets our MIDI file.
"""

import os
import subprocess
import tempfile
import wave
from pathlib import Path
from shutil import which

import numpy as np

from charnn.errors import CharnnError, TuneError
from charnn.music.performance.playback import AS_USUAL, Playing
from charnn.music.sound.midi import midi_bytes
from charnn.music.sound.synth import PEAK
from charnn.music.sound.timbres import RATE
from charnn.music.sound.wav import check_length, seconds_of, to_wav
from charnn.music.tune.tune import Tune

SECONDS = 120  # it plays some hundred times faster than time goes by

_FOLDERS = (
    "~/.fluidsynth",
    "~/.local/share/soundfonts",
    "/usr/share/sounds/sf2",
    "/usr/share/sounds/sf3",
    "/usr/share/soundfonts",
    "/usr/local/share/soundfonts",
    "/usr/local/share/fluidsynth",
    "/opt/homebrew/share/soundfonts",
    "/opt/homebrew/share/fluidsynth",
    "C:/soundfonts",
)
# The best first; `*` is any other.
_FONTS = ("FluidR3_GM.sf*", "FluidR3*.sf*", "GeneralUser*.sf*", "default*.sf*", "*.sf2", "*.sf3")


def find_soundfont() -> Path | None:
    """A General MIDI SoundFont in one of the usual places, the best known one first."""
    folders = [Path(folder).expanduser() for folder in _FOLDERS]
    for pattern in _FONTS:
        for folder in folders:
            found = sorted(folder.glob(pattern)) if folder.is_dir() else []
            if found:
                return found[0]
    return None


def is_installed() -> bool:
    """Whether the program is there."""
    return _program() is not None


def _program() -> str | None:
    """Where the program is; one that happens to lie in the working folder is none."""
    found = which("fluidsynth")
    return found if found and Path(found).is_absolute() else None


def fluidsynth_wav(
    tune: Tune,
    soundfont: Path,
    playing: Playing = AS_USUAL,
) -> bytes:
    """A tune as a WAV file, played by FluidSynth; limits as in `audio.wav_bytes`.

    Raises:
        TuneError: as `audio.wav_bytes`, or FluidSynth failed on this tune.
        CharnnError: the SoundFont is none, or FluidSynth is not installed.
    """
    program = _program()
    if program is None:
        raise CharnnError("FluidSynth is not installed: install it, or leave --soundfont out")
    check_soundfont(soundfont)
    check_length(tune, seconds_of(tune, playing))
    midi = midi_bytes(tune, playing)
    with tempfile.TemporaryDirectory(prefix="charnn-") as name:
        source, target = Path(name, "tune.mid"), Path(name, "tune.wav")
        source.write_bytes(midi)
        options = ["-n", "-i", "-q", "-r", str(RATE), "-g", "0.6", "-T", "wav", "-O", "s16"]
        options += ["-f", os.devnull]  # nothing of what the user has set up for playing live
        # What it looks for or leaves behind (the sound server's folders) stays in here.
        homes = ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")
        command = [program, *options, "-F", str(target), str(soundfont.resolve()), str(source)]
        try:
            ended = subprocess.run(  # noqa: S603 - a fixed program, no shell
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=SECONDS,
                check=False,
                env=os.environ | dict.fromkeys(homes, name),
            )
        except subprocess.TimeoutExpired:
            raise _failure(tune) from None
        if ended.returncode or not target.is_file():
            raise _failure(tune)
        return _at_full_level(target)


def check_soundfont(path: Path) -> None:
    """Refuse what is no SoundFont: FluidSynth itself would play silence.

    Raises:
        CharnnError: it is missing, or another kind of file.
        OSError: it cannot be read.
    """
    if not path.is_file():
        raise CharnnError(f"there is no SoundFont {path}: name an .sf2 or .sf3 file")
    with path.open("rb") as file:
        start = file.read(12)
    if start[:4] != b"RIFF" or start[8:12] != b"sfbk":
        raise CharnnError(f"{path} is no SoundFont: name an .sf2 or .sf3 file")


def _failure(tune: Tune) -> TuneError:
    problem = "FluidSynth could not play it; --synth builtin can"
    return TuneError(problem, tune.line, 1, tune.name)


def _at_full_level(path: Path) -> bytes:
    """The file as loud as the built-in synthesiser's: its peak at -1 dB."""
    with wave.open(str(path)) as file:
        frames, channels = file.readframes(file.getnframes()), file.getnchannels()
    samples = np.frombuffer(frames, "<i2").reshape(-1, channels).astype(np.float32)
    loudest = float(np.max(np.abs(samples), initial=0.0))
    samples *= 32767 * PEAK / max(loudest, 1.0)
    return to_wav(np.rint(samples).astype(np.int16))
