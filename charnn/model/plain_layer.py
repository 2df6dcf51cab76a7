"""A recurrent layer by the plain equations of its cell and autograd, on any device.

This is the reference that `charnn.model.fused_layer` is tested against. It runs where no faster
layer exists, and where the hidden state after every step is needed.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units.
"""

from typing import NamedTuple

import torch
from torch import Tensor
from torch.nn.functional import linear

from charnn.model.cells import Cell

# The vectors of `Cell.state`, [B, H] each.
HiddenState = tuple[Tensor, ...]


def detached(state: HiddenState) -> HiddenState:
    """Return the hidden state in float32, cut from the autograd graph.

    Autocast may return bf16. A checkpoint stores float32, so a resumed run continues from float32,
    and an uninterrupted run must round at the same places.
    """
    return tuple(part.detach().float() for part in state)


class Trace(NamedTuple):
    """The inputs of a layer and its hidden states over a segment.

    Attributes:
        cell: the equations.
        gates_x_TBG: W_x x + b_x for every step.
        weight_hh: [G, H], U in the equations.
        bias_hh: [G].
        peepholes: the peepholes of the cell, [H] each.
        states: the hidden state before the first step and after every step. The loss depends on a
            step only through these tensors, so autograd can return the gradient of the loss with
            respect to each tensor.
        computed: the hidden state after every step, as the cell computed it: the gradient with
            respect to c then contains what flows through h of the same step. Empty where autograd
            records nothing.
    """

    cell: type[Cell]
    gates_x_TBG: Tensor
    weight_hh: Tensor
    bias_hh: Tensor
    peepholes: tuple[Tensor, ...]
    states: list[HiddenState]
    computed: tuple[HiddenState, ...] = ()

    @property
    def outputs(self) -> Tensor:
        """Return the outputs of the layer, [T, B, H]."""
        return torch.stack([state[0] for state in self.states[1:]])

    def stacked_states(self, begin: int, end: int | None = None) -> HiddenState:
        """Return the parts [T, B, H] of the states from `begin` to `end`; state 0 is the first."""
        parts = zip(*self.states[begin:end], strict=True)
        return tuple(torch.stack(part) for part in parts)


def run_traced(
    cell: type[Cell],
    gates_x_TBG: Tensor,
    state: HiddenState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    peepholes: tuple[Tensor, ...] = (),
) -> Trace:
    """Run a layer over a segment from `state` on, and return every hidden state.

    The arguments are described in `Trace`.
    """
    gates, dtype = len(cell.gates), state[0].dtype
    states, computed = [state], []
    for gates_x_BG in gates_x_TBG.to(dtype).unbind(0):
        gates_h_BG = linear(states[-1][0], weight_hh, bias_hh).to(dtype)
        split_x, split_h = gates_x_BG.chunk(gates, -1), gates_h_BG.chunk(gates, -1)
        _, after = cell.step(split_x, split_h, states[-1], peepholes)
        # Within a step, h depends on c. A view makes each part a node of its own, so that the
        # gradient of c does not contain what flows through h of the same step.
        states.append(tuple(part.view_as(part) for part in after))
        computed.append(after)
    return Trace(cell, gates_x_TBG, weight_hh, bias_hh, peepholes, states, tuple(computed))


def gate_values(trace: Trace) -> tuple[Tensor, ...]:
    """Return the values of the gates at every step, [T, B, H] in the order of `Cell.gates`."""
    before = trace.stacked_states(0, -1)
    gates = len(trace.cell.gates)
    gates_x = trace.gates_x_TBG.to(before[0].dtype).chunk(gates, -1)
    gates_h = linear(before[0], trace.weight_hh, trace.bias_hh).chunk(gates, -1)
    values, _ = trace.cell.step(gates_x, gates_h, before, trace.peepholes)
    return values


def run_plainly(
    cell: type[Cell],
    gates_x_TBG: Tensor,
    state: HiddenState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    peepholes: tuple[Tensor, ...] = (),
) -> tuple[Tensor, HiddenState]:
    """Return the outputs [T, B, H] of a layer and its hidden state after the segment.

    The arguments are described in `Trace`.
    """
    trace = run_traced(cell, gates_x_TBG, state, weight_hh, bias_hh, peepholes)
    return trace.outputs, trace.states[-1]
