"""The probabilities of an n-gram model at all places are those at one place after the other."""

import numpy as np
import pytest

from charnn.evaluation import ngram_targets
from charnn.evaluation.ngram_counts import NgramCounts
from charnn.evaluation.ngram_targets import CONTEXT, target_probabilities


def text_of(length: int, seed: int) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    random = np.random.default_rng(seed)
    return (random.standard_normal(length) ** 2 * 2).astype(np.int64).clip(0, 6)


def test_the_text_before_each_place_is_counted() -> None:
    ids = text_of(400, 0)
    counts = NgramCounts(ids, 0, 7)
    expected = []
    for place, token_id in enumerate(ids.tolist()):
        expected.append(counts.probabilities(place)[CONTEXT, token_id])
        counts.add(place)
    assert np.abs(target_probabilities(ids, None, 7) - expected).max() < 1e-12


@pytest.mark.parametrize("history", [1 << 20, 50])
def test_a_training_text_is_counted_and_no_more(
    history: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ngram_targets, "HISTORY", history)
    training, ids = text_of(600, 1), text_of(200, 2)
    counted = training[-history:]
    counts = NgramCounts(np.concatenate([counted, ids]), len(counted), 7)
    expected = [counts.probabilities(n)[CONTEXT, each] for n, each in enumerate(ids.tolist())]
    found = target_probabilities(ids, training, 7)
    # The first contexts of a text do not reach back into the training text of another order.
    assert np.abs(found[CONTEXT:] - expected[CONTEXT:]).max() < 1e-12


def test_chunks_of_a_long_text_know_the_text_before(monkeypatch: pytest.MonkeyPatch) -> None:
    ids = np.tile(text_of(30, 3), 4)
    monkeypatch.setattr(ngram_targets, "HISTORY", 60)
    assert target_probabilities(ids, None, 7)[90:].mean() > 0.6
