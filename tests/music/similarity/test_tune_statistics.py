"""Statistics of tunes, against counts made by hand and the formula of the distance."""

import math
from collections import Counter
from collections.abc import Iterable
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.music.abc.reader import read_first_tune
from charnn.music.similarity.tune_statistics import TuneStatistics, js_distance
from charnn.music.similarity.tune_statistics import tune_statistics as statistics_of


def tune_statistics(texts: Iterable[str]) -> TuneStatistics:
    """Return the statistics of texts in ABC notation."""
    return statistics_of(map(read_first_tune, texts))


HEADER = "X:1\nT:Tune\nM:4/4\nL:1/8\nK:D\n"
BAR = "D2F2 A2d2"
GOOD = f"{HEADER}|:{'|'.join([BAR] * 8)}:|\n"
OVERFULL = f"{HEADER}|:{BAR}|{BAR}e|{BAR}|{BAR}:|\n"
CUT = f"{HEADER}|:{BAR}|{BAR}|{BAR}|D2F2 A2d:|\n"
UNBALANCED = f"{HEADER}|:{BAR}|{BAR}|]\n"
UNREADABLE = f"{HEADER}[D|\n"
EMPTY = f"{HEADER}|]\n"


def test_shares_are_of_all_tunes() -> None:
    statistics = tune_statistics(
        [GOOD, OVERFULL, CUT, UNBALANCED, UNREADABLE, EMPTY, "", "no tune"]
    )
    assert (statistics.tunes, statistics.read) == (8, 5)
    assert statistics.legal == 3  # not the over-full one
    assert statistics.whole == 3  # not the cut one
    assert statistics.usual == 3  # 8, 4, 4 bars, but not 2
    assert statistics.balanced == 3
    assert statistics.parts == {8: 1, 4: 2, 2: 1}
    shares = statistics.shares()
    assert shares["read"] == 5 / 8
    assert shares["legal"] == 3 / 8
    assert shares["eights"] == 1 / 4


def test_notes_are_counted_from_the_tonic_of_the_key_in_force() -> None:
    tune = "X:1\nM:none\nL:1/8\nK:Ador\nA2 z ^c [Ace]|\nK:Gm\n{d}G/ B _A,|]\n"
    statistics = tune_statistics([tune])
    assert statistics.pitches == {0: 3, 4: 1, 3: 1, 1: 1}
    assert (statistics.notes, statistics.in_mode) == (6, 4)  # not C sharp, not A flat
    assert statistics.intervals == {4: 1, -4: 1, -2: 1, 3: 1, -14: 1}
    eighth = Fraction(1, 8)
    assert statistics.lengths == {2 * eighth: 1, eighth: 4, eighth / 2: 1}


def test_transposed_tunes_have_the_same_statistics() -> None:
    in_d = "X:1\nM:4/4\nL:1/8\nK:D\nDEFG A^GAd|]\n"
    in_eb = "X:1\nM:4/4\nL:1/8\nK:Eb\nEFGA B=ABe|]\n"
    assert tune_statistics([in_d]) == tune_statistics([in_eb])


def test_tunes_are_counted_by_meter_and_mode() -> None:
    headers = [("C", "Am"), ("4/4", "Emin"), ("6/8", "G"), ("none", "none")]
    statistics = tune_statistics(
        f"X:1\nM:{meter}\nL:1/8\nK:{key}\nDEF|]\n" for meter, key in headers
    )
    assert statistics.meters == {"4/4": 2, "6/8": 1, "0/0": 1}
    assert statistics.modes == {"minor": 2, "major": 1, "none": 1}


def test_without_a_scale_no_note_is_in_mode() -> None:
    statistics = tune_statistics(["X:1\nM:4/4\nL:1/8\nK:none\nDEFG ABcd|]\n"])
    assert (statistics.notes, statistics.shares()["in_mode"]) == (0, 0)
    assert statistics.intervals.total() == 7


def test_statistics_add_up() -> None:
    assert tune_statistics([GOOD, CUT]) + tune_statistics([OVERFULL]) == tune_statistics(
        [GOOD, CUT, OVERFULL]
    )


def distance_by_entropies(one: dict[int, int], other: dict[int, int]) -> float:
    outcomes = sorted(one.keys() | other.keys())
    p, q = (np.array([row.get(o, 0) for o in outcomes], float) for row in (one, other))
    p, q = p / p.sum(), q / q.sum()

    def entropy(x: np.ndarray) -> float:
        return float(-sum(value * math.log2(value) for value in x if value))

    return math.sqrt(max(0.0, entropy((p + q) / 2) - (entropy(p) + entropy(q)) / 2))


COUNTS = st.dictionaries(st.integers(0, 8), st.integers(1, 1000), min_size=1)


@given(COUNTS, COUNTS, COUNTS)
def test_the_distance_agrees_with_the_formula_and_is_a_metric(
    one: dict[int, int], two: dict[int, int], three: dict[int, int]
) -> None:
    distance = js_distance(one, two)
    assert distance == pytest.approx(distance_by_entropies(one, two), abs=1e-6)
    assert distance == pytest.approx(js_distance(two, one))
    assert 0 <= distance <= 1 + 1e-12
    assert js_distance(one, one) == pytest.approx(0, abs=1e-7)
    assert js_distance(one, three) <= distance + js_distance(two, three) + 1e-7


def test_the_smallest_and_the_largest_distance() -> None:
    assert js_distance({1: 5}, {2: 7}) == 1
    assert js_distance({}, {2: 7}) == 1
    assert js_distance({}, {}) == 0
    # By hand: P = (1/2, 1/2), Q = (1, 0): H(3/4, 1/4) - 1/2 = 0.31128 bits
    assert js_distance(Counter("ab"), Counter("a")) == pytest.approx(math.sqrt(0.311278), 1e-5)
