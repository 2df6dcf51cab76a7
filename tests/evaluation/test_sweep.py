"""The loss of a held-out part: every token once, as if in a single row."""

import math

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.vocabulary import UNKNOWN
from charnn.evaluation import sweep
from charnn.evaluation.scored_part import CONTEXT, whole_part
from charnn.evaluation.sweep import evaluate, sum_losses, token_losses
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights
from tests.helpers import prose, random_weights


def network_of(cell: str = "lstm", vocabulary: int = 130, **shape: int | None) -> Network:
    config = ModelConfig(vocabulary, cell, **{"hidden_size": 10, "embedding_size": 6, **shape})
    network = Network(config)
    import_weights(network, random_weights(config, scale=0.4))
    return network


def text_ids(length: int) -> NDArray[np.unsignedinteger]:
    ids = CharVocabulary(prose(30_000)).encode(prose(length))
    assert ids.max() < 130
    return ids


@torch.no_grad()
def plain_losses(network: Network, ids: NDArray[np.unsignedinteger]) -> torch.Tensor:
    """Return the loss of every token but the first, in float64, from a single row."""
    double = Network(network.config).double().eval()
    double.load_state_dict({name: value.double() for name, value in network.state_dict().items()})
    ids_T1 = torch.from_numpy(ids.astype(np.int64))[:, None]
    logits, _ = double(ids_T1[:-1], double.initial_state(1))
    return torch.nn.functional.cross_entropy(logits[:, 0], ids_T1[1:, 0], reduction="none")


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(
    ("length", "start"), [(2, 1), (700, 1), (1500, 257), (1500, 1499), (5003, 500), (5003, 600)]
)
def test_it_equals_a_single_row_in_float64(
    cell: str, length: int, start: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also in several chunks, and in several rows."""
    monkeypatch.setattr(sweep, "CHUNK", 2048)
    network = network_of(cell)
    ids = text_ids(length)
    expected = plain_losses(network, ids)[start - 1 :]
    assert len(expected) == length - start
    # In a single row, only the rounding differs.
    several = length - start >= 8 * CONTEXT and start > CONTEXT
    tolerance = 2e-3 if several else 1e-5
    assert evaluate(network, ids, start) == pytest.approx(expected.mean().item(), abs=tolerance)
    assert len(whole_part(start, length).groups[0].starts) == 1 + several


def test_logits_in_memory_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """A large vocabulary passes through the head in parts."""
    network, ids = network_of(), text_ids(9_973)
    rows, largest = token_losses(network, ids, 500), 0

    def note_size(module: object, inputs: object, outputs: tuple[torch.Tensor, object]) -> None:
        nonlocal largest
        largest = max(largest, outputs[0].numel())

    network.register_forward_hook(note_size)
    monkeypatch.setattr(sweep, "MAX_LOGITS", 5000)
    assert token_losses(network, ids, 500) == pytest.approx(rows, abs=1e-5)
    assert largest <= 5000


@pytest.mark.parametrize("length", [2, 259, 1023, 4097, 5000, 9999, 20_011])
def test_every_token_is_scored_once(length: int) -> None:
    """Without memory, each token id has a fixed loss, so the mean shows how often each was
    counted. With uniform logits, every text costs log V."""
    network = network_of(vocabulary=130)
    with torch.no_grad():
        network.head.weight.zero_()
        network.head.bias.copy_(torch.linspace(-3, 3, 130))
    start = min(257, length - 1)
    ids = text_ids(length)
    costs = -torch.log_softmax(network.head.bias.detach().double(), 0).numpy()
    expected = costs[ids[start:]].mean()
    assert evaluate(network, ids, start) == pytest.approx(expected, rel=1e-6)
    with torch.no_grad():
        network.head.bias.zero_()
    assert evaluate(network, ids, start) == pytest.approx(math.log(130), rel=1e-6)


def test_it_changes_neither_parameters_nor_mode_nor_random_state() -> None:
    network = network_of(num_layers=2)
    network.train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    random = torch.get_rng_state()
    first = evaluate(network, text_ids(3000), 300)
    assert network.training
    assert torch.equal(torch.get_rng_state(), random)
    for name, value in network.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(parameter.grad is None for parameter in network.parameters())
    # The result does not depend on the mode, nor on earlier evaluations.
    network.eval()
    assert evaluate(network, text_ids(3000), 300) == first
    assert not network.training


def test_dropout_is_off() -> None:
    network = network_of(num_layers=2)
    with_dropout = Network(ModelConfig(130, "lstm", 2, 10, 6, dropout=0.9))
    with_dropout.load_state_dict(network.state_dict())
    with_dropout.train()
    assert evaluate(with_dropout, text_ids(900), 300) == evaluate(network, text_ids(900), 300)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("width", [None, 6])
def test_bfloat16_changes_the_loss_little(cell: str, width: int | None) -> None:
    """The text is long enough for several rows and chunks."""
    network = network_of(cell, embedding_size=width, num_layers=2)
    ids = text_ids(9_973)
    with torch.autocast("cpu", torch.bfloat16):
        half = evaluate(network, ids, 600)
    full = evaluate(network, ids, 600)
    assert half != full
    assert half == pytest.approx(full, abs=0.02)


def test_the_loss_is_per_character_also_where_tokens_are_longer() -> None:
    network = network_of()
    ids = text_ids(900)
    per_token = evaluate(network, ids, 300)
    assert evaluate(network, ids, 300, characters=1200) == pytest.approx(per_token / 2)


def test_unknown_characters_are_read_but_not_scored() -> None:
    network, ids = network_of(), text_ids(3000)
    ids[[700, 1500]] = UNKNOWN
    losses = token_losses(network, ids, 500)
    plain = plain_losses(network, ids)[499:].numpy()
    assert losses[[200, 1000]].tolist() == [0, 0]
    known = ids[500:] != UNKNOWN
    np.testing.assert_allclose(losses[known], plain[known], atol=2e-3)
    assert evaluate(network, ids, 500) == pytest.approx(plain[known].mean(), abs=1e-4)


def test_a_stop_ends_the_sweep() -> None:
    scored: list[int] = []

    def stop(tokens: int) -> bool:
        scored.append(tokens)
        return len(scored) == 2

    part = whole_part(500, 30_000)
    assert sum_losses(network_of(), text_ids(30_000), part, should_stop=stop) is None
    assert len(scored) == 2
