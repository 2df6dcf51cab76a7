"""The fused layer: its outputs, and the gradients of its backward pass."""

import sys
from typing import Any

import pytest
import torch
from torch import nn

from charnn.model.cells import CELLS, Cell
from charnn.model.fused_layer import kernel_of, run_segment
from charnn.model.gradients import GRADIENTS
from charnn.model.kernels import TensorKernel
from charnn.model.numba_kernel import NumbaKernel
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
    values = [0.7 * torch.randn(shape, dtype=torch.float64) for shape in shapes]
    return [value.to(dtype).requires_grad_() for value in values]


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


@pytest.mark.parametrize("cell", NAMES)
@pytest.mark.parametrize("steps", [1, 2, 40])
@pytest.mark.parametrize(
    ("dtype", "error"), [(torch.float64, 1e-11), (torch.float32, 2e-5)], ids=str
)
def test_the_gradients_of_a_segment_are_those_of_the_equations(
    cell: str, steps: int, dtype: torch.dtype, error: float
) -> None:
    """Compare the gradients by all inputs, of the outputs and of the hidden state after.

    float64 runs by torch's operations, float32 by numba's loops. The reference is autograd in
    float64.
    """
    found = []
    for run, its_dtype in ((run_segment, dtype), (run_plainly, torch.float64)):
        inputs = layer_inputs(cell, steps, 3, 5, its_dtype)
        outputs, after = run_layer(run, cell, *inputs)
        weighing = torch.linspace(-1, 1, outputs.numel(), dtype=its_dtype).view_as(outputs)
        loss = (outputs * weighing).sum() + sum((part**3).sum() for part in after)
        found.append(torch.autograd.grad(loss, inputs))
    for ours, theirs in zip(*found, strict=True):
        assert theirs.any()
        assert (ours - theirs).abs().max() <= error * theirs.abs().max()


@pytest.mark.parametrize("cell", CELLS.values())
def test_numba_compiles_every_cell(cell: type[Cell]) -> None:
    assert isinstance(kernel_of(cell, torch.float32), NumbaKernel)


def test_without_numba_a_layer_runs_by_torch_operations(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "charnn.model.numba_kernel", None)
    kernel_of.cache_clear()
    try:
        inputs = layer_inputs("gru", 5, 2, 4, torch.float32)
        outputs, _ = run_layer(run_segment, "gru", *inputs)
        assert isinstance(kernel_of(CELLS["gru"], torch.float32), TensorKernel)
    finally:
        kernel_of.cache_clear()
    expected, _ = run_layer(run_plainly, "gru", *inputs)
    torch.testing.assert_close(outputs, expected, rtol=0, atol=1e-6)


def test_a_cell_without_derivatives_by_hand_is_trained_by_autograd(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    inputs = layer_inputs("coupled", 5, 2, 4)
    expected = torch.autograd.grad(run_layer(run_segment, "coupled", *inputs)[0].sum(), inputs[1])
    monkeypatch.delitem(GRADIENTS, CELLS["coupled"])
    found = torch.autograd.grad(run_layer(run_segment, "coupled", *inputs)[0].sum(), inputs[1])
    torch.testing.assert_close(found, expected, rtol=0, atol=1e-11)


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
