"""`charnn book`: a book on paper, of a file in ABC notation or of a tune book in SQLite."""

import re
from pathlib import Path

import mido
import pytest

from charnn.tunebook.tune_book import TuneBook
from tests.cli.conftest import Program

JIG = "X:1\nT:Jig <b> #x $y$\nR:jig\nM:6/8\nK:D\nA|:d3 def|gfe d2A|B3 BAB|d2A FED:|\n"
SONG = "X:2\nT:Song\nM:3/4\nK:G\nV:1\n[1!p!(G2 Bc d2|\nw:la la la la\nV:2\nG6|\n"
BROKEN = "X:3\nT:Broken\nK:D\n[ABc\n"


def bookmarks(pdf: bytes) -> list[str]:
    return [title.decode("latin-1") for title in re.findall(rb"/Title ?\(([^\n]*?)\)/", pdf)]


def pages(pdf: bytes) -> int:
    return len(re.findall(rb"/Type ?/Page\b", pdf))


@pytest.fixture
def engraver() -> None:
    pytest.importorskip("verovio", reason="needs charnn[score]")
    pytest.importorskip("typst", reason="needs charnn[score]")


@pytest.mark.usefixtures("engraver")
def test_a_book_has_all_its_parts(program: Program, tmp_path: Path) -> None:
    (tmp_path / "my tunes.abc").write_text(f"{JIG}\n{BROKEN}\n" + f"{SONG}\n" * 9)
    ended = program(tmp_path, "book", "my tunes.abc", "--paper", "letter")
    assert ended.returncode == 1
    assert ended.messages[-2:] == [
        "my tunes.pdf",
        "1 of 11 tunes could not be exported; the others were",
    ]
    assert any(re.match(r"error: .*Broken.*line 11, column 1: ", one) for one in ended.messages)
    pdf = (tmp_path / "my tunes.pdf").read_bytes()
    marks = ["Contents", "Incipits", "Index of titles", "Index of types and keys"]
    assert set(marks) | {"Jig <b> #x $y$", "Song"} <= set(bookmarks(pdf))
    assert pages(pdf) == 8
    assert pdf.count(b"/Link") >= 10  # each tune in three lists, and twice among the incipits
    assert b"612 792" in pdf


@pytest.mark.usefixtures("engraver")
def test_a_set_of_a_tune_book_is_printed(program: Program, tmp_path: Path) -> None:
    book = TuneBook(tmp_path / "my.db")
    song, jig = book.keep(SONG), book.keep(JIG)
    book.save_set("Friday", [jig])
    book.remove(song)
    (tmp_path / "shown").mkdir()
    for options, code, message in (
        (("my.db", "--set", "friday", "-o", "a.pdf", "--title", "T"), 0, "a.pdf"),
        (("my.db", "--set", "Monday"), 2, "has no set 'Monday'; its sets: Friday"),
        (("my.db", "-o", "shown"), 2, "-o shown is a folder: name a file"),
        (("my.db", "-o", "a.abc"), 2, "-o a.abc has the suffix of another kind of file: use .pdf"),
        (("-", "--set", "Friday"), 2, "--set takes a set of a tune book, and - is none"),
        (("none.db",), 1, "no such file: none.db"),
        (("none.db", "--set", "Friday"), 1, "no such file: none.db"),
    ):
        ended = program(tmp_path, "book", *options)
        assert (ended.returncode, len(ended.messages)) == (code, 1)
        assert message in ended.messages[0]
    few = (tmp_path / "a.pdf").read_bytes()
    assert set(bookmarks(few)) == {"Contents", "Jig <b> #x $y$", "T"}
    assert pages(few) == 3
    book.remove(jig)
    ended = program(tmp_path, "book", "my.db")
    assert "my.db contains no tune: keep some in it first" in ended.messages[0]


def test_a_set_is_played_into_one_file(program: Program, tmp_path: Path) -> None:
    book = TuneBook(tmp_path / "my.db")
    book.save_set("Friday", [book.keep(SONG), book.keep(JIG)])
    ended = program(tmp_path, "book", "my.db", "--set", "Friday", "-o", "set.mid")
    assert (ended.returncode, ended.messages) == (0, ["set.mid"])
    file = mido.MidiFile(tmp_path / "set.mid")
    assert [m.text for m in file if m.type == "marker"] == ["Song", "Jig <b> #x $y$"]
    names = [message.name for message in file if message.type == "track_name"]
    assert names[0] == "Friday"
