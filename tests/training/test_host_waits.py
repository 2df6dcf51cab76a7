"""A step in which the host never waits for the device, shown without a GPU.

A tensor on torch's "meta" device has a shape but no numbers, so that whatever reads a number of it
raises an error. A step that runs there leaves the host free to prepare the next one.
"""

from contextlib import nullcontext

import pytest
import torch

from charnn.model.config import ModelConfig
from charnn.model.network import Network


@pytest.fixture
def no_autocast(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep autocast away, which does not know the device."""
    monkeypatch.setattr(torch, "autocast", lambda *arguments, **options: nullcontext())
    monkeypatch.setattr(torch, "is_autocast_enabled", lambda device: False)


@pytest.mark.parametrize(("cell", "pointer"), [("lstm", 32), ("gru", 0), ("peephole", 32)])
def test_a_segment_reads_nothing_from_the_device(
    no_autocast: None, cell: str, pointer: int
) -> None:
    dropout = {"dropout": 0.3, "weight_drop": 0.2, "embedding_dropout": 0.1}
    shape = {"num_layers": 2, "hidden_size": 16, "embedding_size": 8, "pointer_width": 4}
    network = Network(ModelConfig(20, cell, pointer=pointer, **shape, **dropout)).to("meta")
    ids_TB = torch.zeros(5, 3, dtype=torch.int64, device="meta")
    losses_TB, after = network.losses(ids_TB, ids_TB, network.initial_state(3))
    losses_TB.mean().backward()
    network.losses(ids_TB, ids_TB, after.detached())
    assert losses_TB.shape == (5, 3)
    assert all(parameter.grad is not None for parameter in network.parameters())
