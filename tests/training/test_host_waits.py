"""An update in which the host never waits for the device, shown without a GPU.

A tensor on torch's "meta" device has a shape but no numbers, so that whatever reads a number of it
raises an error. An update that runs there leaves the host free to prepare the next one.
"""

from contextlib import nullcontext
from typing import Any

import numpy as np
import pytest
import torch

from charnn.corpus.batches import Batches
from charnn.model.config import ModelConfig
from charnn.model.network import Network
from charnn.training.ema import Average
from charnn.training.optimizer import AdamW
from charnn.training.segment_feed import SegmentFeed
from charnn.training.trainer_state import TrainerState
from charnn.training.training_config import Budget, TrainingConfig
from charnn.training.weight_update import update_weights


@pytest.fixture
def no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep autocast away, which does not know the device."""
    monkeypatch.setattr(torch, "autocast", lambda *arguments, **options: nullcontext())
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: False)


@pytest.mark.parametrize(
    ("cell", "pointer", "options"),
    [
        ("lstm", 32, {"ema": 0.9}),
        ("gru", 0, {"clip_value": 1.0}),
        ("peephole", 32, {"accumulate": 2}),
    ],
)
def test_an_update_reads_nothing_from_the_device(
    no_autocast: None, cell: str, pointer: int, options: dict[str, Any]
) -> None:
    dropout = {"dropout": 0.3, "weight_drop": 0.2, "embedding_dropout": 0.1}
    shape = {"num_layers": 2, "hidden_size": 16, "embedding_size": 8, "pointer_width": 4}
    config = TrainingConfig(Budget(steps=3), batch_size=3, seq_len=5, **options)
    network = Network(ModelConfig(20, cell, pointer=pointer, **shape, **dropout)).to("meta")
    optimizer, average = AdamW(network, 0.1), Average(network, config.ema)
    state = TrainerState(network, optimizer, average, network.initial_state(3), config.accumulate)
    feed = SegmentFeed(Batches(np.arange(61) % 20, 3, 5), "meta")
    for _ in range(3):
        updated = update_weights(state, config, feed, 0.1)
    assert state.position.step == 3
    assert updated.figures.shape == (2,)
    assert updated.figures.is_meta
