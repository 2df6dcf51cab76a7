"""A recurrent layer over a whole window, forward and back.

On a CPU the time goes into the products with the recurrent weights, one a step, and into a dozen
small operations around each. So the weights are laid out once a window, nothing is recorded for
autograd, whatever need not be done step by step is done for the window at once (the derivatives of
the gates, the gradient of the weights), and the chain rule through the steps is written out here,
once for all cells. Under autocast the products are in bf16; gates and state stay in float32.

Shapes as in `charnn.model.kernels`.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from charnn.model.cells import Cell
from charnn.model.kernels import Derivatives, Gates, HiddenState, Kernel, kernel_of
from charnn.model.packed_linear import product_with

# Steps whose derivatives are computed at once.
AT_ONCE = 16


def run_segment(
    cell: type[Cell],
    x_TBG: Tensor,
    state: HiddenState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    own: HiddenState = (),
) -> tuple[Tensor, HiddenState]:
    """Run a layer on a CPU, from the state before a window to its outputs and the state after it.

    Args:
        cell: the equations.
        x_TBG: W_ih x + b_ih for every step; it may be overwritten.
        state: [B, H] each.
        weight_hh: [G, H].
        bias_hh: [G].
        own: the cell's own parameters, [H] each.

    Returns:
        The outputs [T, B, H], in bf16 under autocast, and the state, which never is.
    """
    bf16 = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if bf16 else weight_hh.dtype
    kernel = kernel_of(cell)
    if torch.is_grad_enabled():
        outputs, *after = _Segment.apply(
            kernel, dtype, len(state), x_TBG, weight_hh, bias_hh, *state, *own
        )  # type: ignore[no-untyped-call]
    else:
        memory = _Memory(kernel, dtype, x_TBG, state, own, for_backward=False)
        memory.advance(weight_hh, bias_hh)
        outputs, after = memory.outputs[1:], memory.after()
    return outputs, tuple(after)


class Trace(NamedTuple):
    """A layer's way through a window: what it was run with, and its state before the first step
    and after each, through which all that follows depends on the step."""

    cell: type[Cell]
    x_TBG: Tensor
    weight_hh: Tensor
    bias_hh: Tensor
    own: HiddenState
    states: list[HiddenState]

    @property
    def outputs(self) -> Tensor:
        """The layer's outputs, [T, B, H]."""
        return torch.stack([state[0] for state in self.states[1:]])


def run_plainly(
    cell: type[Cell],
    x_TBG: Tensor,
    state: HiddenState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    own: HiddenState = (),
) -> tuple[Tensor, HiddenState]:
    """The same by the plain equations and autograd, on any device: the reference."""
    trace = run_traced(cell, x_TBG, state, weight_hh, bias_hh, own)
    return trace.outputs, trace.states[-1]


def run_traced(
    cell: type[Cell],
    x_TBG: Tensor,
    state: HiddenState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    own: HiddenState = (),
) -> Trace:
    """The same, with each state on the way. What a state's vectors do to each other within a step
    is no part of their gradients: each is a tensor of its own."""
    gates, dtype = len(cell.gates), state[0].dtype
    states = [state]
    for x_BG in x_TBG.to(dtype).unbind(0):
        y_BG = linear(states[-1][0], weight_hh, bias_hh).to(dtype)
        after = cell.step(x_BG.chunk(gates, -1), y_BG.chunk(gates, -1), states[-1], own)
        states.append(tuple(part.view_as(part) for part in after))
    return Trace(cell, x_TBG, weight_hh, bias_hh, own, states)


