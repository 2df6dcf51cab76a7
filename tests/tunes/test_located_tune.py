"""The places of music in the text of a tune."""

from itertools import pairwise

from hypothesis import given

from charnn.errors import TuneError
from charnn.music.tune.tune import Note
from charnn.tunes.bar_selection import BarNumbers
from charnn.tunes.kept_rhythm import kept_rhythm_holes
from charnn.tunes.located_tune import LocatedTune
from tests.music.tunes import tune_texts

TUNE = """X:1
T:Signs beside runs
M:2/4
L:1/8
K:D
!segno!d2{g}ef | "^slow"(gf [K:G]ed) "G"!fine!|1 f>a e-|\\
e/d/c :|2 "Am"z2 d2 !D.C.! |] % the end
"""


@given(tune_texts())
def test_the_runs_of_any_tune_contain_all_of_its_notes(text: str) -> None:
    try:
        located = LocatedTune(text)
    except TuneError:
        return
    placed = [each for run in located.runs for each in run.notes]
    notes = [element for element in located.tune.music if isinstance(element, Note)]
    assert [each.note for each in placed] == notes
    for run in located.runs:
        starts = [each.start for each in run.notes]
        assert run.start <= min(starts) < max(each.stop for each in run.notes) <= run.stop
        assert sorted(starts) == starts
        assert "\n" not in text[run.start : run.stop]
    assert all(before.stop <= after.start for before, after in pairwise(located.runs))
    bars = set(range(len(located.bars)))
    for keep_contour in (False, True):
        holes = kept_rhythm_holes(located, bars, keep_contour=keep_contour)
        assert all(before.stop <= after.start for before, after in pairwise(holes))


def test_signs_at_the_edges_stay() -> None:
    located = LocatedTune(TUNE)
    runs = [TUNE[run.start : run.stop] for run in located.runs]
    assert runs == ["d2{g}ef", "(gf", 'ed) "G"', "f>a e-", "e/d/c", '"Am"z2 d2']


def test_bars_are_numbered_as_they_are_counted() -> None:
    numbers = BarNumbers(LocatedTune(TUNE))
    assert numbers.numbers == [1, 2, 3, 4, 5]
    assert numbers.parts == {"A": [0, 1, 2, 3, 4]}
    labelled = TUNE.replace("\n!segno!", "\nP:X\n!segno!").replace("L:1/8", "L:1/4\nP:X")
    assert BarNumbers(LocatedTune(labelled)).parts.keys() == {"X"}
    pickup = TUNE.replace("!segno!d2", "c|[L:1/16]")
    assert BarNumbers(LocatedTune(pickup)).name(0) == "the pick-up of bar 1"
