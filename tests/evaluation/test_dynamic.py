"""Dynamic evaluation: scored first, learned from afterwards, and all of it forgotten in the end."""

import numpy as np
import pytest
from numpy.typing import NDArray

from charnn.evaluation.dynamic import DynamicEvalConfig, dynamic_token_losses
from charnn.evaluation.sweep import token_losses
from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights
from tests.evaluation.test_sweep import text_ids
from tests.helpers import random_weights

START = 300
FAST = DynamicEvalConfig(segment=20, lr=3e-3)


class Model:
    """A network as a checkpoint has it."""

    def __init__(self, cell: str = "lstm", **shape: int | float | None) -> None:
        options = {"hidden_size": 10, "embedding_size": 6, **shape}
        self.config = ModelConfig(130, cell, **options)
        self.weights = random_weights(self.config, scale=0.4)

    def dynamic(
        self, ids: NDArray[np.unsignedinteger], following: DynamicEvalConfig = FAST
    ) -> NDArray:
        return dynamic_token_losses(self.config, self.weights, ids, START, following)

    def static(self, ids: NDArray[np.unsignedinteger]) -> NDArray:
        network = Network(self.config)
        import_weights(network, self.weights)
        return token_losses(network, ids, START)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("width", [None, 6])
def test_it_learns_what_it_reads(cell: str, width: int | None) -> None:
    model, ids = Model(cell, embedding_size=width), text_ids(1500)
    dynamic, static = model.dynamic(ids), model.static(ids)
    assert dynamic.shape == static.shape == (1200,)
    # Nothing is learned before the first segment is scored.
    np.testing.assert_allclose(dynamic[: FAST.segment], static[: FAST.segment], atol=1e-5)
    assert dynamic[600:].mean() < static[600:].mean() - 0.5


@pytest.mark.parametrize("place", [0, 19, 20, 333, 1199])
def test_nothing_is_seen_before_it_is_scored(place: int) -> None:
    model, ids = Model(), text_ids(1500)
    before = model.dynamic(ids)
    changed = ids.copy()
    changed[START + place :] = 2 + np.arange(1200 - place) % 7
    after = model.dynamic(changed)
    np.testing.assert_array_equal(after[:place], before[:place])
    assert not np.array_equal(after[place:], before[place:])


def test_without_a_step_it_is_the_sweep() -> None:
    model, ids = Model(num_layers=2), text_ids(900)
    still = model.dynamic(ids, DynamicEvalConfig(segment=7, lr=0.0))
    np.testing.assert_allclose(still, model.static(ids), atol=1e-5)


def test_weights_drawn_home_at_once_stay_where_they_are() -> None:
    model, ids = Model(), text_ids(900)
    home = model.dynamic(ids, DynamicEvalConfig(segment=20, lr=3e-3, decay=1e9))
    np.testing.assert_allclose(home, model.static(ids), atol=1e-4)


def test_the_model_is_left_as_it_is_and_dropout_is_off() -> None:
    model, ids = Model(num_layers=2, dropout=0.5), text_ids(700)
    kept = {name: array.copy() for name, array in model.weights.items()}
    first = model.dynamic(ids)
    np.testing.assert_array_equal(model.dynamic(ids), first)
    for name, array in model.weights.items():
        np.testing.assert_array_equal(array, kept[name])
    quiet = Model(num_layers=2)
    np.testing.assert_array_equal(quiet.dynamic(ids), first)


def test_the_protocol_is_put_into_words() -> None:
    assert "dynamic evaluation" in FAST.protocol
    assert "20 symbols" in FAST.protocol
