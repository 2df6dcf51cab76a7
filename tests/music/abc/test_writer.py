"""The writer's text is read as the same tune again."""

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.writer import write_tune
from tests.music.tunes import book_sources, read, tune_texts, without_positions

HEADER = "X:1\nT:Test\nM:4/4\nL:1/8\nK:D octave=1\n"
always = settings(max_examples=300, deadline=None, derandomize=True)


def check_round_trip(text: str) -> None:
    """Check that a readable tune is the same after writing and reading it."""
    try:
        tune = read(text)
    except (TuneError, IndexError):
        assume(False)
    written = write_tune(tune)
    assert written.endswith("\n") and "\n\n" not in written
    again = read(written)
    assert without_positions(again) == without_positions(tune)
    assert write_tune(again) == written


@always
@given(tune_texts())
def test_made_up_tunes(text: str) -> None:
    check_round_trip(text)


_SIGNS = [*"ABc^=_z23/'-<>|:()[]{} \\!\n.~T", '"Am"', "[CE-]", "{^g}", "[K:F]", "(3", "|1", "!a!"]


@always
@given(st.lists(st.sampled_from(_SIGNS), max_size=16).map("".join))
def test_any_signs(body: str) -> None:
    check_round_trip("X:1\nT:Test\nM:4/4\nL:1/8\nK:D\n" + body + "\n")


def test_tunes_of_books() -> None:
    sources = book_sources(20)
    assert len(sources) > 150
    for source in sources:
        tune = read_tune(source)
        assert without_positions(read(write_tune(tune))) == without_positions(tune)


@pytest.mark.parametrize(
    "body",
    [
        'uA>B {g}~c2|"Am7/G"(3cde [CEG]2-|[C-E]2 z2 Z|]',
        "|:A3/2B/ c/4|1 d'4:|2 D,4||",
        "P:A\nA2 [K:G]B2 [M:6/8]|[1 A:|[2 B:|",
        "A!trill!B !ABc!\nd\\\ne|",
        "(A B) (c>d) e y2 f\n|",
    ],
)
def test_usual_music_keeps_every_character(body: str) -> None:
    assert write_tune(read(HEADER + body + "\n")) == HEADER + body + "\n"


@pytest.mark.parametrize(
    ("body", "written"),
    [
        ("A/2 B// c1 d4/2 c,", "A/ B/4 c d2 C"),
        ("A>-A", "A->A"),
        ('~{g}A "Am"{g}A', '{g}~A "Am"{g}A'),
        ("[C-E-]2 A -  B", "[CE]2- A -  B"),
        ("A|-|B", "A-|{}|B"),
        ("A %words\n{}\nB", "A\n{}\nB"),
        ("A|\n:B:|", "A|:\nB:|"),
        ("d4 {=cd}|c4|{=c}d4", "d4 {=cd}|c4|{=c}d4"),
        ("[A2]2 [CA3]", "A4 [CA3]"),
    ],
)
def test_each_construct_has_one_spelling(body: str, written: str) -> None:
    assert write_tune(read(HEADER + body + "\n")) == HEADER + written + "\n"
    check_round_trip(HEADER + body + "\n")


def test_text_that_looks_like_quoted_printable_is_escaped() -> None:
    check_round_trip("X:1\nT:a =3D3D b =3D\nK:C\nABc|\n")
