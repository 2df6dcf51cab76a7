"""`charnn export-score`: formats, file names, and errors."""

from pathlib import Path

import pytest

from tests.helpers import charnn

REEL = "X:1\nT:The Test Reel\nR:reel\nM:4/4\nL:1/8\nK:D\n|:D2FA dAFD:|\n"
JIG = "X:2\nT:Another: A/B\nM:6/8\nK:G\nGAB c2d|\n"
BROKEN = "X:3\nT:Broken\nK:C\nCDE F/0|\n"
BEGINNINGS = {".svg": b"<svg", ".png": b"\x89PNG", ".pdf": b"%PDF", ".musicxml": b"<?xml"}

engravers = pytest.mark.usefixtures("_engravers")


@pytest.fixture
def _engravers() -> None:
    pytest.importorskip("verovio", reason="needs charnn[score]")
    pytest.importorskip("typst", reason="needs charnn[score]")


@engravers
@pytest.mark.parametrize("suffix", BEGINNINGS)
def test_the_suffix_chooses_the_format(tmp_path: Path, suffix: str) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    run = charnn(tmp_path, "export-score", "reel.abc", "-o", f"out{suffix}")
    assert (run.returncode, run.stdout) == (0, b""), run.stderr
    assert run.stderr == f"out{suffix}\n".encode()
    assert (tmp_path / f"out{suffix}").read_bytes().startswith(BEGINNINGS[suffix])


def test_the_other_tunes_are_written_if_one_is_broken(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text("\n".join((REEL, BROKEN, JIG)))
    run = charnn(tmp_path, "export-score", "book.abc", "-o", "out/", "--format", "musicxml")
    assert run.returncode == 1
    assert b"Broken" in run.stderr
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == ["book-001-the-test-reel.musicxml", "book-003-another-a-b.musicxml"]


@engravers
def test_all_tunes_are_in_one_pdf_and_those_that_fail_are_named(tmp_path: Path) -> None:
    (tmp_path / "book.abc").write_text("\n".join((REEL, BROKEN, JIG)))
    run = charnn(tmp_path, "export-score", "book.abc", "-o", "book.pdf")
    assert run.returncode == 1
    lines = run.stderr.decode().splitlines()
    assert lines[0].startswith("error: ")
    assert lines[1:] == ["book.pdf", "1 of 3 tunes could not be exported; the others were"]
    assert {path.name for path in tmp_path.iterdir()} == {"book.abc", "book.pdf"}
    piped = charnn(tmp_path, "export-score", "book.abc", "-o", "-", "--format", "pdf")
    assert piped.stdout.startswith(b"%PDF")


def test_a_score_leaves_nothing_out_in_silence(tmp_path: Path) -> None:
    (tmp_path / "song.abc").write_text("X:1\nK:C\nC!ped!D|\nw:one two three\n")
    run = charnn(tmp_path, "export-score", "song.abc", "-o", "song.xml")
    assert run.returncode == 0
    assert run.stderr.decode().splitlines() == [
        'warning: X:1: the score leaves out !ped! (line 3), the syllables "three", '
        "for which there is no note (line 4)",
        "song.xml",
    ]


def test_bars_per_line(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text("X:1\nM:C\nK:D\nD8|E8|F8|\nG8|\n")
    run = charnn(tmp_path, "export-score", "reel.abc", "-o", "-.xml", "--bars-per-line", "2")
    assert run.returncode == 0, run.stderr
    assert (tmp_path / "-.xml").read_text().count("new-system") == 1
    run = charnn(tmp_path, "export-score", "reel.abc", "--bars-per-line", "0")
    assert run.returncode == 2


@engravers
def test_the_default_is_svg_beside_the_tune(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    assert charnn(tmp_path, "export-score", "reel.abc").returncode == 0
    assert (tmp_path / "reel.svg").read_bytes().startswith(b"<svg")


def test_a_score_from_stdin_to_stdout(tmp_path: Path) -> None:
    run = charnn(
        tmp_path, "export-score", "-", "-o", "-", "--format", "musicxml", stdin=REEL.encode()
    )
    assert run.returncode == 0
    assert run.stdout.startswith(b"<?xml")
    assert run.stdout.endswith(b"</score-partwise>\n")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["reel.abc", "-o", "out.gif"], 2, b".svg, .png, .pdf or .musicxml"),
        (["reel.abc", "-o", "out"], 2, b".svg, .png, .pdf or .musicxml"),
        (["reel.abc", "-o", "out.svg", "--format", "pdf"], 2, b"leave one out"),
        (["reel.abc", "--tune", "2"], 2, b"1 to 1"),
        (["missing.abc"], 1, b"no such file: missing.abc"),
        (["silent.abc", "-o", "out.xml"], 1, b"no notes to engrave"),
    ],
)
def test_bad_input_is_an_error_of_one_line(
    tmp_path: Path, arguments: list[str], code: int, expected: bytes
) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    (tmp_path / "silent.abc").write_text("X:1\nM:4/4\nK:C\n||\n")
    before = sorted(tmp_path.iterdir())
    run = charnn(tmp_path, "export-score", *arguments)
    assert run.returncode == code
    assert run.stderr.startswith(b"error: ")
    assert expected in run.stderr
    assert run.stderr.count(b"\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_the_format_option_makes_a_suffix_unnecessary(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL)
    run = charnn(tmp_path, "export-score", "reel.abc", "-o", "out", "--format", "musicxml")
    assert run.returncode == 0
    assert (tmp_path / "out").read_bytes().startswith(b"<?xml")


def test_rows_for_a_player_and_the_notes_that_they_lack(tmp_path: Path) -> None:
    (tmp_path / "reel.abc").write_text(REEL.replace("|:D2FA", "|:G,2FA"))
    run = charnn(tmp_path, "export-score", "reel.abc", "-o", "r.musicxml", "--rows", "whistle")
    assert run.returncode == 0
    assert "the rows for whistle have no place for G3\n" in run.stderr.decode()
    score = (tmp_path / "r.musicxml").read_text(encoding="utf-8")
    assert score.startswith("<?xml")
    assert "<text>●</text>" in score
