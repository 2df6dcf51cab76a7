"""`charnn export-audio`: WAV files from the built-in synthesiser and from FluidSynth."""

import io
import wave
from pathlib import Path

import pytest

from tests.helpers import charnn

REEL = 'X:1\nT:The Test Reel\nR:reel\nM:4/4\nL:1/8\nK:D\n|:"D"D2FA dAFD:|\n'
BROKEN = "X:3\nT:Broken\nK:C\nCDE F/0|\n"


def seconds(content: bytes) -> float:
    with wave.open(io.BytesIO(content)) as file:
        return file.getnframes() / file.getframerate()


def test_the_file_is_written_beside_the_tune(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    run = charnn(
        tmp_path, "export-audio", "reel.abc", "--synth", "builtin", "--tempo", "60", "--chords"
    )
    assert (run.returncode, run.stdout, run.stderr) == (0, b"", b"reel.wav\n")
    assert seconds((tmp_path / "reel.wav").read_bytes()) == pytest.approx(4.4, abs=0.2)


def test_options_apply_from_stdin_to_stdout(tmp_path: Path) -> None:
    run = charnn(
        tmp_path,
        *("export-audio", "-", "-o", "-", "--synth", "builtin", "--repeats", "off"),
        *("--instrument", "whistle", "--swing", "--tempo", "60"),
        stdin=REEL.encode(),
    )
    assert run.returncode == 0, run.stderr
    assert seconds(run.stdout) == pytest.approx(2.4, abs=0.2)


def test_the_other_tunes_are_written_if_one_is_broken(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text(REEL + "\n" + BROKEN)
    run = charnn(tmp_path, "export-audio", "book.abc", "-o", "out/", "--synth", "builtin")
    assert run.returncode == 1
    assert b"Broken" in run.stderr
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["book-001-the-test-reel.wav"]


def test_fluidsynth_is_used_where_it_is_installed(tmp_path: Path) -> None:
    from charnn.music.sound.fluidsynth import find_soundfont, is_installed

    font = find_soundfont()
    if font is None or not is_installed():
        pytest.skip("needs FluidSynth and a SoundFont")
    (tmp_path / "reel.abc").write_text(REEL)
    run = charnn(tmp_path, "export-audio", "reel.abc", "--soundfont", font)
    assert run.returncode == 0
    assert run.stderr.decode() == f"played by FluidSynth with {font}\nreel.wav\n"
    assert seconds((tmp_path / "reel.wav").read_bytes()) > 2


def test_the_builtin_synthesiser_is_used_without_fluidsynth(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    run = charnn(tmp_path, "export-audio", "reel.abc", PATH=str(tmp_path))
    assert (run.returncode, run.stderr) == (0, b"reel.wav\n")
    run = charnn(tmp_path, "export-audio", "reel.abc", "--synth", "fluidsynth", PATH=str(tmp_path))
    assert run.returncode == 1
    assert b"FluidSynth is not installed: install it, or use --synth builtin" in run.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["--soundfont", "reel.abc"], 1, b"reel.abc is not a SoundFont"),
        (["--soundfont", "missing.sf2"], 1, b"no such file: missing.sf2"),
        (["--soundfont", "reel.abc", "--synth", "builtin"], 2, b"leave out --synth builtin"),
        (["--synth", "builtin", "--tempo", "0"], 2, b"tempo"),
        (["--synth", "builtin", "-o", "no/such/x.wav"], 1, b"no/such"),
        (["--synth", "builtin", "--instrument", "kazoophone"], 2, b"kazoophone"),
    ],
)
def test_bad_input_is_an_error_of_one_line(
    tmp_path: Path, arguments: list[str], code: int, expected: bytes
) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    run = charnn(tmp_path, "export-audio", "reel.abc", *arguments)
    assert run.returncode == code
    assert run.stderr.startswith(b"error: ")
    assert expected in run.stderr
    assert run.stderr.count(b"\n") == 1
    assert [path.name for path in tmp_path.iterdir()] == ["reel.abc"]
