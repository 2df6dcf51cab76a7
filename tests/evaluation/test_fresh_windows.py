"""The loss of windows that start with an empty state."""

import numpy as np
import pytest
import torch

from charnn.evaluation import fresh_windows as windows_module
from charnn.evaluation.fresh_windows import (
    BATCH,
    LENGTH,
    MAX_STANDARD_ERROR,
    evaluate_fresh_windows,
)
from charnn.evaluation.sweep import segment_losses, token_losses
from tests.evaluation.test_sweep import network_of, text_ids


def test_the_estimate_agrees_with_the_mean_over_all_windows() -> None:
    network = network_of()
    ids, start = text_ids(1500), 300
    drawn = evaluate_fresh_windows(network, ids, token_losses(network, ids, start))
    assert drawn is not None
    assert 0 < drawn.standard_error < MAX_STANDARD_ERROR
    places = np.arange(start + 1, len(ids) - LENGTH + 1)
    positions = places + np.arange(LENGTH)[:, None]
    network.eval()
    losses, _ = segment_losses(network, ids, positions, network.initial_state(len(places)))
    assert abs(drawn.loss - losses.mean()) < 4 * drawn.standard_error + 1e-6
    assert str(LENGTH) in drawn.protocol
    assert f"{drawn.drawn:,} at random" in drawn.protocol


def test_an_empty_state_costs_a_network_without_memory_nothing() -> None:
    network = network_of()
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.copy_(torch.linspace(-3, 3, 130))
    ids = text_ids(2000)
    losses = token_losses(network, ids, 300)
    drawn = evaluate_fresh_windows(network, ids, losses)
    assert drawn is not None
    windows = np.lib.stride_tricks.sliding_window_view(losses[1:], LENGTH)
    assert drawn.loss == pytest.approx(windows.mean(), abs=1e-5)


def test_it_is_repeatable_and_leaves_mode_and_random_state_unchanged() -> None:
    network = network_of()
    network.train()
    ids = text_ids(900)
    losses = token_losses(network, ids, 300)
    random = torch.get_rng_state()
    first = evaluate_fresh_windows(network, ids, losses)
    assert network.training
    assert torch.equal(torch.get_rng_state(), random)
    assert evaluate_fresh_windows(network, ids, losses) == first


@pytest.mark.parametrize(("scored", "enough"), [(LENGTH, False), (LENGTH + 1, True)])
def test_a_part_must_be_longer_than_a_window(scored: int, enough: bool) -> None:
    network = network_of()
    ids = text_ids(scored + 10)
    drawn = evaluate_fresh_windows(network, ids, token_losses(network, ids, 10))
    assert (drawn is not None) == enough


def test_the_number_of_windows_is_bounded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(windows_module, "MAX_WINDOWS", 2 * BATCH)
    network = network_of()
    with torch.no_grad():
        network.head.weight.mul_(1e6)
    ids = text_ids(900)
    drawn = evaluate_fresh_windows(network, ids, token_losses(network, ids, 300))
    assert drawn is not None
    assert drawn.drawn == 2 * BATCH
    assert drawn.standard_error > MAX_STANDARD_ERROR
