"""`charnn export-midi`: input files, output files, options, and errors."""

import gzip
import io
import os
import stat
from pathlib import Path

import mido
import pytest

from tests.helpers import charnn

REEL = "X:1\nT:The Test Reel\nR:reel\nM:4/4\nL:1/8\nK:D\n|:D2FA dAFD:|\n"
JIG = "X:2\nT:Another: A/B\nM:6/8\nK:G\nGAB c2d|\n"
BROKEN = "X:3\nT:Broken\nK:C\nCDE F/0|\n"


def pitches(content: bytes) -> list[int]:
    file = mido.MidiFile(file=io.BytesIO(content))
    return [m.note for m in file if m.type == "note_on" and m.velocity > 0]


def test_the_file_is_written_beside_the_tune(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL.replace("\n", "\r\n"), newline="")
    run = charnn(tmp_path, "export-midi", "reel.abc")
    assert (run.returncode, run.stdout) == (0, b"")
    assert pitches((tmp_path / "reel.mid").read_bytes()) == [62, 66, 69, 74, 69, 66, 62] * 2


def test_a_broken_tune_is_reported_and_the_others_are_written(tmp_path: Path) -> None:
    book = REEL + "\n" + BROKEN + "\nfree text between tunes\n\n" + JIG
    (tmp_path / "book.abc").write_text(book)
    (tmp_path / "out").mkdir()
    run = charnn(tmp_path, "export-midi", "book.abc", "-o", "out")
    assert run.returncode == 1
    errors = [line for line in run.stderr.decode().splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert "Broken" in errors[0]
    assert "line 12, column 6" in errors[0]
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["book-001-the-test-reel.mid", "book-003-another-a-b.mid"]


def test_what_is_left_out_is_shown_once_with_its_place(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL.replace("D2FA", "D2q[D>F]A").replace("dA", "dqA"))
    run = charnn(tmp_path, "export-midi", "reel.abc", "-o", "-")
    assert (run.returncode, len(pitches(run.stdout))) == (0, 16)
    assert run.stderr.decode().splitlines() == [
        f'warning: reel.abc: X:1 "The Test Reel", line 7, column {column}: {problem}'
        for column, problem in (
            (5, "'q' means nothing here: it is left out, and 1 more"),
            (8, "'>' means nothing in a chord: it is left out"),
        )
    ]


DUET = "X:4\nT:Duet\nM:4/4\nL:1/4\nK:C\nV:1 name=High\nc4 & A4|\nV:2 clef=bass\nC,4 & E,4|\n"


def test_one_voice_of_a_tune_can_be_selected(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text(DUET + "\n" + REEL)
    for option, expected in (((), [72, 69, 52, 48]), (("--voice", "2"), [52, 48])):
        run = charnn(tmp_path, "export-midi", "book.abc", "--tune", "1", "-o", "-", *option)
        assert sorted(pitches(run.stdout), reverse=True) == expected
    run = charnn(tmp_path, "export-midi", "book.abc", "--voice", "2")
    assert run.returncode == 1
    assert "there is no voice 2: the tune has one voice" in run.stderr.decode()
    assert (tmp_path / "book-001-duet.mid").exists()
    run = charnn(tmp_path, "export-midi", "book.abc", "--voice", "3")
    assert run.stderr.decode().splitlines()[-1] == "2 of 2 tunes could not be exported"


def test_one_tune_of_a_file_can_be_selected(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text(REEL + "\n" + JIG)
    run = charnn(tmp_path, "export-midi", "book.abc", "--tune", "2", "-o", "j.mid", "--tempo", "90")
    assert run.returncode == 0, run.stderr
    file = mido.MidiFile(tmp_path / "j.mid")
    tempos = [m.tempo for m in file if m.type == "set_tempo"]
    # 90 beats of a dotted quarter are 135 quarters a minute.
    assert mido.tempo2bpm(tempos[0]) == pytest.approx(135, rel=1e-3)
    run = charnn(tmp_path, "export-midi", "book.abc", "--tune", "3")
    assert run.returncode == 2
    assert b"1 to 2" in run.stderr


def test_the_tune_file_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "book").write_text(REEL + "\n" + JIG)
    (tmp_path / "reel.mid").write_text(REEL)  # ABC in spite of its suffix
    for arguments in (["book", "--tune", "1", "-o", "book"], ["reel.mid"]):
        run = charnn(tmp_path, "export-midi", *arguments)
        assert run.returncode == 2
        assert b"tune file itself" in run.stderr
    assert (tmp_path / "book").read_text() == REEL + "\n" + JIG
    assert (tmp_path / "reel.mid").read_text() == REEL


@pytest.mark.parametrize("command", ["export-midi", "export-audio", "export-score"])
@pytest.mark.parametrize(
    ("output", "expected"),
    [("other.abc", b"other.abc"), ("tune.mp3", b"tune.mp3"), ("", b"-o '' is empty")],
)
def test_an_output_of_another_kind_is_refused(
    tmp_path: Path, command: str, output: str, expected: bytes
) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    (tmp_path / "other.abc").write_text(JIG)
    run = charnn(tmp_path, command, "reel.abc", "-o", output)
    assert run.returncode == 2
    assert run.stderr.startswith(b"error: ")
    assert expected in run.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["other.abc", "reel.abc"]
    assert (tmp_path / "other.abc").read_text() == JIG


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
def test_a_device_is_written_to_and_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    (tmp_path / "null.d").symlink_to(os.devnull)
    run = charnn(tmp_path, "export-midi", "reel.abc", "-o", "null.d")
    assert (run.returncode, run.stderr) == (0, b"null.d\n")
    assert stat.S_ISCHR((tmp_path / "null.d").stat().st_mode)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such files")
@pytest.mark.parametrize("command", ["export-midi", "check"])
def test_endless_input_is_refused(tmp_path: Path, command: str) -> None:
    run = charnn(tmp_path, command, "/dev/zero")
    assert run.returncode == 1
    assert run.stderr.startswith(b"error: /dev/zero is larger than 64 MB")
    assert run.stderr.count(b"\n") == 1


def test_a_file_of_too_many_tunes_is_refused(tmp_path: Path) -> None:
    """Without the limit, two million tunes in 8 MB took 2 GB of memory."""
    (tmp_path / "endless.abc").write_text("X:1\n" * 200_000)
    run = charnn(tmp_path, "export-midi", "endless.abc")
    assert run.returncode == 1
    assert run.stderr.startswith(b"error: endless.abc contains more than 100,000 tunes: ")
    assert run.stderr.count(b"\n") == 1


def test_output_goes_to_a_folder_to_numbered_files_or_beside_the_tunes(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text(REEL + "\n" + JIG)
    assert charnn(tmp_path, "export-midi", "book.abc", "-o", "new/").returncode == 0
    assert charnn(tmp_path, "export-midi", "book.abc", "-o", "plain").returncode == 0
    assert charnn(tmp_path, "export-midi", "book.abc", "--tune", "2").returncode == 0
    names = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*.mid"))
    assert names == [
        "book-002-another-a-b.mid",
        "new/book-001-the-test-reel.mid",
        "new/book-002-another-a-b.mid",
        "plain-001.mid",
        "plain-002.mid",
    ]


@pytest.mark.parametrize("kind", ["gzip", "utf-16", "latin-1"])
def test_compressed_files_and_other_encodings_are_read(tmp_path: Path, kind: str) -> None:
    text = REEL.replace("Test", "Tést")
    if kind == "gzip":
        (tmp_path / "reel.abc.gz").write_bytes(gzip.compress(text.encode()))
    else:
        (tmp_path / "reel.abc").write_bytes(text.encode(kind))
    run = charnn(tmp_path, "export-midi", next(tmp_path.iterdir()).name, "-o", "out.mid")
    assert run.returncode == 0, run.stderr
    assert len(pitches((tmp_path / "out.mid").read_bytes())) == 14


def test_the_suffix_gz_is_left_out_of_the_output_name(tmp_path: Path) -> None:
    (tmp_path / "reel.abc.gz").write_bytes(gzip.compress(REEL.encode()))
    run = charnn(tmp_path, "export-midi", "reel.abc.gz")
    assert (run.returncode, run.stderr) == (0, b"reel.mid\n")


def test_tunes_from_stdin(tmp_path: Path) -> None:
    run = charnn(
        tmp_path, "export-midi", "-", "-o", "-", "--instrument", "flute", stdin=REEL.encode()
    )
    assert run.returncode == 0
    assert len(pitches(run.stdout)) == 14
    programs = {
        m.program for m in mido.MidiFile(file=io.BytesIO(run.stdout)) if m.type == "program_change"
    }
    assert programs == {73}

    run = charnn(tmp_path, "export-midi", "-", stdin=(REEL + "\n" + JIG).encode())
    assert run.returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "001-the-test-reel.mid",
        "002-another-a-b.mid",
    ]


CHORDS = 'X:1\nT:The Reel\nR:reel\nM:4/4\nL:1/8\nK:D\n|:"D"D2FA dAFD|1d8:|2D8|]\n'


@pytest.mark.parametrize(
    ("arguments", "accompanied"),
    [
        (["--chords", "tune.abc"], True),
        (["--chords", "off", "tune.abc"], False),
    ],
)
def test_chords_can_be_given_without_a_value(
    tmp_path: Path, arguments: list[str], accompanied: bool
) -> None:
    (tmp_path / "tune.abc").write_text(CHORDS)
    run = charnn(tmp_path, "export-midi", *arguments)
    assert (run.returncode, run.stderr) == (0, b"tune.mid\n")
    tracks = mido.MidiFile(tmp_path / "tune.mid").tracks
    assert ("Chords" in [track.name for track in tracks]) == accompanied


def test_a_tune_without_chord_symbols_gets_a_warning_or_chosen_chords(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    run = charnn(tmp_path, "export-midi", "reel.abc", "--chords")
    assert run.returncode == 0
    assert b"warning" in run.stderr
    assert b"--chords auto" in run.stderr
    plain = (tmp_path / "reel.mid").read_bytes()
    run = charnn(tmp_path, "export-midi", "reel.abc", "--chords", "auto")
    assert (run.returncode, run.stderr) == (0, b"reel.mid\n")
    assert len(pitches((tmp_path / "reel.mid").read_bytes())) > len(pitches(plain))


def test_chord_symbols_that_are_not_played_as_written_are_named_once(tmp_path: Path) -> None:
    body = '"Am"A4 "H7"B4|"A or D"A4 "G/H"B4|"H7"c4 "N.C."d4|'
    (tmp_path / "reel.abc").write_text(REEL.replace("|:D2FA dAFD:|", body))
    run = charnn(tmp_path, "export-midi", "reel.abc", "--chords")
    place = 'warning: X:1 "The Test Reel", line 7, column'
    assert run.stderr.decode().splitlines() == [
        f'{place} 8: "H7" names no chord and is not played, and 1 more',
        f'{place} 26: "G/H" names no chord and is not played',
        f'{place} 15: "A or D" is played as A',
        "reel.mid",
    ]
    assert charnn(tmp_path, "export-midi", "reel.abc").stderr == b"reel.mid\n"


def test_the_options_repeats_and_swing(tmp_path: Path) -> None:
    (tmp_path / "tune.abc").write_text(CHORDS)

    def exported(*options: str) -> bytes:
        run = charnn(tmp_path, "export-midi", "tune.abc", "-o", "-", *options)
        assert run.returncode == 0, run.stderr
        return run.stdout

    assert len(pitches(exported())) == 16
    once = exported("--repeats", "off")
    assert pitches(once) == [62, 66, 69, 74, 69, 66, 62, 62]
    swung = exported("--repeats", "off", "--swing")
    assert pitches(swung) == pitches(once)
    assert swung != once
    assert exported("--repeats", "off", "--no-swing") == once


def test_a_title_cannot_lead_out_of_the_folder(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    tune = "X:1\nT:../../../etc/passwd\x1b[2J\nK:C\nC|\n"
    run = charnn(inside, "export-midi", "-", stdin=tune.encode())
    assert run.returncode == 0
    assert [path.name for path in inside.iterdir()] == ["etc-passwd-2j.mid"]
    assert [path.name for path in tmp_path.iterdir()] == ["inside"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["missing.abc"], 1),
        (["empty.abc"], 1),
        (["binary.abc"], 1),
        (["reel.abc", "-o", "no/such/folder/x.mid"], 1),
        (["reel.abc", "--instrument", "kazoophone"], 2),
        (["reel.abc", "--tempo", "0"], 2),
        (["cut.abc.gz"], 1),
        (["book.abc", "-o", "-"], 2),
    ],
)
def test_bad_input_is_an_error_of_one_line(tmp_path: Path, arguments: list[str], code: int) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    (tmp_path / "book.abc").write_text(REEL + "\n" + JIG)
    (tmp_path / "empty.abc").write_text("")
    (tmp_path / "cut.abc.gz").write_bytes(gzip.compress(REEL.encode())[:-20])
    (tmp_path / "binary.abc").write_bytes(bytes(range(256)) * 4)
    before = sorted(tmp_path.iterdir())
    run = charnn(tmp_path, "export-midi", *arguments)
    assert run.returncode == code
    assert run.stdout == b""
    assert run.stderr.decode().startswith("error: ")
    assert run.stderr.count(b"\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_a_failed_export_keeps_the_earlier_file(tmp_path: Path) -> None:
    (tmp_path / "broken.abc").write_text(BROKEN)
    (tmp_path / "broken.mid").write_bytes(b"earlier")
    assert charnn(tmp_path, "export-midi", "broken.abc").returncode == 1
    assert (tmp_path / "broken.mid").read_bytes() == b"earlier"
