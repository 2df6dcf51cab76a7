"""Macros (m:) are played, and written out where the text of a tune changes (ABC 2.1, 9.2)."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.book_text import change_book
from charnn.music.abc.macros import without_macros, write_out_macros
from charnn.music.abc.reader import read_tunes, read_whole_tune
from charnn.music.abc.tidying import tidy_source, tidy_tune
from charnn.music.abc.transpose import transpose
from charnn.music.abc.transposed_text import transpose_source
from charnn.music.abc.tunebook import split_book
from tests.music.abc.test_reader_anything import check_reading
from tests.music.tunes import read, without_positions

HEADER = "X:1\nT:Rolls\nM:6/8\nL:1/8\n"


def body(music: str, *macros: str) -> str:
    """Return a tune's music with its macros written out."""
    text = HEADER + "".join(f"m:{macro}\n" for macro in macros) + f"K:G\n{music}"
    return write_out_macros(split_book(text)[0]).source.text.partition("K:G\n")[2].rstrip("\n")


@pytest.mark.parametrize(
    ("macro", "music", "expected"),
    [
        (" ~G3 = G{A}G{F}G", "~G3 B2 ~G2 ~g3 ~G,3|", "G{A}G{F}G B2 ~G2 ~g3 ~G,3|"),
        ("~G3=G{A}G{F}G", "~G3/2 ~G32 ~G3>A", "~G3/2 ~G32 G{A}G{F}G>A"),
        ("~n3 = n{o}n{m}n", "~G3 ~b3 ~C,3 ~^f'3", "G{A}G{F}G b{c'}b{a}b C,{D,}C,{B,,}C, "),
        ("!roll!n3 = (3n/o/n/ n\"nice\"!turn!", "!roll!c3", '(3c/d/c/ c"nice"!turn!'),
        ("~=c2 = =c{d}c", "~=c2 ~c2", "=c{d}c ~c2"),
        ("~=c2==c{d}c", "~=c2", "=c{d}c"),
        ("k = [CEG]", '"key k"k !k! [K:G] [r:k] k2', '"key k"[CEG] !k! [K:G] [r:k] [CEG]2'),
        ("G2 = z", "^G2 G2 G24", "^G2 z G24"),
        ("A = AA", "A % A\n%%A\nw:A\n\\A", "AA % A\n%%A\nw:A\n\\AA"),
    ],
)  # fmt: skip
def test_written_out(macro: str, music: str, expected: str) -> None:
    assert body(music, macro).startswith(expected)


def test_the_longest_target_counts_and_what_is_written_is_not_searched_again() -> None:
    macros = ("~A = {B}A", "~A>B = ~A/{c}~B", "~B = B")
    assert body("~A ~A>B ~B", *macros) == "{B}A ~A/{c}~B B"


def test_macros_are_played_and_leave_no_problem() -> None:
    rolls = read(f"{HEADER}m:~n3 = n{{o}}n{{m}}n\nK:G\n~G3 B2c|\n")
    plain = read(f"{HEADER}K:G\nG{{A}}G{{F}}G B2c|\n")
    assert without_positions(rolls) == without_positions(plain)
    assert rolls.problems == ()


def test_macros_of_a_file_header_and_of_the_body() -> None:
    text = f"m:~n3=nnn\nm:~G3=BBB\n\n{HEADER}m:~G3=ccc\nK:C\n~A3~G3|\nm:~G3=zzz\n~G3|\n"
    (tune,) = read_tunes(text)
    assert without_positions(tune) == without_positions(read(f"{HEADER}K:C\nAAAccc|\nzzz|\n"))


def test_places_are_those_of_the_text_as_written() -> None:
    text = f"{HEADER}m:~G3=G{{A}}G\nK:C\n~G3 A ~G3 [Q:x]\n"
    tune = read(text)
    assert [element.column for element in tune.music] == [1, 1, 4, 5, 6, 7, 7, 10, 11, 16]
    assert [(problem.line, problem.column) for problem in tune.problems] == [(7, 14)]
    with pytest.raises(TuneError) as error:
        read(text + '~G3 "')
    assert (error.value.line, error.value.column) == (8, 5)


@pytest.mark.parametrize("macro", ["~G3", "=G", "a" * 40 + "=b", "b=" + "a" * 300])
def test_what_is_no_macro_is_left_out_with_its_place(macro: str) -> None:
    (problem,) = read(f"{HEADER}m:{macro}\nK:C\nABc|\n").problems
    assert (problem.line, problem.serious) == (5, False)


def test_tidy_and_transpose_write_macros_out() -> None:
    book = f"m:~G3=G3{{A}}~G3\nM:6/8\n\n{HEADER}m:~n2=n{{o}}n\nK:G\n~G3 ~B2c|\n"
    text = change_book(book, tidy_source).text
    assert "% m:" not in text and text.count("%m:") == 2 and "G3{A}~G3 B{c}B" in text
    assert change_book(text, tidy_source).text == text
    moved = change_book(book, lambda source: transpose_source(source, lambda t: transpose(t, 2)))
    assert "A3{B}~A3 c{d}cd|" in moved.text
    assert without_positions(read(tidy_tune(text))) == without_positions(read(text))


def test_a_text_without_macros_keeps_its_lines() -> None:
    text = f"m:~G=G\r\n\r\n{HEADER}m:A=B\r\nK:C\r\n~G A%A\r\n\r\nwords"
    assert without_macros(text) == text.replace("m:", "%m:").replace("~G A%A", "G B%A")
    assert without_macros(HEADER) == HEADER


def test_a_tune_with_macros_is_not_learned_by_its_bars() -> None:
    with pytest.raises(TuneError, match="macros"):
        read_whole_tune(f"{HEADER}m:~G3=GGG\nK:C\nABc|\n")


def test_hostile_macros_are_bounded() -> None:
    begin = time.monotonic()
    with pytest.raises(TuneError, match="longer than 16,384"):
        body("A" * 9000, "A=" + "B" * 200)
    numbered = "".join(f"m:{'n' * 20}{number}=n\nA {number}\n" for number in range(400))
    assert len(read(f"X:1\nK:C\n{numbered}").problems) >= 300
    assert time.monotonic() - begin < 2


_PIECES = [
    "~",
    "n",
    "G",
    "A3",
    "3",
    "=",
    "=",
    '"',
    "!",
    "{A}",
    "[",
    "]",
    " ",
    "\nm:",
    "%",
    "m:",
    "^",
]


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(_PIECES), max_size=40).map("".join))
def test_any_macro(text: str) -> None:
    check_reading(f"X:1\nm:{text}\nm:~n=n{{o}}n\nK:C\n~A ~G A3|{text}\n")
