"""The shape of a model: what is refused, and what follows from it."""

from typing import Any

import pytest

from charnn.errors import UsageError
from charnn.model.config import ModelConfig


@pytest.mark.parametrize(
    "wrong",
    [
        {"cell": "transformer"},
        {"num_layers": 0},
        {"num_layers": 65},
        {"hidden_size": 0},
        {"hidden_size": -1},
        {"hidden_size": 1 << 20},
        {"hidden_size": 8.0},
        {"hidden_size": True},
        {"embedding_size": 0},
        {"embedding_size": -3},
        {"embedding_size": 1 << 20},
        {"vocab_size": 0},
        {"vocab_size": 0x110003},
        {"dropout": -0.1},
        {"dropout": 1.0},
        {"embedding_dropout": 1.0},
        {"weight_drop": -0.1},
        {"dropout": float("nan")},
    ],
    ids=str,
)
def test_values_out_of_range_are_refused(wrong: dict[str, Any]) -> None:
    (name,) = wrong
    shown = name if name == "vocab_size" else f"--{name.replace('_', '-')} "
    with pytest.raises(UsageError, match=shown):
        ModelConfig(**{"vocab_size": 10, **wrong})


@pytest.mark.parametrize("right", [{"num_layers": 64}, {"embedding_size": None}, {"dropout": 0.99}])
def test_values_in_range_are_taken_and_described(right: dict[str, Any]) -> None:
    config = ModelConfig(vocab_size=10, **right)
    assert ModelConfig(**config.to_json()) == config


def test_the_parameters_of_a_small_lstm_counted_by_hand() -> None:
    # V 10, E 4, H 3: 10*4 | 12*4 + 12*3 + 12 + 12 | 12*3 + 12*3 + 12 + 12 | 10*3 + 10
    config = ModelConfig(10, "lstm", 2, 3, 4)
    assert config.parameter_count() == 40 + 108 + 96 + 40
    # One-hot: the look-up table is the input matrix.
    assert ModelConfig(10, "gru", 1, 3, None).parameter_count() == 10 * 9 + 9 * 3 + 18 + 40
