"""The features of tunes: the same names for every tune, and none that depends on the key."""

import math

import pytest
from hypothesis import given

from charnn.music.abc.reader import read_first_tune, read_tune
from charnn.music.abc.transpose import transpose
from charnn.music.form.form_figures import NUMBER_FIGURES
from charnn.music.form.real_tunes import FIGURES, RealTunes
from charnn.music.form.tune_features import tune_features
from charnn.music.form.tune_outline import outline_tune
from charnn.music.tune.tune import Tune
from tests.music.tunes import book_sources, read, tune_texts


def features(tune: Tune) -> dict[str, float]:
    outline = outline_tune(tune)
    return tune_features(outline, RealTunes([]).tallies(outline))


TUNE = read("X:1\nT:The Red Fox\nM:2/4\nL:1/8\nK:D\n|:d2f2|(3efg {c}d>z|Aae_B|d4:|\n")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ends on its tonic", 1),
        ("bar 5 = bar 1", math.nan),
        ("notes 0 semitones above the tonic", 3 / 11),
        ("notes off the scale", 1 / 11),
        ("thirds", 2 / 10),
        ("octaves", 1 / 10),
        ("notes of 1/8", 4 / 11),
        ("range", 12),
        ("bars", 4),
        ("different rhythms of bars", 1),
        ("rests", 1 / 4),
        ("grace notes", 1 / 4),
        ("broken rhythms", 1 / 4),
    ],
)
def test_features_counted_by_hand(name: str, value: float) -> None:
    assert features(TUNE)[name] == pytest.approx(value, nan_ok=True)


def test_the_key_is_no_feature() -> None:
    for source in book_sources(200):
        tune = read_tune(source)
        if tune.key.tonic:
            assert features(transpose(tune, 3)) == pytest.approx(features(tune), nan_ok=True)


@given(tune_texts())
def test_every_tune_has_the_same_features(text: str) -> None:
    if (tune := read_first_tune(text)) is not None:
        outline = outline_tune(tune)
        tallies = RealTunes([]).tallies(outline)
        shares = [tallies[name] for name in FIGURES if name not in NUMBER_FIGURES]
        assert all(0 <= held <= cases for held, cases in shares)
        found = tune_features(outline, tallies)
        assert found.keys() == features(TUNE).keys()
        assert not any(math.isinf(value) for value in found.values())
