"""A layer over a window: its equations, and its gradients by hand."""

import pytest
import torch
from torch import nn

from charnn.model.cells import CELLS as EQUATIONS
from charnn.model.config import GATES, STATES
from charnn.model.window import run_plainly, run_window

CELLS = sorted(GATES)


def layer_inputs(
    cell: str, steps: int, rows: int, hidden: int, dtype: torch.dtype = torch.float64
) -> list[torch.Tensor]:
    """x, the state, the recurrent weights and their bias, of a size that moves every gate."""
    torch.manual_seed(1)
    gates = GATES[cell] * hidden
    shapes = [(steps, rows, gates), *[(rows, hidden)] * STATES[cell], (gates, hidden), (gates,)]
    return [(0.7 * torch.randn(shape, dtype=dtype)).requires_grad_() for shape in shapes]


@pytest.mark.parametrize("cell", CELLS)
@torch.no_grad()
def test_a_layer_is_the_stock_module(cell: str) -> None:
    x, *state, weight, bias = layer_inputs(cell, 40, 3, 6)
    stock = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](len(bias), 6).double()
    for parameter, value in zip(
        stock.parameters(), (torch.eye(len(bias)), weight, 0 * bias, bias), strict=True
    ):
        parameter.copy_(value)
    before = tuple(part.unsqueeze(0) for part in state)
    expected, end = stock(x, before if cell == "lstm" else before[0])
    for run in (run_window, run_plainly):
        outputs, after = run(EQUATIONS[cell], x.clone(), tuple(state), weight, bias)
        torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-12)
        for ours, theirs in zip(after, end if cell == "lstm" else (end,), strict=True):
            torch.testing.assert_close(ours, theirs[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize("steps", [1, 2, 40])
def test_the_gradients_of_a_window_are_those_of_the_equations(cell: str, steps: int) -> None:
    """By all inputs, of the outputs and of the state after; over more steps than are differentiated
    at once."""
    inputs = layer_inputs(cell, steps, 3, 5)
    found = []
    for run in (run_window, run_plainly):
        x, *state, weight, bias = inputs
        outputs, after = run(EQUATIONS[cell], x.clone(), tuple(state), weight, bias)
        weighing = torch.linspace(-1, 1, outputs.numel(), dtype=x.dtype).view_as(outputs)
        loss = (outputs * weighing).sum() + sum((part**3).sum() for part in after)
        found.append(torch.autograd.grad(loss, inputs))
    for ours, theirs in zip(*found, strict=True):
        assert theirs.any()
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-11)


@pytest.mark.parametrize("cell", CELLS)
def test_only_the_state_after_a_window_may_count(cell: str) -> None:
    x, *state, weight, bias = layer_inputs(cell, 3, 2, 4)

    def after(*inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        return run_window(EQUATIONS[cell], inputs[0].clone(), inputs[1:-2], *inputs[-2:])[1]

    assert torch.autograd.gradcheck(after, (x, *state, weight, bias))


@pytest.mark.parametrize("cell", CELLS)
def test_a_window_in_bf16_is_near_the_exact_one(cell: str) -> None:
    """In the outputs, and in the direction of every gradient."""
    inputs = layer_inputs(cell, 30, 16, 32, torch.float32)
    with torch.no_grad():
        inputs[-2] *= 0.3
    found = []
    for precise in (True, False):
        x, *state, weight, bias = inputs
        with torch.autocast("cpu", torch.bfloat16, enabled=not precise):
            outputs, after = run_window(EQUATIONS[cell], x.clone(), tuple(state), weight, bias)
        assert outputs.dtype == (torch.float32 if precise else torch.bfloat16)
        assert {part.dtype for part in after} == {torch.float32}
        gradients = torch.autograd.grad(outputs.float().square().sum(), inputs)
        found.append((outputs.float(), *after, *gradients))
    for exact, rough in zip(*found, strict=True):
        distance = (exact - rough).norm() / exact.norm()
        assert 0 < distance < 0.03
