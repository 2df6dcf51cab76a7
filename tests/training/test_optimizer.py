"""AdamW against its equations, and clipping."""

import numpy as np
import torch
from torch import nn

from charnn.training.optimizer import BETAS, EPSILON, AdamW


def test_adamw_follows_its_equations() -> None:
    """Compare with algorithm 2 of Loshchilov & Hutter 2019, with decay of matrices only."""
    torch.manual_seed(0)
    network = nn.Linear(5, 3)
    values = {name: value.detach().double().numpy() for name, value in network.named_parameters()}
    averages = {name: np.zeros_like(value) for name, value in values.items()}
    squares = {name: np.zeros_like(value) for name, value in values.items()}
    optimizer = AdamW(network, weight_decay=0.1)
    random = np.random.default_rng(0)
    for step, lr in enumerate((0.1, 0.03, 0.2), start=1):
        for name, parameter in network.named_parameters():
            gradient = random.standard_normal(parameter.shape)
            parameter.grad = torch.from_numpy(gradient).float()
            averages[name] += (1 - BETAS[0]) * (gradient - averages[name])
            squares[name] += (1 - BETAS[1]) * (gradient**2 - squares[name])
            average = averages[name] / (1 - BETAS[0] ** step)
            square = squares[name] / (1 - BETAS[1] ** step)
            decay = 0.1 if name == "weight" else 0.0
            values[name] = values[name] * (1 - lr * decay)
            values[name] -= lr * average / (np.sqrt(square) + EPSILON)
        optimizer.step(lr)
        for name, parameter in network.named_parameters():
            assert parameter.grad is None
            np.testing.assert_allclose(parameter.detach(), values[name], rtol=0, atol=1e-5)
    assert {tensor.item() for name, tensor in optimizer.tensors().items() if "step." in name} == {3}


def test_the_norm_of_the_gradient_is_clipped() -> None:
    network = nn.Linear(1, 1)
    for gradient, norm, expected in (
        ((3.0, 4.0), 5.0, (1.2, 1.6)),
        ((0.6, 0.8), 1.0, (0.6, 0.8)),
    ):
        network.weight.grad = torch.tensor([[gradient[0]]])
        network.bias.grad = torch.tensor([gradient[1]])
        assert abs(AdamW(network, 0.0).clip(2.0) - norm) < 1e-6
        assert network.weight.grad.item() == torch.tensor(expected[0]).item()
        assert network.bias.grad.item() == torch.tensor(expected[1]).item()
    network.bias.grad = torch.tensor([float("inf")])
    assert AdamW(network, 0.0).clip(2.0) == float("inf")


def test_a_step_can_be_skipped() -> None:
    """On the device, so that the host need not know whether a gradient is finite."""
    network = nn.Linear(3, 2)
    optimizer = AdamW(network, 0.1)
    for skip in (0.0, 1.0):
        before = [
            each.detach().clone() for each in (*network.parameters(), *optimizer.tensors().values())
        ]
        for parameter in network.parameters():
            parameter.grad = torch.full_like(parameter, float("nan") if skip else 1.0)
        optimizer.step(0.1, torch.tensor(skip))
        after = [*network.parameters(), *optimizer.tensors().values()]
        assert all(torch.equal(*pair) == bool(skip) for pair in zip(before, after, strict=True))
        assert all(parameter.grad is None for parameter in network.parameters())


def test_the_values_of_the_gradient_are_clipped() -> None:
    network = nn.Linear(3, 1)
    network.weight.grad = torch.tensor([[-7.0, 0.5, 6.0]])
    network.bias.grad = torch.tensor([2.0])
    assert abs(AdamW(network, 0.0).clip(1.0, 5.0) ** 2 - (49 + 0.25 + 36 + 4)) < 1e-4
    assert network.weight.grad.tolist() == [[-5.0, 0.5, 5.0]]
    assert network.bias.grad.tolist() == [2.0]
    network.bias.grad = torch.tensor([float("nan")])
    assert AdamW(network, 0.0).clip(1.0, 5.0) != 0
    assert network.bias.grad.isnan().all()
