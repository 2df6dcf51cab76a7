"""The network in torch: logits, hidden state, gradients, initial weights, and no look-ahead."""

from itertools import product

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from charnn.inference.quantised import FloatMatrix
from charnn.inference.stepper import Stepper
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.model.network import Network, export_weights, import_weights
from tests.helpers import random_weights

NAMES = sorted(CELLS)
SHAPES = [
    pytest.param(
        ModelConfig(
            vocab_size=11,
            cell=cell,
            num_layers=layers,
            hidden_size=9,
            embedding_size=width,
            dropout=0.25,
        ),
        id=f"{cell}-{'one-hot' if width is None else 'embedding'}-{layers}",
    )
    for cell, width, layers in product(NAMES, (None, 5), (1, 2))
] + [
    pytest.param(ModelConfig(11, "lstm", 2, 9, 5, pointer=8, pointer_width=4), id="lstm-pointer"),
    pytest.param(ModelConfig(11, "gru", 1, 9, None, pointer=8, pointer_width=4), id="gru-pointer"),
]


def log_softmax(logits_V: NDArray[np.float32]) -> NDArray[np.float32]:
    return logits_V - np.log(np.exp(logits_V).sum())


def network_of(config: ModelConfig, seed: int = 0) -> Network:
    """Return a network in evaluation mode with random weights and biases."""
    network = Network(config)
    import_weights(network, random_weights(config, seed))
    return network.eval()


def ids(config: ModelConfig, *shape: int) -> torch.Tensor:
    random = np.random.default_rng(5)
    return torch.from_numpy(random.integers(0, config.vocab_size, shape))


@pytest.mark.parametrize("config", SHAPES)
@torch.no_grad()
def test_torch_and_numpy_compute_the_same_logits(config: ModelConfig) -> None:
    network = network_of(config)
    stepper = Stepper(config, export_weights(network), FloatMatrix)
    ids_TB = ids(config, 200, 1)
    whole, after = network(ids_TB, network.initial_state(1))
    state = stepper.initial_state(1)
    for number, token_id in enumerate(ids_TB.numpy()):
        (logits,) = stepper.feed(token_id, state)
        if config.pointer:  # any constant may be added to logits
            logits = log_softmax(logits)
        # The stepper rounds queries and keys to whole numbers.
        tolerance = 1e-3 if config.pointer else 1e-5
        np.testing.assert_allclose(logits, whole[number, 0].numpy(), rtol=0, atol=tolerance)
    for layer, theirs in enumerate(after.layers):
        for our_part, their_part in zip(state.hidden_SLBH[:, layer], theirs, strict=True):
            np.testing.assert_allclose(our_part, their_part.numpy(), rtol=0, atol=1e-5)
    # The test would be void if the logits did not move from step to step.
    assert whole.std(dim=0).min() > 0.002


@pytest.mark.parametrize("config", SHAPES)
@torch.no_grad()
def test_the_hidden_state_connects_one_segment_to_the_next(config: ModelConfig) -> None:
    network = network_of(config)
    ids_TB = ids(config, 30, 3)
    whole, end = network(ids_TB, network.initial_state(3))
    first, middle = network(ids_TB[:13], network.initial_state(3))
    second, end_of_two = network(ids_TB[13:], middle)
    torch.testing.assert_close(torch.cat([first, second]), whole, rtol=0, atol=1e-5)
    for one, other in zip(end.layers, end_of_two.layers, strict=True):
        assert len(one) == len(CELLS[config.cell].state)
        for part, other_part in zip(one, other, strict=True):
            assert part.shape == (3, config.hidden_size)
            torch.testing.assert_close(part, other_part, rtol=0, atol=1e-5)
    if config.pointer:
        assert end.memory is not None and end_of_two.memory is not None
        assert torch.equal(end.memory.ids_BM, end_of_two.memory.ids_BM)


