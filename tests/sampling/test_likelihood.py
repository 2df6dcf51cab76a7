"""The likelihood of the ends of texts: many texts at once, with the sums of each alone."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.inference.quantised import Int8Matrix
from charnn.inference.stepper import Stepper
from charnn.model.config import ModelConfig
from charnn.sampling.likelihood import Pieces, score_ends
from tests.helpers import random_weights

PLAIN = ModelConfig(7, "gru", 2, 9)
POINTER = ModelConfig(7, "lstm", 1, 9, pointer=30, pointer_width=10)
STEPPERS = {
    config: Stepper(config, random_weights(config, 1, scale=1.0), Int8Matrix)
    for config in (PLAIN, POINTER)
}
IDS = st.lists(st.integers(2, 4), max_size=4)
TEXT = st.tuples(st.lists(st.integers(2, 4), min_size=1, max_size=4), IDS, IDS)


def alone(stepper: Stepper[Any], text: Pieces) -> float:
    """Return the log-likelihood of the end of a text that is read alone."""
    state, total, ids = stepper.initial_state(1), 0.0, [each for piece in text for each in piece]
    for index in range(len(ids) - 1):
        (logits,) = stepper.feed(np.array([ids[index]]), state).astype(np.float64)
        if index + 1 >= len(text[0]):
            total += logits[ids[index + 1]] - np.log(np.exp(logits).sum())
    return total


@pytest.mark.parametrize("config", STEPPERS, ids=lambda config: config.cell)
@settings(max_examples=30)
@given(st.lists(TEXT, min_size=1, max_size=9), st.sampled_from([np.inf, 3.0]))
def test_texts_side_by_side_score_as_alone(
    config: ModelConfig, texts: list[Pieces], margin: float
) -> None:
    stepper = STEPPERS[config]
    priors = -np.arange(len(texts), dtype=np.float64)
    state = stepper.initial_state(1, steps=12)
    scores = score_ends(stepper, state, texts, priors, margin)
    expected = np.array([alone(stepper, text) for text in texts]) + priors
    kept = np.isfinite(scores)
    np.testing.assert_allclose(scores[kept], expected[kept], rtol=1e-4)
    assert kept.any()
    assert kept.all() or margin < np.inf
    assert (state.hidden_SLBH == 0).all()


def test_texts_that_fall_behind_are_dropped() -> None:
    stepper = STEPPERS[PLAIN]
    texts = [[[2, 3], [end], [5]] for end in (3, 4)]
    state = stepper.initial_state(1)
    exact = score_ends(stepper, state, texts, np.zeros(2), np.inf)
    assert np.isfinite(exact).all()
    behind = score_ends(stepper, state, texts, np.array([0.0, -9.0]), 8.9)
    assert behind.tolist() == [pytest.approx(exact[0]), -np.inf]
