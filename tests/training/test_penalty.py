"""The penalty against vanishing gradients: its value, its gradient and its effect."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights
from charnn.model.network_state import NetworkState
from charnn.model.plain_layer import Trace
from charnn.training.optimizer import AdamW
from charnn.training.penalty import gradient_penalty, layer_penalty
from tests.helpers import random_weights

STEPS, ROWS = 5, 2


def traced(cell: str, layers: int = 2) -> tuple[Network, list[Trace], Tensor]:
    """Return a small network in float64, the traces of a segment, and its loss."""
    network = Network(ModelConfig(6, cell, layers, 3, 4)).double()
    import_weights(network, random_weights(network.config, scale=0.8))
    torch.manual_seed(2)
    ids = torch.randint(0, 6, (STEPS + 1, ROWS))
    traces: list[Trace] = []
    logits, _ = network(ids[:-1], network.initial_state(ROWS), traces)
    return network, traces, cross_entropy(logits.flatten(0, 1), ids[1:].flatten())


def errors_of(loss: Tensor, trace: Trace) -> list[Any]:
    return [
        torch.autograd.grad(loss, state, retain_graph=True, materialize_grads=True)
        for state in trace.states[1:]
    ]


def step_of(trace: Trace, time: int, row: int) -> Callable[[Tensor], Tensor]:
    """Return the next state of one row, all parts of the state in one vector."""
    cell = trace.cell
    gates, peepholes = len(cell.gates), [part.detach() for part in trace.peepholes]

    def step(before: Tensor) -> Tensor:
        state = before.chunk(len(cell.state))
        y = trace.weight_hh.detach() @ state[0] + trace.bias_hh.detach()
        x = trace.gates_x_TBG[time, row].detach()
        _, after = cell.step(x.chunk(gates), y.chunk(gates), state, peepholes)
        return torch.cat(after)

    return step


@pytest.mark.parametrize("cell", CELLS)
def test_the_value_is_that_of_the_paper(cell: str) -> None:
    """Compute it from whole Jacobian matrices, step by step and row by row."""
    _, traces, loss = traced(cell)
    expected = 0.0
    for trace in traces:
        for time, errors in enumerate(errors_of(loss, trace)):
            for row in range(ROWS):
                before = torch.cat([part[row] for part in trace.states[time]]).detach()
                jacobian = torch.autograd.functional.jacobian(step_of(trace, time, row), before)
                error = torch.cat([part[row] for part in errors])
                expected += float(((error @ jacobian).norm() / error.norm() - 1) ** 2) / ROWS
    assert abs(gradient_penalty(loss, traces).item() - expected) < 1e-9
    assert expected > 0.1


@pytest.mark.parametrize("cell", CELLS)
def test_the_error_at_a_state_comes_from_all_later_steps(cell: str) -> None:
    """Compare with finite differences: run the rest of the segment from a changed state."""
    network, (trace,), loss = traced(cell, layers=1)
    torch.manual_seed(2)
    ids = torch.randint(0, 6, (STEPS + 1, ROWS))
    errors = errors_of(loss, trace)
    for time in range(1, STEPS):

        def rest(*state: Tensor, time: int = time) -> Tensor:
            here = network.head(state[0]).unsqueeze(0)
            later, _ = network(ids[time:-1], NetworkState([state], None))
            logits = torch.cat([here, later]).flatten(0, 1)
            return cross_entropy(logits, ids[time:].flatten(), reduction="sum") / (STEPS * ROWS)

        state = tuple(part.detach().requires_grad_() for part in trace.states[time])
        found = torch.autograd.grad(rest(*state), state)
        for ours, theirs in zip(errors[time - 1], found, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-12)


@pytest.mark.parametrize("cell", CELLS)
def test_the_gradient_holds_states_and_errors_constant(cell: str) -> None:
    """Compare with finite differences."""
    network, traces, loss = traced(cell)
    errors = [errors_of(loss, trace) for trace in traces]
    names = ["weight_hh_l0", "bias_hh_l0", *CELLS[cell].peepholes]

    def held(*weights: Tensor) -> Tensor:
        total = weights[0].new_zeros(())
        for number, (trace, error) in enumerate(zip(traces, errors, strict=True)):
            weight, bias, *peepholes = weights[number * len(names) : (number + 1) * len(names)]
            moved = trace._replace(weight_hh=weight, bias_hh=bias, peepholes=tuple(peepholes))
            total = total + layer_penalty(moved, error)
        return total

    weights = [layer.get_parameter(name) for layer in network.layers for name in names]
    assert torch.autograd.gradcheck(held, [weight.detach().requires_grad_() for weight in weights])
    # No other parameter has a gradient.
    ours = torch.autograd.grad(
        gradient_penalty(loss, traces), list(network.parameters()), allow_unused=True
    )
    by_name = dict(zip(dict(network.named_parameters()), ours, strict=True))
    expected = torch.autograd.grad(held(*weights), weights)
    for number in range(len(traces)):
        for place, name in enumerate(names):
            found = by_name.pop(f"layers.{number}.{name}")
            torch.testing.assert_close(found, expected[number * len(names) + place])
    assert all(gradient is None for gradient in by_name.values())


@pytest.mark.parametrize("cell", ["rnn", "lstm"])
def test_errors_reach_further_back_with_the_penalty(cell: str) -> None:
    """The task, naming the first token of a segment at its end, needs errors from end to start."""
    shrinking = []
    for weight in (0.0, 0.1):
        torch.manual_seed(1)
        network = Network(ModelConfig(4, cell, 1, 16, None))
        with torch.no_grad():  # weights that let the error vanish
            network.layers[0].get_parameter("weight_hh_l0").mul_(0.5)
            network.layers[0].get_parameter("bias_ih_l0").zero_()
        optimizer = AdamW(network, 0.0)
        for _ in range(60):
            ids = torch.randint(0, 4, (15, 16))
            loss, trace = loss_at_the_end(network, ids)
            (loss + weight * gradient_penalty(loss, [trace])).backward()
            optimizer.clip(1.0)
            optimizer.step(3e-3)
        loss, trace = loss_at_the_end(network, ids)
        errors = [torch.cat(error, -1).norm() for error in errors_of(loss, trace)]
        shrinking.append(float((errors[0] / errors[-1]).log().abs()) / len(errors[1:]))
    without, with_it = shrinking
    assert with_it < 0.5 * without


def loss_at_the_end(network: Network, ids: Tensor) -> tuple[Tensor, Trace]:
    traces: list[Trace] = []
    logits, _ = network(ids, network.initial_state(ids.size(1)), traces)
    return cross_entropy(logits[-1], ids[0]), traces[0]
