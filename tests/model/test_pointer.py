"""The pointer: its equations, the borders of documents and of the memory, and copying."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR
from charnn.model import config
from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights
from charnn.training.optimizer import AdamW
from tests.helpers import random_weights

STEPS, WIDTH = 9, 4
CONFIG = ModelConfig(11, "lstm", 1, 9, 5, pointer=STEPS, pointer_width=WIDTH)


def network_of() -> Network:
    network = Network(CONFIG)
    import_weights(network, random_weights(CONFIG, 1))
    return network


def ids(*shape: int, lowest: int = 0) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(2).integers(lowest, CONFIG.vocab_size, shape))


def test_the_separator_is_that_of_the_vocabulary() -> None:
    assert config.SEPARATOR == SEPARATOR


def by_the_equations(network: Network, ids_T: NDArray[np.int64]) -> NDArray[np.float64]:
    """Return log p [T, V] of a single row, step by step and key by key."""
    part = network.pointer
    assert part is not None
    plain = Network(ModelConfig(11, "lstm", 1, 9, 5))
    plain.load_state_dict(
        {name: value for name, value in network.state_dict().items() if "pointer" not in name}
    )
    h_TBH, _ = plain._run_layers(torch.from_numpy(ids_T)[:, None], plain.initial_state(1), None)
    h = h_TBH[:, 0].double()
    softmax = torch.softmax(h @ plain.head.weight.double().T + plain.head.bias, -1)
    queries, keys = h @ part.query.double().T, h @ part.key.double().T
    sentinels = h @ part.sentinel.weight.double()[0] + part.sentinel.bias
    result = []
    for t in range(len(ids_T)):
        weights = sentinels[t].exp() * softmax[t]
        for s in range(max(0, t - STEPS), t):
            if SEPARATOR in ids_T[s + 1 : t + 1]:
                continue  # another document
            cosine = torch.dot(queries[t], keys[s]) / queries[t].norm() / keys[s].norm()
            weights[ids_T[s + 1]] += (part.sharpness[0] * cosine).exp()
        result.append((weights / weights.sum()).log())
    return torch.stack(result).detach().numpy()


@torch.no_grad()
def test_the_equations_of_the_docstring() -> None:
    network = network_of()
    ids_TB = ids(40, 3)
    assert (ids_TB == SEPARATOR).any()
    log_p, _ = network(ids_TB, network.initial_state(3))
    for row in range(3):
        expected = by_the_equations(network, ids_TB[:, row].numpy())
        np.testing.assert_allclose(log_p[:, row].numpy(), expected, rtol=0, atol=2e-5)


def test_the_losses_and_gradients_are_those_of_the_whole_distribution() -> None:
    """Training uses derivatives written by hand; autograd derives the whole distribution."""
    network = network_of()
    ids_TB = ids(31, 3)
    _, state = network(ids_TB[:10], network.initial_state(3))
    inputs, targets = ids_TB[10:-1], ids_TB[11:]
    losses, _ = network.losses(inputs, targets, state.detached())
    log_p, _ = network(inputs, state.detached())
    expected = -log_p.gather(-1, targets[..., None]).squeeze(-1)
    torch.testing.assert_close(losses, expected, rtol=0, atol=1e-5)
    weights = torch.rand(losses.shape)
    parameters = list(network.parameters())
    gradients = torch.autograd.grad((weights * losses).sum(), parameters)
    expected_gradients = torch.autograd.grad((weights * expected).sum(), parameters)
    for one, other in zip(gradients, expected_gradients, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-3, atol=1e-5)


@torch.no_grad()
def test_a_document_does_not_see_the_one_before_it() -> None:
    network = network_of()
    document = torch.cat([torch.full((1, 1), SEPARATOR), ids(8, 1, lowest=2)])
    alone, _ = network(document, network.initial_state(1))
    _, state = network(ids(20, 1, lowest=2), network.initial_state(1))
    # The hidden state is set back, so that only the memory can make a difference.
    fresh = network.initial_state(1)
    after, _ = network(document, fresh._replace(memory=state.memory))
    torch.testing.assert_close(after, alone, rtol=0, atol=1e-6)


@torch.no_grad()
def test_a_reset_row_starts_like_a_new_text() -> None:
    network = network_of()
    _, state = network(ids(20, 2), network.initial_state(2))
    text = ids(12, 2, lowest=2)
    expected, _ = network(text, network.initial_state(2))
    kept, _ = network(text, state)
    mixed, _ = network(text, state.reset(torch.tensor([True, False])))
    torch.testing.assert_close(mixed[:, 0], expected[:, 0], rtol=0, atol=1e-6)
    torch.testing.assert_close(mixed[:, 1], kept[:, 1], rtol=0, atol=1e-6)


@pytest.mark.parametrize(("steps", "copies"), [(40, True), (0, False)])
def test_only_a_network_with_a_pointer_learns_to_copy(steps: int, copies: bool) -> None:
    """The text repeats 12 random letters after 24 steps; a small LSTM has no room for them."""
    torch.manual_seed(0)
    network = Network(ModelConfig(34, hidden_size=48, embedding_size=16, pointer=steps))
    optimizer = AdamW(network, 0.0)

    def batch() -> torch.Tensor:
        random, filler = torch.randint(2, 26, (12, 32)), torch.randint(26, 34, (12, 32))
        return torch.cat([random, filler, random])

    for _ in range(250):
        text = batch()
        losses, _ = network.losses(text[:-1], text[1:], network.initial_state(32))
        losses.mean().backward()
        optimizer.clip(1.0)
        optimizer.step(1e-2)
    text = batch()
    log_p, _ = network(text[:-1], network.initial_state(32))
    # The first two letters of the copy show what is to be copied.
    right = (log_p.argmax(-1) == text[1:])[-10:].float().mean()
    assert (right > 0.97) == copies
    assert (right < 0.3) != copies
