"""Cleaning drops what carries no music, and spells the rest in one way.

The mistakes of books, which are mended afterwards, have tests of their own: `test_mending.py`.
"""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from charnn.music.abc.cleaning import clean_books, spell_books
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.checking.bars import split_into_bars

MUSIC = "DFAd dAFD|d8|]"


def clean_book(text: str) -> list[str]:
    return [tune.text() for tune in spell_books([text])]


def clean(text: str) -> str:
    (tune,) = clean_book(text)
    return tune


def tune(header: str = "", music: str = MUSIC, key: str = "D") -> str:
    return f"X:1\nT:One\n{header}K:{key}\n{music}\n"


def field(text: str, letter: str) -> str:
    found = re.search(rf"(?m)^{letter}:(.*)", clean(text))
    return found[1] if found else ""


def music(line: str) -> str:
    return clean(tune("L:1/8\n", line)).partition("K:D\n")[2]


def test_one_tune_of_each_book() -> None:
    assert clean(
        "X: 1713\r\nT: The Acrobat\r\nT: (Can be used as a Clog.)\r\nB: Ryan's\r\nR: Hornpipe\r\n"
        "M: C|\r\nL: 1/8\r\nZ: somebody\r\nK: Bb\r\n"
        'uF>E \\\r\n| D>FB>c "4"d>Bg>f | "^Segno"a3g :| % twice\r\n\r\n'
    ) == ("X:1\nT:The Acrobat\nR:hornpipe\nM:C|\nL:1/8\nK:Bb\nuF>E|D>FB>c d>Bg>f|a3g:|\n")
    assert clean(
        "% A Selection\n\nX:0001\nT:The White Cockade\nM:C|\nL:1/8\nQ:1/2=112\nI: :: ::\n"
        "%% G A B\nP:AB\nK:E Minor\nP:A\nB2``A2  G4::\nP:B\n! c4 d4   :|\n\n% Printed by Aird\n"
    ) == ("X:1\nT:The White Cockade\nM:C|\nL:1/8\nP:AB\nK:Em\nP:A\nB2A2 G4::\nP:B\nc4 d4:|\n")
    assert (
        clean("X:3\nT:Belfast\nZ: id:dc-slipjig-3\nM:9/8\nL:1/8\nK:D Major\nag|f3 d3 A3|!\nd9:|!\n")
        == "X:1\nT:Belfast\nR:slip jig\nM:9/8\nL:1/8\nK:D\nag|f3 d3 A3|\nd9:|\n"
    )


@pytest.mark.parametrize(
    ("key", "short"),
    [
        ("D Major", "D"),
        ("Dmaj", "D"),
        ("D", "D"),
        (" G ", "G"),
        ("A Ionian", "A"),
        ("E Minor", "Em"),
        ("Emin", "Em"),
        ("Em", "Em"),
        ("B aeolian", "Bm"),
        ("A Dorian", "Ador"),
        ("ADor", "Ador"),
        ("D Mixolydian", "Dmix"),
        ("F# Minor", "F#m"),
        ("Bb", "Bb"),
        ("Gphr", "Gphr"),
        ("D exp ^c _B", "D exp ^c _B"),
        ("Am clef=treble octave=-1", "Am octave=-1"),
        ("HP", "HP"),
        ("Hp", "Hp"),
        ("none", "none"),
        ("", ""),
    ],
)
def test_keys_have_one_short_spelling(key: str, short: str) -> None:
    assert field(tune(key=key), "K") == short


@pytest.mark.parametrize(
    ("header", "length"),
    [
        ("", "1/8"),
        ("M:C\n", "1/8"),
        ("M:6/8\n", "1/8"),
        ("M:3/4\n", "1/8"),
        ("M:2/4\n", "1/16"),
        ("M:5/8\n", "1/16"),
        ("M:2/4\nL:1/8\n", "1/8"),
        ("M:0/0\n", "1/8"),
    ],
)
def test_the_unit_length_is_explicit(header: str, length: str) -> None:
    assert field(tune(header), "L") == length