class _Memory:
    """The tensors of a window: `states`, [T + 1, B, H] each, from the one before the first step on;
    `outputs`, the same as the first of them, in the dtype of the products; and what is kept."""

    def __init__(
        self,
        kernel: Kernel,
        dtype: torch.dtype,
        x_TBG: Tensor,
        state: HiddenState,
        own: HiddenState,
        *,
        for_backward: bool,
    ) -> None:
        self.kernel, self.dtype, self.own = kernel, dtype, own
        steps, rows, rows_of_gates = x_TBG.shape
        units = state[0].size(-1)
        self.states = [part.new_empty(steps + 1, rows, units) for part in state]
        self.rounded = dtype != state[0].dtype
        self.outputs = self.states[0]
        if self.rounded:
            self.outputs = torch.empty_like(self.outputs, dtype=dtype)
            self.outputs[0] = state[0]
        for memory, part in zip(self.states, state, strict=True):
            memory[0] = part
        x = x_TBG.to(state[0].dtype)

        def kept(wanted: bool, width: int) -> Tensor:
            """[T, B, width]; all steps share the memory of one unless it is wanted afterwards."""
            memory = state[0].new_empty(steps if wanted else 1, rows, width)
            return memory.expand(steps, rows, width)

        y = kept(for_backward and kernel.keeps_y, rows_of_gates)
        self.gates = Gates(
            x,
            torch.split(x, units, dim=-1),
            y,
            torch.split(y, units, dim=-1),
            kept(for_backward, units),
        )

    def part(self, steps: slice) -> Gates:
        """The gates of some steps."""
        x, x_blocks, y, y_blocks, spare = self.gates
        return Gates(
            x[steps],
            tuple(block[steps] for block in x_blocks),
            y[steps],
            tuple(block[steps] for block in y_blocks),
            spare[steps],
        )

    def advance(self, weight_hh: Tensor, bias_hh: Tensor) -> None:
        """All steps, from the first state on."""
        rows = self.outputs.size(1)
        product = product_with(weight_hh.to(self.dtype), rows, bias_hh.to(self.dtype))
        states = list(zip(*(part.unbind(0) for part in self.states), strict=True))
        outputs = self.outputs.unbind(0)
        x, x_blocks, y, y_blocks, spare = self.gates
        gates = map(
            Gates,
            x.unbind(0),
            zip(*(block.unbind(0) for block in x_blocks), strict=True),
            y.unbind(0),
            zip(*(block.unbind(0) for block in y_blocks), strict=True),
            spare.unbind(0),
        )
        for time, gates_now in enumerate(gates):
            gates_now.y.copy_(product(outputs[time]))
            self.kernel.advance(gates_now, states[time], states[time + 1], self.own)
            if self.rounded:
                outputs[time + 1].copy_(states[time + 1][0])

    def after(self) -> list[Tensor]:
        """The state after the last step: copies, which keep nothing else in memory."""
        return [part[-1].clone() for part in self.states]


class _Segment(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        kernel: Kernel,
        dtype: torch.dtype,
        vectors: int,
        x_TBG: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor,
        *state_and_own: Tensor,
    ) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(weight_hh)
        state, own = state_and_own[:vectors], state_and_own[vectors:]
        ctx.memory = memory = _Memory(kernel, dtype, x_TBG, state, own, for_backward=True)
        memory.advance(weight_hh, bias_hh)
        return memory.outputs[1:], *memory.after()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_outputs: Tensor | None, *d_after: Tensor | None) -> Any:
        memory: _Memory = ctx.memory
        (weight_hh,) = ctx.saved_tensors
        _, _, _, for_x, for_weight, for_bias, *for_rest = ctx.needs_input_grad
        back = _Back(memory, weight_hh, d_outputs, d_after)
        back.retrace()
        return (
            None,
            None,
            None,
            back.d_x if for_x else None,
            back.d_weight() if for_weight else None,
            back.d_y.sum((0, 1)) if for_bias else None,
            *((*back.d_state(), *back.d_own) if any(for_rest) else [None] * len(for_rest)),
        )


