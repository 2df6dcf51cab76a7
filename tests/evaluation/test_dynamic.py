"""Dynamic evaluation: each segment is scored before a step is taken on it; the model stays."""

import numpy as np
import pytest
from numpy.typing import NDArray

from charnn.evaluation.dynamic import DynamicEvalConfig, dynamic_log_probs
from charnn.evaluation.sweep import token_losses
from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights
from tests.evaluation.test_sweep import text_ids
from tests.helpers import random_weights

START = 300
FAST = DynamicEvalConfig(segment=20, lr=3e-3)


class Model:
    """A configuration and weights, as a checkpoint contains them."""

    def __init__(self, cell: str = "lstm", **shape: int | float | None) -> None:
        options = {"hidden_size": 10, "embedding_size": 6, **shape}
        self.config = ModelConfig(130, cell, **options)
        self.weights = random_weights(self.config, scale=0.4)

    def dynamic(
        self, ids: NDArray[np.unsignedinteger], settings: DynamicEvalConfig = FAST
    ) -> NDArray:
        segments = dynamic_log_probs(self.config, self.weights, ids, START, settings)
        log_probs_NV = np.concatenate([*segments])
        return -np.take_along_axis(log_probs_NV, ids[START:, None].astype(int), 1)[:, 0]

    def static(self, ids: NDArray[np.unsignedinteger]) -> NDArray:
        network = Network(self.config)
        import_weights(network, self.weights)
        return token_losses(network, ids, START)


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
@pytest.mark.parametrize("width", [None, 6])
def test_the_loss_falls_while_the_text_is_read(cell: str, width: int | None) -> None:
    model, ids = Model(cell, embedding_size=width), text_ids(1500)
    dynamic, static = model.dynamic(ids), model.static(ids)
    assert dynamic.shape == static.shape == (1200,)
    # The first segment is scored with the trained weights.
    np.testing.assert_allclose(dynamic[: FAST.segment], static[: FAST.segment], atol=1e-5)
    assert dynamic[600:].mean() < static[600:].mean() - 0.5


@pytest.mark.parametrize("place", [0, 19, 20, 333, 1199])
def test_a_loss_depends_on_earlier_tokens_only(place: int) -> None:
    model, ids = Model(), text_ids(1500)
    before = model.dynamic(ids)
    changed = ids.copy()
    changed[START + place :] = 2 + np.arange(1200 - place) % 7
    after = model.dynamic(changed)
    np.testing.assert_array_equal(after[:place], before[:place])
    assert not np.array_equal(after[place:], before[place:])


def test_with_a_learning_rate_of_zero_it_equals_the_sweep() -> None:
    model, ids = Model(num_layers=2), text_ids(900)
    still = model.dynamic(ids, DynamicEvalConfig(segment=7, lr=0.0))
    np.testing.assert_allclose(still, model.static(ids), atol=1e-5)


def test_full_decay_restores_the_trained_weights_at_each_step() -> None:
    model, ids = Model(), text_ids(900)
    decayed = model.dynamic(ids, DynamicEvalConfig(segment=20, lr=3e-3, decay=1e9))
    np.testing.assert_allclose(decayed, model.static(ids), atol=1e-4)


def test_the_weights_are_unchanged_and_dropout_is_off() -> None:
    model, ids = Model(num_layers=2, dropout=0.5), text_ids(700)
    kept = {name: array.copy() for name, array in model.weights.items()}
    first = model.dynamic(ids)
    np.testing.assert_array_equal(model.dynamic(ids), first)
    for name, array in model.weights.items():
        np.testing.assert_array_equal(array, kept[name])
    without_dropout = Model(num_layers=2)
    np.testing.assert_array_equal(without_dropout.dynamic(ids), first)


def test_the_protocol_names_method_and_segment() -> None:
    assert "dynamic evaluation" in FAST.protocol("byte")
    assert "every byte once: the weights learn from each 20 symbols" in FAST.protocol("byte")