@pytest.mark.parametrize(
    ("header", "rhythm"),
    [
        ("R:Double Jig\n", "jig"),
        ("R:slipjig\n", "slip jig"),
        ("R: Strathspey.\n", "strathspey"),
        ("R:mazurka\nT:Some Reel\n", "mazurka"),
        ("Z: id:dc-reel-12\n", "reel"),
        ("Z: id:dc-ocarolan-1\n", "air"),
        ("Z: id:dc-miscellaneous-1\n", ""),
        ("M:9/8\n", "slip jig"),
        ("B:O'Neill's 700\n", "air"),
        ("B:O'Neill's 701\n", "jig"),
        ("B: \"O'Neill's 1116\"\n", "slip jig"),
        ("B:\"O'Neill's Dance Music of Ireland, 1476\"\n", "reel"),
        ("B:O'NEILL'S 1780\n", "hornpipe"),
        ("B:O'NEILL'S 1781\n", ""),
        ("B:O'Neill's Dance Music of Ireland 976\n", ""),
        ("B:O'Neill's 1471\nR:polka\n", "polka"),
        ("B:O'Neill's 600\nM:9/8\n", ""),
        ("B:Ryan's 1471\nM:9/8\n", "slip jig"),
        ("M:6/8\n", ""),
    ],
)
def test_the_rhythm_comes_from_the_header(header: str, rhythm: str) -> None:
    assert field(tune(header), "R") == rhythm


@pytest.mark.parametrize(
    ("title", "rhythm"),
    [("THE HUNT -- REEL", "reel"), ("Quick Step. 25th Regt.", "quickstep"), ("The Reeling", "")],
)
def test_the_rhythm_comes_from_the_title(title: str, rhythm: str) -> None:
    assert field(f"X:1\nT:{title}\nK:D\n{MUSIC}\n", "R") == rhythm


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("D2  F2 | A4 | d4 :|", "D2 F2|A4|d4:|\n"),
        ("|: D2 F2 :: A4 :|", "|:D2 F2::A4:|\n"),
        ("D2 |1 A4 :|2 d4 |]", "D2|1 A4:|2 d4|]\n"),
        ("D2 | [DFA]2 |", "D2| [DFA]2|\n"),
        ("D2 | |] F2", "D2| |]F2\n"),
        ('"G"D2 "Am7"F2 "D/F#"A2 "F#dim"d2', '"G"D2 "Am7"F2 "D/F#"A2 "F#dim"d2\n'),
        ('"4"D2 "^Segno"F2 "D.C."A2 "Fine"d2 "Dance"e2', "D2 F2 A2 d2 e2\n"),
        ('D2 "open F2', "D2\n"),
        ("!trill!D2 !4!F2! A2", "D2 F2 A2\n"),
        ("+DF+A2", "[DF]A2\n"),
        ("~D2 .F2 TA2 Hd2 uD vF", "~D2 .F2 TA2 Hd2 uD vF\n"),
        ("kD2 SF2 OA2 nd2 y3 e2", "D2 F2 A2 d2 e2\n"),
        ("{/gfe}D2 (3FGA z2 x2 Z", "{/gfe}D2 (3FGA z2 x2 Z\n"),
        ("D2 [K:G Major] F2 [r:remark] A2 [M:3/4] d2", "D2 [K:G] F2 A2 [M:3/4] d2\n"),
        ("D2 [|] F2", "D2 F2\n"),
        ("D2 % F2", "D2\n"),
        ("A :| d4", "A :|d4\n"),
        ("D2|\\\nF2 A2\\\n% remark\n|d4", "D2|F2 A2|d4\n"),
        ("D2|\\\n1 F2:|2 A2||\\\n:d4:|", "D2|1 F2:|2 A2||:d4:|\n"),
        ("D2 \\\nF2 |\\\n| A4 |\\\n[DF]2\\\n:|", "D2 F2|A4| [DF]2:|\n"),
        ("[DF]2\n| A4", "[DF]2|\nA4\n"),
        ("D2 F2\n| A4\n| d4 |]", "D2 F2|\nA4|\nd4|]\n"),
        (
            "D2|\nK:G Major\nw: la la\nF2|\nN:note\nM: 3/4\nQ:1/4=100\nA2|",
            "D2|\nK:G\nF2|\nM:3/4\nA2|\n",
        ),
        ("V:1\nD2|\nV:2\nA2|\nV:1\nF2|", "D2|\nF2|\n"),
        ("[V:1] D2|\n[V:2 merge] A2|\n[V:1] F2|", "D2|\nF2|\n"),
    ],
)
def test_lines_of_music(line: str, expected: str) -> None:
    assert music(line) == expected


def test_tunes_with_the_same_notes_are_kept_once() -> None:
    first = tune("R:reel\n", "|:D2 {g}FA|d4:|")
    same = [
        first.replace("One", "Two"),
        tune("", '"G"D2 (F~A)\n d4||'),
        tune("", "D2FA d4"),
    ]
    other = tune("", "|:D2 {g}FA|d3:|")
    assert [len(clean_book(first + "\n" + text)) for text in [*same, other]] == [1, 1, 1, 2]
    kept = [tune.spelling for tune in clean_books([first, *same, other])]
    assert kept == [clean(first), clean(other)]
    assert clean_book(tune("", "D2 F2") + "\n" + tune("", "d2 F2"))[1:] != []


