"""A recurrent layer over a whole window, forward and back.

On a CPU the time goes into the products with the recurrent weights, one a step, and into a dozen
small operations around each. So the weights are laid out once a window, nothing is recorded for
autograd, whatever need not be done step by step is done for the window at once (the derivatives of
the gates, the gradient of the weights), and the chain rule through the steps is written out here,
once for all cells. Under autocast the products are in bf16; gates and state stay in float32.

Shapes as in `charnn.model.cells`.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable
from torch.nn.functional import linear

from charnn.model.cells import Cell, Derivatives, Gates, State
from charnn.model.products import product_with

# Steps whose derivatives are computed at once.
AT_ONCE = 16


def run_window(
    cell: Cell, x_TBG: Tensor, state: State, weight_hh: Tensor, bias_hh: Tensor
) -> tuple[Tensor, State]:
    """Run a layer on a CPU, from the state before a window to its outputs and the state after it.

    Args:
        cell: the equations.
        x_TBG: W_ih x + b_ih for every step; it may be overwritten.
        state: [B, H] each.
        weight_hh: [G, H].
        bias_hh: [G].

    Returns:
        The outputs [T, B, H], in bf16 under autocast, and the state, which never is.
    """
    bf16 = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if bf16 else weight_hh.dtype
    if torch.is_grad_enabled():
        outputs, *after = _Window.apply(cell, dtype, x_TBG, weight_hh, bias_hh, *state)  # type: ignore[no-untyped-call]
    else:
        memory = _Memory(cell, dtype, x_TBG, state, for_backward=False)
        memory.advance(weight_hh, bias_hh)
        outputs, after = memory.outputs[1:], memory.after()
    return outputs, tuple(after)


def run_plainly(
    cell: Cell, x_TBG: Tensor, state: State, weight_hh: Tensor, bias_hh: Tensor
) -> tuple[Tensor, State]:
    """The same by the plain equations and autograd, on any device: the reference."""
    outputs = []
    for x_BG in x_TBG.unbind(0):
        state = cell.step(x_BG, linear(state[0], weight_hh, bias_hh), state)
        outputs.append(state[0])
    return torch.stack(outputs), state


class _Memory:
    """The tensors of a window: `states`, [T + 1, B, H] each, from the one before the first step on;
    `outputs`, the same as the first of them, in the dtype of the products; and what is kept."""

    def __init__(
        self, cell: Cell, dtype: torch.dtype, x_TBG: Tensor, state: State, *, for_backward: bool
    ) -> None:
        self.cell, self.dtype = cell, dtype
        steps, rows, _ = x_TBG.shape
        units = state[0].size(-1)
        self.states = [part.new_empty(steps + 1, rows, units) for part in state]
        self.rounded = dtype != state[0].dtype
        self.outputs = self.states[0]
        if self.rounded:
            self.outputs = torch.empty_like(self.outputs, dtype=dtype)
            self.outputs[0] = state[0]
        for memory, part in zip(self.states, state, strict=True):
            memory[0] = part
        gates = x_TBG.to(state[0].dtype)
        # Without a way back, all steps share one spare block.
        spare = state[0].new_empty(steps if for_backward else 1, rows, units)
        self.gates = Gates(
            gates, torch.split(gates, units, dim=-1), spare.expand(steps, rows, units)
        )

    def advance(self, weight_hh: Tensor, bias_hh: Tensor) -> None:
        """All steps, from the first state on."""
        rows = self.outputs.size(1)
        product = product_with(weight_hh.to(self.dtype), rows, bias_hh.to(self.dtype))
        states = list(zip(*(part.unbind(0) for part in self.states), strict=True))
        outputs = self.outputs.unbind(0)
        blocks = zip(*(block.unbind(0) for block in self.gates.blocks), strict=True)
        gates = map(Gates, self.gates.all.unbind(0), blocks, self.gates.spare.unbind(0))
        y_BG = torch.empty_like(self.gates.all[0])
        for time, gates_now in enumerate(gates):
            y_BG.copy_(product(outputs[time]))
            self.cell.advance(gates_now, y_BG, states[time], states[time + 1])
            if self.rounded:
                outputs[time + 1].copy_(states[time + 1][0])

    def after(self) -> list[Tensor]:
        """The state after the last step: copies, which keep nothing else in memory."""
        return [part[-1].clone() for part in self.states]


class _Window(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        cell: Cell,
        dtype: torch.dtype,
        x_TBG: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor,
        *state: Tensor,
    ) -> tuple[Tensor, ...]:
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(weight_hh)
        ctx.memory = memory = _Memory(cell, dtype, x_TBG, state, for_backward=True)
        memory.advance(weight_hh, bias_hh)
        return memory.outputs[1:], *memory.after()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_outputs: Tensor | None, *d_after: Tensor | None) -> Any:
        memory: _Memory = ctx.memory
        (weight_hh,) = ctx.saved_tensors
        back = _Back(memory, weight_hh, d_outputs, d_after)
        back.retrace()
        _, _, for_x, for_weight, for_bias, *for_state = ctx.needs_input_grad
        return (
            None,
            None,
            back.d_x() if for_x else None,
            back.d_weight() if for_weight else None,
            back.d_y.sum((0, 1)) if for_bias else None,
            *(back.d_state() if any(for_state) else [None] * len(for_state)),
        )


class _Back:
    """The chain rule through the steps of a window, from the last to the first.

    d_a is the derivative of the loss by a: d_h by the outputs, d_y and d_x by what the state and
    the input add to the gates. What passes a step by without going through y, the gradient of c, or
    that of h where a cell carries h over, is in d_carried.
    """

    def __init__(
        self,
        memory: _Memory,
        weight_hh: Tensor,
        d_outputs: Tensor | None,
        d_after: tuple[Tensor | None, ...],
    ) -> None:
        self.memory = memory
        self.d_h = torch.zeros_like(memory.states[0][1:])
        for target, gradient in ((self.d_h, d_outputs), (self.d_h[-1], d_after[0])):
            if gradient is not None:
                target.add_(gradient)
        self.d_carried = torch.zeros_like(self.d_h[0])
        if memory.cell.has_memory and d_after[1] is not None:
            self.d_carried.copy_(d_after[1])
        self.d_y = torch.empty_like(memory.gates.all, dtype=memory.dtype)
        self.d_last_x: list[Tensor] = []
        self.product = product_with(weight_hh.to(memory.dtype).t(), self.d_carried.size(0))

    def retrace(self) -> None:
        """All steps, from the last one on: so few at once that their derivatives stay in cache."""
        memory = self.memory
        begins = range(0, len(self.d_h), AT_ONCE)
        for part in (slice(begin, begin + AT_ONCE) for begin in reversed(begins)):
            gates = Gates(
                memory.gates.all[part],
                tuple(block[part] for block in memory.gates.blocks),
                memory.gates.spare[part],
            )
            before = tuple(state[:-1][part] for state in memory.states)
            after = tuple(state[1:][part] for state in memory.states)
            local = memory.cell.derivatives(gates, before, after)
            self._retrace(part, local)
            if local.last_x is not None:
                self.d_last_x.insert(0, self.d_h[part] * local.last_x)

    def _retrace(self, part: slice, local: Derivatives) -> None:
        has_memory, d_carried = self.memory.cell.has_memory, self.d_carried
        rows, units = d_carried.shape
        by_y = local.by_y.view(-1, rows, local.by_y.size(2) // units, units)
        on_c, on_h = by_y[:, :, :-1].unbind(0), by_y[:, :, -1 if has_memory else 0 :].unbind(0)
        carry, by_c = (
            None if factor is None else factor.unbind(0) for factor in (local.carry, local.by_c)
        )
        d_y_now = torch.empty_like(local.by_y[0])
        d_y_by_block = d_y_now.view(rows, -1, units)
        d_y_on_c, d_y_on_h = d_y_by_block[:, :-1], d_y_by_block[:, -1 if has_memory else 0 :]
        d_c_by_block = d_carried.unsqueeze(1)
        d_h_by_block = self.d_h[part].unsqueeze(2).unbind(0)
        d_y = self.d_y[part.start :][: AT_ONCE + 1].unbind(0)
        for time, d_h in reversed(list(enumerate(self.d_h[part].unbind(0)))):
            if time + 1 < len(d_y):
                d_h.add_(self.product(d_y[time + 1]))
            if by_c:
                d_carried.addcmul_(d_h, by_c[time])
                torch.mul(d_c_by_block, on_c[time], out=d_y_on_c)
                if carry:
                    d_carried.mul_(carry[time])
            elif carry:
                d_h.add_(d_carried)
                torch.mul(d_h, carry[time], out=d_carried)
            torch.mul(d_h_by_block[time], on_h[time], out=d_y_on_h)
            d_y[time].copy_(d_y_now)

    def d_x(self) -> Tensor:
        """By the input part of the gates, [T, B, G]."""
        if not self.d_last_x:
            return self.d_y
        d_last_x = torch.cat(self.d_last_x).to(self.d_y.dtype)
        return torch.cat([self.d_y[..., : -d_last_x.size(-1)], d_last_x], dim=-1)

    def d_weight(self) -> Tensor:
        """By the recurrent weights, [G, H], in one product."""
        return self.d_y.flatten(0, 1).t() @ self.memory.outputs[:-1].flatten(0, 1)

    def d_state(self) -> list[Tensor]:
        """By the state before the window, [B, H] each."""
        d_h = self.product(self.d_y[0]).to(self.d_h.dtype)
        if self.memory.cell.has_memory:
            return [d_h, self.d_carried]
        return [d_h + self.d_carried]
