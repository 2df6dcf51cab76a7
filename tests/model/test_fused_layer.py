"""The fused layer: its outputs, and the gradients of its backward pass."""

from typing import Any

import pytest
import torch
from torch import nn

from charnn.model.cells import CELLS
from charnn.model.fused_layer import run_segment
from charnn.model.kernels import AutogradKernel
from charnn.model.kernels_by_hand import BY_HAND
from charnn.model.plain_layer import run_plainly

NAMES = sorted(CELLS)
STOCK = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def layer_inputs(
    cell: str, steps: int, rows: int, hidden: int, dtype: torch.dtype = torch.float64
) -> list[torch.Tensor]:
    """Return gates_x, the recurrent weights and their bias, the hidden state and the peepholes,
    large enough to move every gate."""
    torch.manual_seed(1)
    kind = CELLS[cell]
    gates = len(kind.gates) * hidden
    shapes = [(steps, rows, gates), (gates, hidden), (gates,)]
    shapes += [*[(rows, hidden)] * len(kind.state), *[(hidden,)] * len(kind.peepholes)]
    return [(0.7 * torch.randn(shape, dtype=dtype)).requires_grad_() for shape in shapes]


def run_layer(
    run: Any, cell: str, x: torch.Tensor, weight: torch.Tensor, bias: torch.Tensor, *rest: Any
) -> Any:
    """Run a layer over the result of `layer_inputs`."""
    count = len(CELLS[cell].state)
    return run(CELLS[cell], x.clone(), rest[:count], weight, bias, rest[count:])


@pytest.mark.parametrize("cell", STOCK)
@torch.no_grad()
def test_a_layer_computes_what_the_stock_module_computes(cell: str) -> None:
    x, weight, bias, *state = inputs = layer_inputs(cell, 40, 3, 6)
    stock = STOCK[cell](len(bias), 6).double()
    for parameter, value in zip(
        stock.parameters(), (torch.eye(len(bias)), weight, 0 * bias, bias), strict=True
    ):
        parameter.copy_(value)
    before = tuple(part.unsqueeze(0) for part in state)
    expected, end = stock(x, before if cell == "lstm" else before[0])
    for run in (run_segment, run_plainly):
        outputs, after = run_layer(run, cell, *inputs)
        torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-12)
        for ours, theirs in zip(after, end if cell == "lstm" else (end,), strict=True):
            torch.testing.assert_close(ours, theirs[0], rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("cell", "by_hand"),
    [(cell, by_hand) for cell in NAMES for by_hand in (False, *[True] * (CELLS[cell] in BY_HAND))],
)
@pytest.mark.parametrize("steps", [1, 2, 40])
def test_the_gradients_of_a_segment_are_those_of_the_equations(
    cell: str, steps: int, by_hand: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Compare the gradients by all inputs, of the outputs and of the hidden state after, over more
    steps than one chunk, for the autograd kernel of every cell and for the kernels by hand."""
    if not by_hand:
        monkeypatch.setitem(BY_HAND, CELLS[cell], AutogradKernel(CELLS[cell]))
    inputs = layer_inputs(cell, steps, 3, 5)
    found = []
    for run in (run_segment, run_plainly):
        outputs, after = run_layer(run, cell, *inputs)
        weighing = torch.linspace(-1, 1, outputs.numel(), dtype=outputs.dtype).view_as(outputs)
        loss = (outputs * weighing).sum() + sum((part**3).sum() for part in after)
        found.append(torch.autograd.grad(loss, inputs))
    for ours, theirs in zip(*found, strict=True):
        assert theirs.any()
        torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-11)


@pytest.mark.parametrize("cell", NAMES)
def test_a_loss_may_depend_on_the_last_hidden_state_alone(cell: str) -> None:
    inputs = layer_inputs(cell, 3, 2, 4)

    def after(*inputs: torch.Tensor) -> tuple[torch.Tensor, ...]:
        _, state = run_layer(run_segment, cell, *inputs)
        return tuple(state)

    assert torch.autograd.gradcheck(after, inputs)


@pytest.mark.parametrize("cell", NAMES)
def test_a_segment_in_bf16_is_near_float32(cell: str) -> None:
    """Compare the outputs, the hidden state and every gradient."""
    inputs = layer_inputs(cell, 30, 16, 32, torch.float32)
    with torch.no_grad():
        for weights in (inputs[1], *inputs[3 + len(CELLS[cell].state) :]):
            weights *= 0.3
    found = []
    for precise in (True, False):
        with torch.autocast("cpu", torch.bfloat16, enabled=not precise):
            outputs, after = run_layer(run_segment, cell, *inputs)
        assert outputs.dtype == (torch.float32 if precise else torch.bfloat16)
        assert {part.dtype for part in after} == {torch.float32}
        gradients = torch.autograd.grad(outputs.float().square().sum(), inputs)
        found.append((outputs.float(), *after, *gradients))
    for exact, rough in zip(*found, strict=True):
        distance = (exact - rough).norm() / exact.norm()
        assert 0 < distance < 0.03