@pytest.mark.parametrize(
    "text", ["", "words\n", "X:1\nT:No key\nDFAd|\n", "X:1\nT:x\nK:D\n", "X:1\nK:D\nz4|\n"]
)
def test_a_text_without_key_or_notes_is_no_tune(text: str) -> None:
    assert clean_book(text) == []


def test_where_a_tune_begins_and_ends() -> None:
    book = (
        "A book\n\nX:1\nT:One\n\nM:C\nK:D\n\nDFAd|\n\nwords between\n"
        "X:2\nT:Two\nK:D\ndAFD|\nX:3\nT:Three\nK:D\nFFFF|\n\nT:Four\nK:G\nGGGG|\n"
    )
    titles = [re.search("T:(.*)", text)[1] for text in clean_book(book)]  # type: ignore[index]
    assert titles == ["One", "Two", "Three", "Four"]


def test_a_tune_without_a_title_is_untitled() -> None:
    assert field("X:1\nK:D\nDFAd|\n", "T") == "Untitled"
    assert field("X:1\nT: , \nK:D\nDFAd|\n", "T") == "Untitled"
    assert (
        field("X:1\nT:\u201cThe King\u2019s\u201d,\nT:Other\nK:D\nDFAd|\n", "T") == '"The King\'s"'
    )


ABC = st.text(
    st.sampled_from(list("ABcdzxXTKMV:|[](){}\"!+\\%.~ukyS123/<>-^_=,' \n\r")), max_size=200
)


@given(ABC, ABC)
@example("", "\\%")  # a percent sign that begins no remark, and is no music either
def test_a_cleaned_tune_has_complete_lines_without_noise(first: str, second: str) -> None:
    for text in clean_book(f"X:1\nT:{first}\nK:D\nD {second}\n\n{first}"):
        assert text.startswith("X:1\nT:")
        assert text.endswith("\n")
        assert not re.search(r"(?m)^$|^[BCDFGHINOQSUZ]:[^|:]|[ \t\r]$", text.removesuffix("\n"))
        assert "%" not in text.replace("\\%", "")


@given(st.text(max_size=300))
def test_any_text_can_be_cleaned(text: str) -> None:
    for cleaned in clean_book(text):
        assert cleaned.startswith("X:1\n")


@pytest.mark.parametrize(
    "piece", ['"', "[K:", "!", "+A", ":", " ", "{", "[|", "|", "D\\\n", "V:1\n", "\\%"]
)
def test_cleaning_takes_linear_time(piece: str) -> None:
    # Hundreds of kilobytes: anything quadratic would take minutes, and the suite would time out.
    assert len(clean_book(f"X:1\nT:One\nK:D\nD2 {piece * 100_000}\n")) == 1


def test_a_book_s_number_is_that_of_x_if_b_has_none() -> None:
    text = f"X: 759\nT:One\nB:O'Neill's Music of Ireland\nK:D\n{MUSIC}\n"
    assert field(text, "R") == "jig"
    assert field(text.replace("One", "One's March"), "R") == "march"


def test_quoted_printable_is_undone() -> None:
    assert music("(fa).A.c =\n(ed).d2 |=20\nA=3DB |] =20\n") == "(fa).A.c (ed).d2|\nA=B|]\n"
    assert music("A\n=F =G\n") == "A\n=F =G\n"


def test_typeset_text_is_dropped() -> None:
    assert music("D2\n%%begintext\nABC words\n%%endtext\nF2\n") == "D2\nF2\n"
    assert clean_book(tune("", "D2\n%%begintext\nF2\n")) == []


def test_cleaner_and_reader_find_the_same_tunes() -> None:
    book = "X:1\nT:One\n\nM:C\nL:1/8\n\nK:D\n\nDFAd|\n\nK:no tune\n\nT:Two\n\nK:G\nG8|\n"
    assert [source.title for source in split_book(book)] == ["One", "", "Two"]
    assert [re.findall("T:(.*)", text) for text in clean_book(book)] == [["One"], ["Two"]]
    assert [len(split_into_bars(read_tune(source))[0]) for source in split_book(book)[::2]] == [
        1,
        1,
    ]


@pytest.mark.parametrize("key", ["Dmix^c", "D wrong", "G#"])
def test_a_key_without_a_short_spelling_stays(key: str) -> None:
    assert field(tune(key=key), "K") == key
