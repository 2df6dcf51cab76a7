"""The outline of tunes: parts without pick-ups, last bars, tonics, endings."""

from fractions import Fraction

import pytest

from charnn.music.abc.reader import read_tune
from charnn.music.abc.transpose import transpose
from charnn.music.checking.bar_count import count_bars
from charnn.music.form.form_figures import tune_tallies
from charnn.music.form.tune_outline import TuneOutline, bar_rhythm, outline_tune
from tests.music.tunes import book_sources, read


def outlined(text: str) -> TuneOutline:
    return outline_tune(read(text))


def test_bars_have_neither_pickups_nor_ornaments() -> None:
    tune = outlined("X:1\nM:2/4\nL:1/8\nK:D\nA|d2 {g}f2|!trill!d2 (f2|A4-|A2 z:|\n")
    (part,) = tune.parts
    assert len(part.bars) == 4
    assert part.bars[0] == part.bars[1]
    assert bar_rhythm(part.last_bar) == ((Fraction(1), False), (Fraction(1, 2), True))


@pytest.mark.parametrize(
    ("music", "homes"),
    [
        ("A4 d4|]", [True]),
        ("A4 e4|]", [False]),
        ("A4 D4:|A4 f4|]", [True, False]),
        ("A4 [df]4|z8|]", [True]),  # the lowest note of the last chord, before the rest
        ("|:A4 f4|1 d4 e4:|2 d8|]", [True]),  # as it ends at last
        ("A4 d4|]\nK:A\nc4 a4|]", [True, True]),  # each in its own key
        ("K:none\nA4 d4|]", [None]),
        ("z8|]", [None]),
    ],
)
def test_a_part_ends_on_the_tonic_in_force(music: str, homes: list[bool | None]) -> None:
    tune = outlined(f"X:1\nM:4/4\nL:1/8\nK:D\n{music}\n")
    assert [part.ends_on_tonic for part in tune.parts] == homes


@pytest.mark.parametrize(
    ("music", "found"),
    [
        ("|:A8|d8:|", []),
        ("|:A8|1 d4 c4:|2 d4 d4|]", [(1, True)]),  # the same first half
        ("|:A8|1 d4 c4:|2 e4 c4|]", [(1, False)]),
        ("|:A8|1 d2c2 B2A2|d8:|2 d2c2 d4|]", [(2, True)]),
        ("|:A8|1 d4 c4:|", [(1, None)]),
    ],
)
def test_first_endings(music: str, found: list[tuple[int, bool | None]]) -> None:
    tune = outlined(f"X:1\nM:4/4\nL:1/8\nK:D\n{music}\n")
    assert [(ending.bars, ending.alike) for ending in tune.first_endings] == found


def test_an_ending_that_begins_in_mid_bar_continues_the_bar() -> None:
    tune = outlined("X:1\nM:4/4\nL:1/8\nK:D\n|:A8|d4 [1 c4:|[2 d4|]\n")
    (part,) = tune.parts
    assert len(part.bars) == 2
    assert len(part.last_bar) == 2


def test_types_and_meters_have_one_spelling() -> None:
    tune = outlined("X:1\nR:Slipjig.\nM:C\nL:1/8\nK:D\nd8|]\n")
    assert (tune.rhythm, tune.meter) == ("slip jig", "4/4")


def test_parts_are_those_that_the_check_counts() -> None:
    for source in book_sources(60):
        tune = read_tune(source)
        counted = [part.bars for part in count_bars(tune).parts]
        assert [len(part.bars) for part in outline_tune(tune).parts] == counted, source.text


def test_a_transposed_tune_has_the_same_form() -> None:
    for source in book_sources(200):
        tune = read_tune(source)
        if tune.key.tonic:
            moved = transpose(tune, 3)
            assert tune_tallies(outline_tune(moved)) == tune_tallies(outline_tune(tune))
