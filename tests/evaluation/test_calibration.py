"""The fitted softmax temperature, and the halves that it is fitted and judged on."""

import math

import numpy as np
import pytest
import torch

from charnn.corpus.vocabulary import SEPARATOR
from charnn.evaluation.calibration import TEMPERATURES, best_temperature, halves, second_half
from charnn.evaluation.scored_part import whole_part
from charnn.evaluation.sweep import sum_losses
from tests.evaluation.test_sweep import network_of, text_ids


def totals_of(network: torch.nn.Module, ids: np.ndarray, start: int) -> np.ndarray:
    totals = sum_losses(network, ids, whole_part(start, len(ids)), TEMPERATURES)  # type: ignore[arg-type]
    assert totals is not None
    return totals


@pytest.mark.parametrize("overconfidence", [0.95, 1.0, 1.2, 1.5])
def test_the_fitted_temperature_undoes_the_overconfidence(overconfidence: float) -> None:
    """The network's logits are the log frequencies of the tokens, times a factor."""
    ids = text_ids(20_000)
    network = network_of()
    counts = np.bincount(ids[500:], minlength=130) + 0.01
    with torch.no_grad():
        network.head.weight.zero_()
        probabilities = torch.from_numpy(counts / counts.sum())
        network.head.bias.copy_(probabilities.log() * overconfidence)
    temperature = best_temperature(totals_of(network, ids, 500))
    assert temperature == pytest.approx(overconfidence, rel=0.01)


def test_the_temperature_stays_in_bounds() -> None:
    network = network_of()
    with torch.no_grad():
        network.head.weight.mul_(100)
    assert best_temperature(totals_of(network, text_ids(3000), 500)) == pytest.approx(1 / 0.6)


def test_losses_that_are_not_finite_give_temperature_1() -> None:
    assert best_temperature(np.array([math.nan] * len(TEMPERATURES))) == 1
    assert best_temperature(np.array([math.inf, *range(9)])) == 1


def test_a_text_with_loss_zero_gives_temperature_1() -> None:
    assert best_temperature(np.zeros(len(TEMPERATURES))) == 1


def test_one_document_is_cut_in_the_middle() -> None:
    assert second_half(np.full(1000, 7), 200) == 600
    # An end near the end of the text would make one half much smaller than the other.
    ids = np.full(1000, 7)
    ids[[350, 990]] = SEPARATOR
    assert second_half(ids, 200) == 600


def test_documents_are_cut_between_two_of_them() -> None:
    ids = np.full(1000, 7)
    ids[[300, 570, 640, 900]] = SEPARATOR
    assert second_half(ids, 200) == 571


@pytest.mark.parametrize("scored", [5000, 100_000])
def test_the_halves_do_not_overlap(scored: int) -> None:
    ids = np.full(40_000, 7)
    first, second = halves(ids, 1000, scored)
    places = np.arange(len(ids))
    assert first.tokens(places).max() < second.tokens(places).min()
    assert first.scored + second.scored == pytest.approx(min(scored, 39_000), abs=64)
