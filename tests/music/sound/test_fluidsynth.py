"""FluidSynth: finding SoundFonts, refusing other files, and the sound where it is installed."""

import io
import wave
from pathlib import Path

import numpy as np
import pytest

from charnn.errors import CharnnError, TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.sound import fluidsynth
from charnn.music.sound.fluidsynth import (
    check_soundfont,
    find_soundfont,
    fluidsynth_wav,
    is_installed,
)

TUNE = read_tunes("X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\nA4|\n")[0]
FONT = b"RIFF\0\0\0\0sfbk"


def test_the_best_known_soundfont_is_found_first(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fluidsynth, "_FOLDERS", (str(tmp_path / "none"), str(tmp_path)))
    assert find_soundfont() is None
    for name in ("other.sf2", "default-GM.sf2", "FluidR3_GM.sf2", "readme.txt"):
        (tmp_path / name).write_bytes(FONT)
    assert find_soundfont() == tmp_path / "FluidR3_GM.sf2"


@pytest.mark.parametrize(
    "content", [b"", b"RIFF", b"RIFF\0\0\0\0WAVEfmt ", b"X:1\nT:no font\nK:C\n"]
)
def test_a_file_that_is_not_a_soundfont_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "font.sf2").write_bytes(content)
    with pytest.raises(CharnnError, match="not a SoundFont"):
        check_soundfont(tmp_path / "font.sf2")
    with pytest.raises(CharnnError, match="no such file"):
        check_soundfont(tmp_path / "missing.sf2")


def test_fluidsynth_plays_in_tune_at_full_level() -> None:
    font = find_soundfont()
    if font is None or not is_installed():
        pytest.skip("needs FluidSynth and a SoundFont")
    with wave.open(
        io.BytesIO(fluidsynth_wav(Playback(TUNE, PlaybackOptions(instrument="flute")), font))
    ) as file:
        frames, rate = file.readframes(file.getnframes()), file.getframerate()
    sound = np.frombuffer(frames, "<i2").reshape(-1, 2) / 32768
    assert np.max(np.abs(sound)) == pytest.approx(0.891, abs=0.01)
    assert 2 < len(sound) / rate < 6
    middle = sound[rate // 4 : rate + rate // 4, 0] * np.hanning(rate)
    spectrum = np.abs(np.fft.rfft(middle, 4 * rate))
    assert np.argmax(spectrum[: 4 * 500]) / 4 == pytest.approx(440, abs=3)


def test_a_missing_or_failing_program_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "font.sf2").write_bytes(FONT)
    monkeypatch.setattr(fluidsynth, "which", lambda name: None)
    with pytest.raises(CharnnError, match="not installed"):
        fluidsynth_wav(Playback(TUNE), tmp_path / "font.sf2")
    failing = tmp_path / "failing"
    failing.write_text("#!/bin/sh\nexit 3\n")
    failing.chmod(0o755)
    monkeypatch.setattr(fluidsynth, "which", lambda name: str(failing))
    with pytest.raises(TuneError, match="--synth builtin"):
        fluidsynth_wav(Playback(TUNE), tmp_path / "font.sf2")
