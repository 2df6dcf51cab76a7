"""The tempo of a tune comes from Q:, the type of dance or the meter."""

from fractions import Fraction

import pytest

from charnn.music.tune.tempo import default_tempo
from tests.music.tunes import read


@pytest.mark.parametrize(
    ("header", "beat", "beats"),
    [
        ("R:reel\nM:4/4\nQ:1/4=90\n", "1", 90),
        ("R:reel\nM:4/4\nQ:Allegro\n", "2", 105),
        ("R:Reels\nM:2/4\n", "1", 105),
        ("R:jig\nM:6/8\n", "3/2", 120),
        ("R:jig\nM:2/4\n", "1", 104),
        ("R:march\nM:C|\n", "2", 75),
        ("R:march\nM:6/8\n", "3/2", 110),
        ("R:waltz\nM:3/4\n", "1", 130),
        ("R:fairy dance\nM:C|\n", "2", 100),
        ("M:9/8\n", "3/2", 120),
        ("M:3/8\n", "3/2", 120),
        ("M:5/4\n", "1", 120),
    ],
)
def test_default_tempos(header: str, beat: str, beats: int) -> None:
    found = default_tempo(read(f"X:1\n{header}K:C\nA|\n"))
    assert (found.beat, found.beats) == (Fraction(beat), beats)
