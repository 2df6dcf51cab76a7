"""A tune as a WAV file played by FluidSynth, for recorded instruments instead of synthetic ones.

FluidSynth (a separate program) and a SoundFont must be installed. FluidSynth reads the tune as a
MIDI file. FluidSynth gets a temporary folder as its home, so that it neither reads the user's
settings nor leaves files in the user's folders.
"""

import os
import subprocess
import tempfile
import wave
from pathlib import Path
from shutil import which

import numpy as np

from charnn.errors import CharnnError, TuneError
from charnn.music.performance.playback import Playback
from charnn.music.sound.midi import encode_midi
from charnn.music.sound.synth import PEAK, SILENCE, sounding_length
from charnn.music.sound.tones import SAMPLE_RATE
from charnn.music.sound.wav import checked_arrangement, to_wav
from charnn.music.tune.tune import Tune

TIMEOUT_SECONDS = 120  # FluidSynth renders about a hundred times faster than real time

# The folders in which Linux distributions, Homebrew and FluidSynth's documentation put SoundFonts.
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
# The best-known fonts first; the last two patterns match any SoundFont.
_FONT_PATTERNS = (
    "FluidR3_GM.sf*",
    "FluidR3*.sf*",
    "GeneralUser*.sf*",
    "default*.sf*",
    "*.sf2",
    "*.sf3",
)


def find_soundfont() -> Path | None:
    """Return the best-known General MIDI SoundFont in the usual folders, or None."""
    folders = [Path(folder).expanduser() for folder in _FOLDERS]
    for pattern in _FONT_PATTERNS:
        for folder in folders:
            fonts = sorted(folder.glob(pattern)) if folder.is_dir() else []
            if fonts:
                return fonts[0]
    return None


def is_installed() -> bool:
    """Return whether the program `fluidsynth` is installed."""
    return _program() is not None


def _program() -> str | None:
    """Return the absolute path of FluidSynth, or None.

    Windows also searches the working folder. A program found there is ignored, because it could
    belong to anybody.
    """
    path = which("fluidsynth")
    return path if path and Path(path).is_absolute() else None


def fluidsynth_wav(playback: Playback, soundfont: Path) -> bytes:
    """Return a tune as a WAV file played by FluidSynth, with the limits of `wav.wav_bytes`.

    Raises:
        TuneError: as in `wav.wav_bytes`, or FluidSynth fails on this tune.
        CharnnError: `soundfont` is not a SoundFont, or FluidSynth is not installed.
    """
    program = _program()
    if program is None:
        raise CharnnError("FluidSynth is not installed: install it, or leave out --soundfont")
    check_soundfont(soundfont)
    midi = encode_midi(checked_arrangement(playback))
    with tempfile.TemporaryDirectory(prefix="charnn-") as folder:
        source, target = Path(folder, "tune.mid"), Path(folder, "tune.wav")
        source.write_bytes(midi)
        # -n, -i, -q: no MIDI input, no shell, no messages; -g 0.6: headroom against clipping.
        options = ["-n", "-i", "-q", "-r", str(SAMPLE_RATE), "-g", "0.6", "-T", "wav", "-O", "s16"]
        options += ["-f", os.devnull]  # instead of the user's settings for live playing
        # FluidSynth makes folders for the sound server in these places.
        homes = ("HOME", "TMPDIR", "XDG_CONFIG_HOME", "XDG_RUNTIME_DIR")
        command = [program, *options, "-F", str(target), str(soundfont.resolve()), str(source)]
        try:
            process = subprocess.run(  # noqa: S603 - a fixed program, no shell
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=TIMEOUT_SECONDS,
                check=False,
                env=os.environ | dict.fromkeys(homes, folder),
            )
        except subprocess.TimeoutExpired:
            raise _failure(playback.tune) from None
        if process.returncode or not target.is_file():
            raise _failure(playback.tune)
        return _normalised(target)


def check_soundfont(path: Path) -> None:
    """Raise an error for a file that is not a SoundFont; FluidSynth would render only silence.

    Raises:
        CharnnError: the file does not exist, or is another kind of file.
        OSError: the file can't be read.
    """
    if not path.is_file():
        raise CharnnError(f"no such file: {path}; --soundfont needs an .sf2 or .sf3 file")
    with path.open("rb") as file:
        start = file.read(12)
    if start[:4] != b"RIFF" or start[8:12] != b"sfbk":
        raise CharnnError(f"{path} is not a SoundFont: --soundfont needs an .sf2 or .sf3 file")


def _failure(tune: Tune) -> TuneError:
    problem = "FluidSynth failed on this tune: use --synth builtin"
    return TuneError(problem, tune.line, 1, tune.name)


def _normalised(path: Path) -> bytes:
    """Return a WAV file scaled to a peak of -1 dB and cut off in the silence at its end.

    The built-in synthesiser has the same peak and the same end.
    """
    with wave.open(str(path)) as file:
        frames, channels = file.readframes(file.getnframes()), file.getnchannels()
    samples = np.frombuffer(frames, "<i2").reshape(-1, channels).astype(np.float32)
    loudest = float(np.max(np.abs(samples), initial=0.0))
    samples = samples[: sounding_length(tuple(samples.T), SILENCE * loudest)]
    samples *= 32767 * PEAK / max(loudest, 1.0)
    return to_wav(np.rint(samples).astype(np.int16))