class _Back:
    """The chain rule through the steps of a window, from the last to the first.

    d_a is the derivative of the loss by a: `d_states` by the state before each step and after the
    last one, [T + 1, B, H] a vector, d_y and d_x by what the state and the input add to the gates,
    d_own by the cell's own parameters.
    """

    def __init__(
        self,
        memory: _Memory,
        weight_hh: Tensor,
        d_outputs: Tensor | None,
        d_after: tuple[Tensor | None, ...],
    ) -> None:
        self.memory = memory
        self.d_states = [torch.zeros_like(part) for part in memory.states]
        if d_outputs is not None:
            self.d_states[0][1:].add_(d_outputs)
        for d_part, gradient in zip(self.d_states, d_after, strict=True):
            if gradient is not None:
                d_part[-1].add_(gradient)
        self.d_y = torch.empty_like(memory.gates.x, dtype=memory.dtype)
        self.d_x = self.d_y
        self.d_own = [torch.zeros_like(part) for part in memory.own]
        self.product = product_with(weight_hh.to(memory.dtype).t(), memory.outputs.size(1))

    def retrace(self) -> None:
        """All steps, from the last one on: so few at once that their derivatives stay in cache."""
        memory = self.memory
        begins = range(0, len(self.d_y), AT_ONCE)
        for part in (slice(begin, begin + AT_ONCE) for begin in reversed(begins)):
            before = tuple(state[:-1][part] for state in memory.states)
            after = tuple(state[1:][part] for state in memory.states)
            local = memory.kernel.derivatives(memory.part(part), before, after, memory.own)
            self._retrace(part, local)
            d_after = [d_state[1:][part] for d_state in self.d_states]
            self._add_x(part, d_after, local)
            self._add_own(d_after, local)

    def _retrace(self, part: slice, local: Derivatives) -> None:
        d_y = self.d_y[part].unbind(0)
        rows, width = d_y[0].shape
        units = self.d_states[0].size(-1)
        d_states = [d_part[part.start :].unbind(0) for d_part in self.d_states]
        d_y_now = torch.zeros_like(d_y[0], dtype=self.d_states[0].dtype)
        d_y_by_block = d_y_now.view(rows, width // units, units)
        on_y = []
        written = 0
        for vector, first, factor in local.by_y:
            count = factor.size(-1) // units
            factors = factor.view(-1, rows, count, units).unbind(0)
            target = d_y_by_block[:, first : first + count]
            d_by_block = self.d_states[vector][part.start + 1 :].unsqueeze(2).unbind(0)
            taken = (1 << first + count) - (1 << first)
            on_y.append((d_by_block, factors, target, bool(written & taken)))
            written |= taken
        on_state = [
            (d_states[before], d_states[after], factor.unbind(0))
            for after, factors in enumerate(local.by_state)
            for before, factor in enumerate(factors)
            if factor is not None
        ]
        by_c = None if local.by_c is None else local.by_c.unbind(0)
        for time in reversed(range(len(d_y))):
            if by_c:
                d_states[1][time + 1].addcmul_(d_states[0][time + 1], by_c[time])
            for d_by_block, factors, target, is_more in on_y:
                if is_more:
                    target.addcmul_(d_by_block[time], factors[time])
                else:
                    torch.mul(d_by_block[time], factors[time], out=target)
            d_y[time].copy_(d_y_now)
            for d_before, d_after, factors in on_state:
                d_before[time].addcmul_(d_after[time + 1], factors[time])
            d_states[0][time].add_(self.product(d_y[time]))

    def _add_x(self, part: slice, d_after: list[Tensor], local: Derivatives) -> None:
        """By the input part of the gates, where it acts otherwise than the state's part."""
        gates = {gate for factors in local.by_x for gate in factors}
        if not gates:
            return
        if self.d_x is self.d_y:
            self.d_x = torch.empty_like(self.d_y)
        self.d_x[part] = self.d_y[part]
        blocks = torch.split(self.d_x[part], d_after[0].size(-1), dim=-1)
        for gate in gates:
            blocks[gate].zero_()
            for d_part, factors in zip(d_after, local.by_x, strict=True):
                if gate in factors:
                    blocks[gate].add_(d_part * factors[gate])

    def _add_own(self, d_after: list[Tensor], local: Derivatives) -> None:
        """By the cell's own parameters."""
        for d_part, factors in zip(d_after, local.by_own, strict=False):
            for d_own, factor in zip(self.d_own, factors, strict=True):
                if factor is not None:
                    d_own.add_((d_part * factor).sum((0, 1)))

    def d_weight(self) -> Tensor:
        """By the recurrent weights, [G, H], in one product."""
        return self.d_y.flatten(0, 1).t() @ self.memory.outputs[:-1].flatten(0, 1)

    def d_state(self) -> list[Tensor]:
        """By the state before the window, [B, H] each."""
        return [d_part[0] for d_part in self.d_states]
