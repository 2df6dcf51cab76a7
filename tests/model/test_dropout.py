"""Dropout: how much is dropped, and for how long a mask lasts."""

import pytest
import torch

from charnn.model.config import ModelConfig
from charnn.model.dropout import drop
from charnn.model.network import Network


@pytest.mark.parametrize("probability", [0.1, 0.5, 0.9, 0.999])
def test_the_probability_dropped_and_the_scale_of_the_others(probability: float) -> None:
    torch.manual_seed(0)
    x = torch.ones(300, 1001)
    result = drop(x, probability)
    dropped = (result == 0).float()
    assert abs(dropped.mean().item() - probability) < 0.005
    assert abs(result.mean().item() - 1) < 0.05
    assert len(result.unique()) == 2
    # Elements drawn from one int64 (neighbours) or from two are independent.
    for apart in (1, 8, 1001):
        one, other = dropped.flatten()[apart:], dropped.flatten()[:-apart]
        assert abs((one * other).mean().item() - probability**2) < 0.01


def test_probability_zero_changes_nothing() -> None:
    x = torch.randn(3, 4)
    assert drop(x, 0.0) is x


def test_a_mask_is_broadcast_along_a_dimension_of_size_one() -> None:
    dropped = drop(torch.ones(5, 6, 700), 0.5, (1, 6, 700))
    assert torch.equal(dropped, dropped[:1].expand(5, 6, 700))
    assert not torch.equal(dropped[:, 0], dropped[:, 1])


def test_the_gradient_has_the_same_mask() -> None:
    x = torch.randn(50, 60, requires_grad=True)
    dropped = drop(x, 0.3)
    (gradient,) = torch.autograd.grad(dropped.sum(), x)
    torch.testing.assert_close(dropped, x * gradient)


@pytest.mark.parametrize("cell", ["lstm", "gru"])
@pytest.mark.parametrize("embedding_size", [None, 5])
def test_a_network_draws_one_mask_for_a_segment(cell: str, embedding_size: int | None) -> None:
    """Dropout acts while training only, with the same mask of units at every step."""
    config = ModelConfig(9, cell, 2, 20, embedding_size)
    states = {}
    for option in ("dropout", "embedding_dropout", "weight_drop"):
        torch.manual_seed(1)
        network = Network(ModelConfig(**{**config.to_json(), option: 0.5}))
        head_inputs = []
        network.head.register_forward_pre_hook(lambda _, x, seen=head_inputs: seen.append(x[0]))
        ids = torch.randint(9, (12, 3))
        with torch.no_grad():
            network(ids, network.initial_state(3))
            network.eval()
            network(ids, network.initial_state(3))
        training, plain = head_inputs
        if option == "dropout":
            dropped = training == 0
            assert 0.3 < dropped.float().mean() < 0.7
            assert torch.equal(dropped, dropped[:1].expand_as(dropped))
        else:
            assert not torch.equal(training, plain)
        assert (plain != 0).all()
        states[option] = plain
    # Without training, the probabilities change nothing.
    assert torch.equal(states["dropout"], states["embedding_dropout"])
    assert torch.equal(states["dropout"], states["weight_drop"])


def test_embedding_dropout_drops_a_token_in_all_places() -> None:
    torch.manual_seed(0)
    network = Network(ModelConfig(12, "lstm", 1, 8, 6, embedding_dropout=0.5))
    for _ in range(5):
        gates = network._input_gates(0, torch.arange(12).repeat(4, 2))
        by_token = gates.view(8, 12, -1)
        assert torch.equal(by_token, by_token[:1].expand_as(by_token))
        is_dropped = (by_token[0] == network.layers[0].bias_ih_l0).all(dim=1)
        assert 0 < is_dropped.sum() < 12
