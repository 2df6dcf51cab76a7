"""The bar of the next part that may be written again: parts often end alike."""

import pytest

from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.echo_bar import find_echo
from charnn.tunes.infilling import GapFiller, Infiller
from charnn.tunes.located_tune import LocatedTune
from charnn.tunes.new_bars import NewBars
from charnn.tunes.tune_gap import Gap
from tests.tunes.models import coded_model, plain_model

TUNE = """X:1
M:2/4
L:1/8
K:D
d2ef|g2fe|d2ef|gfe2||
a2b2|(a4|f2) ef|.d4-||
d4|A4|B4|d3z||
e4|f4|g4|e2d2|]
"""


def echo(bars: set[int]) -> str:
    located = LocatedTune(TUNE)
    return find_echo(located, BarNumbers(located), bars)


@pytest.mark.parametrize(
    ("bars", "music"),
    [
        ({0}, "a2b2"),
        ({1}, ""),  # a slur leads out of the bar of the next part
        ({2, 3}, ""),  # a tie
        ({4}, ""),  # a tie leads into it
        ({9}, "f4"),
        ({0, 4, 9}, "f4"),
        ({8, 9, 10, 11}, "e2d2"),
        ({11, 15}, ""),  # there is no next part
        ({11, 14}, ""),
    ],
)
def test_the_echo_is_the_bar_at_the_same_place(bars: set[int], music: str) -> None:
    assert echo(bars) == music


@pytest.mark.parametrize("model", [plain_model(), coded_model()])
def test_a_part_of_the_candidates_ends_with_the_echo(model: object) -> None:
    infiller = Infiller(model)  # type: ignore[arg-type]
    located = LocatedTune(TUNE)
    numbers = BarNumbers(located)
    holes = NewBars(located, numbers, {3, 4}, lambda music: True).holes()
    filler = GapFiller(infiller, Gap(TUNE, holes, "A2A2"), temperature=1.0)
    found = [one.stretches[-1] for one in filler.candidates(3, 16)]
    assert found.count("A2A2") == 4
    without = GapFiller(infiller, Gap(TUNE, holes), temperature=1.0)
    assert "A2A2" not in [one.stretches[-1] for one in without.candidates(3, 16)]