@pytest.mark.parametrize("config", SHAPES)
@torch.no_grad()
def test_a_token_changes_no_logits_before_it_and_in_no_other_row(config: ModelConfig) -> None:
    network = network_of(config)
    ids_TB = ids(config, 12, 2)
    before, _ = network(ids_TB, network.initial_state(2))
    for time in range(12):
        changed = ids_TB.clone()
        changed[time, 1] = (changed[time, 1] + 1) % config.vocab_size
        after, _ = network(changed, network.initial_state(2))
        assert torch.equal(after[:time], before[:time])
        assert torch.equal(after[:, 0], before[:, 0])
        assert (after[time:, 1] != before[time:, 1]).any(dim=1).all()


@pytest.mark.parametrize("config", SHAPES)
def test_the_gradient_of_a_small_network(config: ModelConfig) -> None:
    width = config.embedding_size and 2
    small = ModelConfig(4, config.cell, config.num_layers, 3, width, pointer=config.pointer)
    network = network_of(small).double()
    ids_TB = ids(small, 4, 2)
    names, parameters = zip(*network.named_parameters(), strict=True)

    def logits(*values: torch.Tensor) -> torch.Tensor:
        state = network.initial_state(2)
        replaced = dict(zip(names, values, strict=True))
        result, _ = torch.func.functional_call(network, replaced, (ids_TB, state))
        return result

    leaves = tuple(parameter.detach().requires_grad_() for parameter in parameters)
    assert torch.autograd.gradcheck(logits, leaves, fast_mode=True)  # in random directions


@pytest.mark.parametrize("config", SHAPES)
def test_the_configuration_knows_the_shapes_of_the_parameters(config: ModelConfig) -> None:
    network = Network(config)
    shapes = {name: tuple(value.shape) for name, value in network.named_parameters()}
    assert config.parameter_shapes() == shapes
    assert config.parameter_count() == sum(value.numel() for value in network.parameters())


@pytest.mark.parametrize("config", SHAPES)
def test_exported_weights_are_copies_that_rebuild_the_network(config: ModelConfig) -> None:
    network = network_of(config)
    weights = export_weights(network)
    kept = {name: array.copy() for name, array in weights.items()}
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(1)
    other = network_of(config, seed=9)
    import_weights(other, weights)
    for name, parameter in other.named_parameters():
        assert weights[name].dtype == np.float32
        np.testing.assert_array_equal(weights[name], kept[name])
        np.testing.assert_array_equal(parameter.detach().numpy(), kept[name])


def test_dropout_acts_while_training_only() -> None:
    config = ModelConfig(6, "lstm", 2, 8, 4, dropout=0.5)
    network = network_of(config)
    ids_TB, state = ids(config, 5, 2), network.initial_state(2)
    assert torch.equal(network(ids_TB, state)[0], network(ids_TB, state)[0])
    network.train()
    one, other = network(ids_TB, state), network(ids_TB, state)
    # Even the first logits differ, because there is dropout before the head as well.
    assert not torch.equal(one[0][0], other[0][0])
    # The first layer lies below all dropout, so its hidden state is the same.
    assert torch.equal(one[1].layers[0][0], other[1].layers[0][0])
    assert not torch.equal(one[1].layers[1][0], other[1].layers[1][0])


@pytest.mark.parametrize("cell", NAMES)
@pytest.mark.parametrize("width", [None, 5])
@torch.no_grad()
def test_initial_weights(cell: str, width: int | None) -> None:
    config = ModelConfig(11, cell, 2, 16, width)
    torch.manual_seed(3)
    network = Network(config)
    torch.manual_seed(3)
    again = Network(config)
    for (name, one), (_, other) in zip(
        network.named_parameters(), again.named_parameters(), strict=True
    ):
        assert torch.equal(one, other), name
        assert one.isfinite().all()
    for layer in network.layers:
        for block in layer.get_parameter("weight_hh_l0").split(16):
            torch.testing.assert_close(block @ block.T, torch.eye(16), rtol=0, atol=1e-5)
        for vector in ("bias_ih_l0", "bias_hh_l0", *CELLS[cell].peepholes):
            assert not layer.get_parameter(vector).any()
    torch.manual_seed(4)
    assert not torch.equal(Network(config).head.weight, network.head.weight)
