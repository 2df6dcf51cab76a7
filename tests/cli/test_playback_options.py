"""The values of --tempo, --swing and --chords, which may be left out or have several forms."""

from fractions import Fraction
from typing import Any

import pytest

from charnn.cli.playback_options import complete_values, playback_options
from charnn.errors import UsageError
from charnn.music.performance.playback import PlaybackOptions


def options(**given: Any) -> PlaybackOptions:
    defaults = {"tempo": None, "swing": None, "no_swing": False}
    return playback_options(instrument="fiddle", chords="off", repeats="on", **defaults | given)


@pytest.mark.parametrize(
    ("given", "completed"),
    [
        ("tune.abc", "tune.abc"),
        ("--chords tune.abc", "--chords written tune.abc"),
        ("tune.abc --chords", "tune.abc --chords written"),
        ("--chords -- tune.abc", "--chords written -- tune.abc"),
        ("tune.abc -- --chords --swing", "tune.abc -- --chords --swing"),
        ("--chords auto --chords=off", "--chords auto --chords=off"),
        ("--swing --tempo 60", "--swing 2:1 --tempo 60"),
        ("--swing 60.abc --swing", "--swing 2:1 60.abc --swing 2:1"),
        ("--swing 60% --swing 62.5 --swing 3:2", "--swing 60% --swing 62.5 --swing 3:2"),
    ],
)
def test_a_value_is_added_where_it_is_missing(given: str, completed: str) -> None:
    assert complete_values(given.split()) == completed.split()


@pytest.mark.parametrize(
    ("text", "share"),
    [("60%", "3/5"), ("60", "3/5"), ("2:1", "2/3"), ("3:2", "3/5"), ("50%", "1/2"), ("80", "4/5")],
)
def test_swing_is_a_share_or_a_ratio(text: str, share: str) -> None:
    assert options(swing=text).swing == Fraction(share)


def test_the_tempo_is_beats_a_minute_or_a_share_of_the_tune() -> None:
    assert (options().tempo, options().speed, options().swing) == (None, 1, None)
    assert (options(tempo="92.5").tempo, options(tempo="92.5").speed) == (92.5, 1)
    assert (options(tempo="70%").tempo, options(tempo=" 70 % ").speed) == (None, Fraction(7, 10))
    assert options(no_swing=True).swing == Fraction(1, 2)


@pytest.mark.parametrize(
    "given",
    [
        *({"swing": text} for text in ("49%", "81%", "1:2", "0:0", "much")),
        *({"tempo": text} for text in ("fast", "%", "nan%", "inf", "70%%")),
        {"swing": "60%", "no_swing": True},
    ],
)
def test_another_value_is_refused_in_one_sentence(given: dict[str, Any]) -> None:
    with pytest.raises(UsageError) as raised:
        options(**given)
    assert str(raised.value).startswith(f"--{next(iter(given))} ")
