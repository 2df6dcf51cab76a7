"""The fields before the first tune hold for every tune that has no such field of its own."""

from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.cleaning import clean_books
from charnn.music.abc.reader import read_tune, read_tunes
from charnn.music.abc.tunebook import split_book
from charnn.music.abc.writer import write_tune
from charnn.music.performance.player import perform
from tests.music.tunes import read

FIRST, SECOND = "X:1\nT:One\nK:D\nA>B A|\n", "X:2\nT:Two\nM:4/4\nL:1/8\nR:reel\nC:Me\nK:D\nA>B|\n"
TUNES = FIRST + "\n" + SECOND
HEADER = "%abc-2.1\nM:6/8\nL:1/4\nR:jig\nC:Anon\nZ:Someone\n+:else\nQ:1/4=80\nU:T = !trill!\n"


def test_a_tune_has_the_fields_of_the_file_header_unless_it_has_its_own() -> None:
    one, two = read_tunes(HEADER + "\n" + TUNES)
    assert (one.meter.text, one.unit, one.rhythm) == ("6/8", Fraction(1), "jig")
    assert (two.meter.text, two.unit, two.rhythm) == ("4/4", Fraction(1, 2), "reel")
    assert one.tempo and two.tempo and one.tempo.beats == two.tempo.beats == 80
    assert dict(one.fields)["Z"] == dict(two.fields)["Z"] == "Someone else"
    assert (dict(one.fields)["C"], dict(two.fields)["C"]) == ("Anon", "Me")
    onsets = [sound.onset for sound in perform(one).sounds]
    assert onsets == [0, Fraction(3, 2), 2]


def test_definitions_of_the_file_header_come_before_those_of_the_tune() -> None:
    trills = "K:D\nTA|\n"
    (tune,) = read_tunes(HEADER + "\nX:1\n" + trills)
    assert len(perform(tune).sounds) > 1
    (tune,) = read_tunes(HEADER + "\nX:1\nU:T = !fermata!\n" + trills)
    assert len(perform(tune).sounds) == 1


@pytest.mark.parametrize(
    "text",
    [
        *(f"{header}\n{TUNES}" for header in ("M:6/8\n%x\n", "\n\n% notes\n\nM:6/8\n", "M:6/8")),
        f"%%begintext\nAir, with:\n\nmuch prose\n%%endtext\nM:6/8\n\n{TUNES}",
        "M:6/8\n\nT:One\nK:D\nA>B A|\n",  # no X:
    ],
)
def test_a_file_header_may_be_preceded_by_comments_and_followed_by_x(text: str) -> None:
    assert read_tunes(text)[0].meter.text == "6/8"


@pytest.mark.parametrize(
    "text",
    [
        f"A book of tunes.\nM:6/8\n\n{TUNES}",
        f"C:Me\n\nM:6/8\n\n{TUNES}",  # the first empty line ends the file header
        f"{FIRST}\nM:6/8\n\n{SECOND}",
        "T:One\nM:6/8\n\nK:C\nABc|\n\nT:Two\nK:C\nABc|\n",  # the header of a tune without X:
        "M:6/8\nK:C\nABc|\n\nT:Two\nK:C\nABc|\n",
        "M:6/8\nK:C\n\nABc|\n\nX:2\nT:Two\nK:C\nABc|\n",
        "T:One\nM:6/8\nK:C\n\nX:2\nT:Two\nK:C\nABc|\n",
    ],
)
def test_other_fields_before_a_tune_are_no_file_header(text: str) -> None:
    assert read_tunes(text)[-1].meter.text in ("", "4/4")
    assert "M" not in [field.letter for field in split_book(text)[-1].file_header]


@pytest.mark.parametrize("before", ["K:G\n", "K:G\n\n", "K:G\nR:jig\n%x\n\n%%y\n\n", "K:none\n%\n"])
def test_a_key_in_a_file_header_holds_for_no_tune(before: str) -> None:
    sources = split_book(f"M:6/8\nL:1/4\n{before}{TUNES}")
    assert [source.title for source in sources] == ["One", "Two"]
    assert [read_tune(source).meter.text for source in sources] == ["6/8", "4/4"]
    assert [read_tune(source).key.tonic for source in sources] == ["D", "D"]
    assert sources[0].line == 3 + before.count("\n")


def test_a_tune_alone_is_written_with_the_fields_it_inherited() -> None:
    for tune in read_tunes(HEADER + "\n" + TUNES):
        again = read(write_tune(tune))
        assert (again.fields, again.meter, again.unit) == (tune.fields, tune.meter, tune.unit)


def test_training_reads_the_file_header_too() -> None:
    one, two = clean_books([HEADER + "\n" + TUNES])
    assert one.text.startswith("X:1\nT:One\nR:jig\nM:6/8\nL:1/4\nK:D\n")
    assert two.text.startswith("X:1\nT:Two\nR:reel\nM:4/4\nL:1/8\nK:D\n")


def test_a_mistake_in_the_file_header_is_named_with_its_line() -> None:
    (tune,) = read_tunes("%abc\nL:1/8\nM:6/x\n\n" + FIRST)
    assert [(problem.text[:13], problem.line) for problem in tune.problems] == [
        ("unknown meter", 3)
    ]
    (source,) = split_book("N:" + "x" * 20_000 + "\n\n" + FIRST)
    with pytest.raises(TuneError, match="the file header is longer than 16,384 characters"):
        read_tune(source)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from([*"MLRCQKXTUwV+", ":", "\n", "\n\n", "6/8", "%", "%%begintext"])))
def test_any_text_before_a_tune_leaves_its_notes(parts: list[str]) -> None:
    sources = split_book("".join(parts) + "\n\n" + SECOND)
    assert sources[-1].text.splitlines()[-1] == "A>B|"


@pytest.mark.parametrize("line", ["M:\n", "+:\n", "N:a\n+:b\n", "R:reel\n"])
def test_a_file_header_of_any_length_takes_little_memory(line: str) -> None:
    (source,) = split_book("N:\n" + line * 20_000 + "\n" + FIRST)
    assert sum(len(field.text) + 2 for field in source.file_header) < 16_400
    with pytest.raises(TuneError, match="shorten it"):
        read_tune(source)
