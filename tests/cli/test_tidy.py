"""`charnn tidy` and `charnn transpose`: whole books, to stdout or to a file."""

from pathlib import Path

import pytest

from tests.cli.conftest import Program

BOOK = 'X:1\nT:One\nM:4/4\nL:1/8\nK:D\nD8:|\n\nwords\n\nX:1\nT:Two\nM:4/4\nL:1/8\nK:Em\n"Em"E8|\n'
BROKEN = "\nX:3\nK:D\n[D|\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "book.abc").write_text(BOOK + BROKEN)
    return tmp_path


def test_tidy_writes_the_book_and_names_what_it_could_not_read(
    program: Program, folder: Path
) -> None:
    ended = program(folder, "tidy", "book.abc")
    assert (
        ended.stdout.decode()
        == BOOK.replace("D8:|", "|:D8:|").replace("X:1\nT:Two", "X:4\nT:Two") + BROKEN
    )
    assert ended.messages[0] == (
        'without a number, or with that of a tune before: X:1 "Two"; now X:4'
    )
    assert ended.messages[1].startswith("error: book.abc: X:3, line 19, column 1: this [ is never")
    assert ended.messages[2] == "1 tune stays as it was"
    assert ended.returncode == 1


def test_transpose_keeps_modes_and_all_text(program: Program, folder: Path) -> None:
    ended = program(folder, "transpose", "-", "--to", "G", stdin=BOOK.encode())
    expected = BOOK.replace("K:D\nD8", "K:G\nG8").replace('K:Em\n"Em"E8', 'K:Gm\n"Gm"G8')
    assert (ended.returncode, ended.stdout.decode()) == (0, expected)
    ended = program(folder, "transpose", "-", "--by", "-2", stdin=BOOK.encode())
    assert 'K:Dm\n"Dm"D8|\n' in ended.stdout.decode()


def test_transpose_names_the_symbols_that_stay(program: Program, folder: Path) -> None:
    ended = program(
        folder, "transpose", "-", "--by", "2", stdin=b'X:1\nK:C\n"H7"A2 "F\xc2\xba"c2|\n'
    )
    assert ended.stdout.decode() == 'X:1\nK:D\n"H7"B2 "G\u00ba"d2|\n'
    assert ended.stderr.decode() == 'warning: stdin: 3:1: "H7" names no chord and stays as it is\n'


def test_the_command_of_the_old_tune_is_left_out_by_transposing(
    program: Program, folder: Path
) -> None:
    book = BOOK.replace("T:One", "% charnn sample folk --seed 1\n% words\nT:One").encode()
    text = program(folder, "transpose", "-", "--by", "1", stdin=book).stdout.decode()
    assert text.startswith("X:1\n% words\nT:One")
    assert (
        "% charnn sample folk --seed 1\n"
        in program(folder, "tidy", "-", stdin=book).stdout.decode()
    )


def test_a_tune_in_another_mode_stays(program: Program, folder: Path) -> None:
    ended = program(folder, "transpose", "-", "--to", "Am", stdin=BOOK.encode())
    assert ended.stdout.decode() == BOOK.replace('K:Em\n"Em"E8', 'K:Am\n"Am"A8')
    assert ended.returncode == 1
    assert "the key D is not minor: name the tonic A alone" in ended.messages[0]


@pytest.mark.parametrize("command", [("tidy",), ("transpose", "--by", "2")])
def test_a_file_is_written_over_by_force_only(
    program: Program, folder: Path, command: tuple[str, ...]
) -> None:
    name, *options = command
    (folder / "tune.abc").write_text(BOOK)
    arguments = (name, "tune.abc", *options, "-o", "tune.abc")
    ended = program(folder, *arguments)
    assert ended.returncode == 2 and "exists: name another file" in ended.messages[0]
    assert (folder / "tune.abc").read_text() == BOOK
    ended = program(folder, *arguments, "--force")
    assert ended.returncode == 0 and not ended.stdout
    assert (folder / "tune.abc").read_text() != BOOK


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "name the new key or the distance"),
        (("--to", "G", "--by", "2"), "name the new key or the distance"),
        (("--to", "H"), "'H' is no tonic"),
        (("--by", "25"), "at most 24 semitones"),
        (("--by", "2", "-o", "x.mid"), "another kind of file"),
    ],
)
def test_wrong_usage(
    program: Program, folder: Path, options: tuple[str, ...], message: str
) -> None:
    ended = program(folder, "transpose", "book.abc", *options)
    assert ended.returncode == 2 and message in ended.messages[-1]
