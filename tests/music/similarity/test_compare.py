"""Comparing new tunes with real ones: copies, shared runs, and distances against chance."""

import pytest

from charnn.music.similarity.compare import compare_tunes

REAL = tuple(
    f"X:1\nT:Real {n}\nM:4/4\nL:1/8\nK:D\n|:{'|'.join(bars)}:|\n"
    for n, bars in enumerate(
        [["DEFG ABcd"] * 8, ["dcBA GFED"] * 8, ["DFAd fdAF"] * 8, ["A2AB AFED"] * 8]
    )
)


def test_a_copy_is_distinguished_from_a_new_tune() -> None:
    copy = REAL[1].replace("Real 1", "My own")
    new = "X:1\nT:New\nM:4/4\nL:1/8\nK:D\n|:d3e f2ga|b4 a4|G2Ec d2e2|D8:|\n"
    comparison = compare_tunes([copy, new], REAL)
    assert (comparison.new.tunes, comparison.real.tunes) == (2, 4)
    assert comparison.nearest[0].title == "Real 1"
    assert [nearest.copied for nearest in comparison.nearest] == [True, False]
    sixteen, thirtytwo = comparison.new_copying
    assert (sixteen.length, thirtytwo.length) == (16, 32)
    assert sixteen.tunes == thirtytwo.tunes == 0.5
    assert comparison.real_copying[0].tunes == 0
    assert 0 < comparison.new_distances["pitches"] < 1
    assert set(comparison.real_distances) == set(comparison.new_distances)
    assert comparison.new_distances["meters"] == 0


def test_there_may_be_more_new_tunes_than_real_ones() -> None:
    comparison = compare_tunes(list(REAL) * 3, REAL)
    assert comparison.new_distances == pytest.approx(
        dict.fromkeys(comparison.new_distances, 0), abs=1e-6
    )
    assert comparison.real.tunes == 4


@pytest.mark.parametrize("new", [4, 5, 12])
def test_at_most_half_of_the_real_tunes_are_the_sample(new: int) -> None:
    comparison = compare_tunes((REAL * 3)[:new], REAL)
    assert comparison.real_distances == compare_tunes(REAL[:2], REAL).real_distances
    assert comparison.real_distances["meters"] == comparison.real_distances["modes"] == 0
    assert 0 < comparison.real_distances["intervals"] < 1


def test_a_single_real_tune_has_no_distance_to_others() -> None:
    assert compare_tunes(REAL, REAL[:1]).real_distances == {}
