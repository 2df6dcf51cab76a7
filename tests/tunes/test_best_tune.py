"""The score of tunes, and the best of several."""

import pytest
from hypothesis import given

from charnn.errors import UsageError
from charnn.music.similarity.copies import TuneIndex
from charnn.tunes.best_tune import best_tunes, candidate_seeds, check_best_of
from charnn.tunes.tune_score import TuneScore, score_tune
from tests.music.tunes import tune_texts

HEADER = "X:1\nT:T\nM:2/4\nL:1/8\nK:D\n"
# Two parts of 8 bars with 4 repeated bars; both end on the tonic, and alike; an octave and a third.
GOOD = (
    f"{HEADER}|:d2f2|e2g2|f2d2|e2A2|d2f2|e2g2|f2ec|d4:|\n"
    "|:f2a2|g2b2|a2f2|g2e2|f2a2|g2e2|f2ec|d4:|\n"
)

OTHER = (
    f"{HEADER}|:d2A2|B2c2|d2e2|f2d2|d2A2|B2c2|A2Bc|d4:|\n"
    "|:D2F2|A2d2|B2G2|E2A2|D2F2|B2G2|A2Bc|d4:|\n"
)


def test_a_good_tune_has_the_best_score() -> None:
    assert score_tune(GOOD) == TuneScore(1, 1, 1, 1, 1)
    assert score_tune(GOOD).total == 1


@pytest.mark.parametrize(
    ("tune", "figure", "value"),
    [
        (GOOD.replace("d4:|\n|:", "e4:|\n|:"), "home", 3 / 4),
        ("f4".join(GOOD.rsplit("d4", 1)), "home", 1 / 4),
        ("g2d2".join(GOOD.rsplit("d4", 1)), "rhyme", 0),
        ("c2d2".join(GOOD.replace("d4", "B2d2").rsplit("B2d2", 1)), "rhyme", 1 / 2),
        (HEADER + "|:d2f2|d4:|\n", "rhyme", 0),  # a single part rhymes with nothing
        (HEADER + "|:defg|abag|fedc|d4:|\n", "repetition", 0),
        (HEADER + "|:d4|d4|d4|d4:|\n", "repetition", (0.8 - 3 / 4) / 0.4),
        (HEADER + "|:d4|d4|d4|d4:|\n", "range", 0),
        (HEADER + "|:D4|d'4|D4|D4:|\n", "range", 1),
        (HEADER + "|:D4|d''4|D4|D4:|\n", "range", 0),
    ],
)
def test_each_figure(tune: str, figure: str, value: float) -> None:
    assert getattr(score_tune(tune), figure) == pytest.approx(value)


@pytest.mark.parametrize(("similarity", "novelty"), [(0.6, 1), (0.725, 0.5), (0.85, 0), (1, 0)])
def test_a_copy_is_not_new(similarity: float, novelty: float) -> None:
    assert score_tune(GOOD, similarity).novelty == pytest.approx(novelty)


@pytest.mark.parametrize("text", ["", "no tune", HEADER + "q|]", HEADER + "|:d3|e5|d4|d4:|"])
def test_a_tune_with_a_problem_has_the_score_0(text: str) -> None:
    assert score_tune(text).total == 0


@given(tune_texts())
def test_scores_lie_between_0_and_1(text: str) -> None:
    assert 0 <= score_tune(text).total <= 1


def test_the_message_about_a_score() -> None:
    assert str(TuneScore(1, 0.5, 0, 1, 1)) == (
        "score 0.75 (home 1.00, rhyme 0.50, repetition 0.00, range 1.00, novelty 1.00)"
    )


def test_seeds_of_candidates_do_not_depend_on_the_number_of_tunes() -> None:
    assert candidate_seeds(range(7, 9), 2) == [7, 1_000_010, 8, 1_000_011]
    assert candidate_seeds([8], 2) == [8, 1_000_011]
    assert candidate_seeds(range(3), 1) == [0, 1, 2]


@pytest.mark.parametrize("best_of", [0, -1, 1001])
def test_a_number_of_candidates_out_of_range(best_of: int) -> None:
    with pytest.raises(UsageError, match=r"--best-of must be between 1 and 1,000, not"):
        check_best_of(best_of)


def test_the_best_candidate_of_each_tune_is_chosen() -> None:
    worse = GOOD.replace("d4", "e4")
    seeds = candidate_seeds([1, 2], 2)
    chosen = list(best_tunes([worse, GOOD, worse, worse], seeds, 2, None))
    assert [(tune.text, tune.seed) for tune in chosen] == [(GOOD, 1_000_004), (worse, 2)]
    assert chosen[0].score.total == 1


def test_copies_of_training_tunes_lose() -> None:
    known = TuneIndex([GOOD])
    (chosen,) = best_tunes([GOOD, OTHER], [1, 2], 2, known)
    assert chosen.text == OTHER
