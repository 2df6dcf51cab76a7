"""What is silenced while training, and for how long."""

import pytest
import torch

from charnn.model.config import ModelConfig
from charnn.model.dropout import drop
from charnn.model.network import Network


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_so_many_are_silenced_and_the_others_make_up_for_them(share: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(300, 1001)
    dropped = drop(x, share)
    silenced = (dropped == 0).float()
    assert abs(silenced.mean().item() - share) < 0.005
    assert abs(dropped.mean().item() - 1) < 0.05
    assert len(dropped.unique()) == 2
    # Neither neighbours nor what is eight apart have anything to do with each other.
    for apart in (1, 8, 1001):
        ours, theirs = silenced.flatten()[apart:], silenced.flatten()[:-apart]
        assert abs((ours * theirs).mean().item() - share**2) < 0.01


def test_nothing_is_silenced_at_zero() -> None:
    x = torch.randn(3, 4)
    assert drop(x, 0.0) is x


def test_a_mask_may_be_the_same_along_a_dimension() -> None:
    dropped = drop(torch.ones(5, 6, 700), 0.5, (1, 6, 700))
    assert torch.equal(dropped, dropped[:1].expand(5, 6, 700))
    assert not torch.equal(dropped[:, 0], dropped[:, 1])


def test_the_gradient_passes_what_was_kept() -> None:
    x = torch.randn(50, 60, requires_grad=True)
    dropped = drop(x, 0.3)
    (gradient,) = torch.autograd.grad(dropped.sum(), x)
    torch.testing.assert_close(dropped, x * gradient)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("embedding_size", [None, 5])
def test_of_a_network(cell: str, embedding_size: int | None) -> None:
    """One mask a window: on units the same at each step, on symbols the same in all places."""
    config = ModelConfig(9, cell, 2, 20, embedding_size)
    states = {}
    for option in ("dropout", "embedding_dropout", "weight_drop"):
        torch.manual_seed(1)
        network = Network(ModelConfig(**{**config.to_json(), option: 0.5}))
        heard = []
        network.head.register_forward_pre_hook(lambda _, x, heard=heard: heard.append(x[0]))
        symbols = torch.randint(9, (12, 3))
        with torch.no_grad():
            network(symbols, network.initial_state(3))
            network.eval()
            network(symbols, network.initial_state(3))
        training, plain = heard
        if option == "dropout":
            silenced = training == 0
            assert 0.3 < silenced.float().mean() < 0.7
            assert torch.equal(silenced, silenced[:1].expand_as(silenced))
        else:
            assert not torch.equal(training, plain)
        assert (plain != 0).all()
        states[option] = plain
    # The shares change nothing but training.
    assert torch.equal(states["dropout"], states["embedding_dropout"])
    assert torch.equal(states["dropout"], states["weight_drop"])


def test_a_symbol_is_silenced_in_all_places() -> None:
    torch.manual_seed(0)
    network = Network(ModelConfig(12, "lstm", 1, 8, 6, embedding_dropout=0.5))
    for _ in range(5):
        gates = network._input_gates(0, torch.arange(12).repeat(4, 2))
        by_symbol = gates.view(8, 12, -1)
        assert torch.equal(by_symbol, by_symbol[:1].expand_as(by_symbol))
        silent = (by_symbol[0] == network.layers[0].bias_ih_l0).all(dim=1)
        assert 0 < silent.sum() < 12
