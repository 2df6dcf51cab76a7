"""Rows under the staff: note names, whistle holes, strings, buttons."""

from xml.etree import ElementTree

import pytest

from charnn.music.abc.reader import read_tunes
from charnn.music.score.finger_places import ROWS
from charnn.music.score.finger_rows import add_rows, missing_notes
from charnn.music.score.musicxml import to_musicxml


def rows(notes: str, kind: str) -> list[dict[int, str]]:
    """Return the texts under each note, by the number of the row."""
    (tune,) = read_tunes(f"X:1\nM:none\nL:1/4\nK:D\n{notes}\n")
    score = ElementTree.fromstring(add_rows(to_musicxml(tune), kind))  # noqa: S314
    return [
        {int(lyric.get("number", 0)): lyric.findtext("text", "") for lyric in note.iter("lyric")}
        for note in score.iter("note")
    ]


def test_names_have_the_signs_of_the_key() -> None:
    assert rows("FG=c_B", "names") == [{1: "F♯"}, {1: "G"}, {1: "C"}, {1: "B♭"}]


def test_rests_ties_chords_and_grace_notes_have_one_row() -> None:
    assert rows("{g}d-d z [DF]", "names") == [{}, {1: "D"}, {}, {}, {1: "D"}, {}]


def test_rows_come_below_the_words() -> None:
    assert rows("DE\nw:la la", "names") == [{1: "la", 2: "D"}, {1: "la", 2: "E"}]


@pytest.mark.parametrize(
    ("note", "holes"),
    [("D", "●●●●●●"), ("G", "●●●○○○"), ("c", "○○○○○○"), ("=c", "○●●○○○"), ("d", "○●●●●●+")],
)
def test_holes_of_a_whistle(note: str, holes: str) -> None:
    (row,) = rows(note, "whistle")
    assert "".join(row.values()) == holes


def test_strings_are_rows() -> None:
    assert rows("G,DEfe'", "mandolin") == [{4: "0"}, {3: "0"}, {3: "2"}, {1: "2"}, {1: "12"}]
    assert rows("F=Fe'", "fiddle") == [{3: "2"}, {3: "L2"}, {}]


def test_buttons_of_a_box_in_b_and_c() -> None:
    assert rows("DEFAcb", "accordion") == [
        *({2: "(3)"}, {2: "4"}, {1: "5"}, {2: "(5)"}, {1: "(7)"}, {2: "(10)"}),
    ]


@pytest.mark.parametrize("kind", sorted(set(ROWS) - {"names"}))
def test_notes_that_an_instrument_lacks_stay_empty(kind: str) -> None:
    lowest, highest, *others = rows("C,,, c'''' ^^F __D", kind)
    assert lowest == highest == {}
    assert any(others)


def test_buttons_of_a_melodeon_in_d_and_g() -> None:
    assert rows("A,DFGBdg^ga'", "melodeon") == [
        *({1: "2"}, {1: "3", 2: "2"}, {1: "4", 2: "(2)"}, {1: "(4)", 2: "3"}, {1: "(5)", 2: "4"}),
        *({1: "6", 2: "5"}, {1: "(8)", 2: "6"}, {}, {1: "11"}),
    ]


def test_the_notes_that_rows_lack_are_named() -> None:
    (tune,) = read_tunes("X:1\nM:none\nL:1/4\nK:D\nG,B,DF2B,z e''\n")
    assert missing_notes(to_musicxml(tune), "whistle") == ["G3", "B3", "E7"]
    assert missing_notes(to_musicxml(tune), "names") == []
