"""A recurrent layer over a whole segment on a CPU, forward and backward, faster than autograd.

Most of the time goes into one product with the recurrent weights for every step, and into a dozen
small operations around it. So the weights are packed once for a segment, autograd records nothing,
the derivatives of the gates and the gradient of the weights are computed for many steps at once,
and the chain rule through the steps is written out here, once for all cells. A training step of a
GRU takes half the time of the plain layer, of the cells without a kernel by hand two thirds
(`benchmarks/kernels.md`).

Under autocast the products are in bf16, the gates and the hidden state in float32.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units.
"""

from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from charnn.model.cells import Cell
from charnn.model.kernels import Derivatives, Gates, Kernel, kernel_of
from charnn.model.packed_linear import packed_linear
from charnn.model.plain_layer import HiddenState

# Steps whose derivatives are computed at once. With 16 rows and 512 units a block is 0.5 MB, so the
# blocks of one chunk stay in the cache; with 2 to 8 steps the calls cost more than the cache saves.
CHUNK_STEPS = 16


def run_segment(
    cell: type[Cell],
    gates_x_TBG: Tensor,
    state: HiddenState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    peepholes: HiddenState = (),
) -> tuple[Tensor, HiddenState]:
    """Return the outputs of a layer and its hidden state after a segment.

    Args:
        cell: the equations.
        gates_x_TBG: W_x x + b_x for every step; may be overwritten.
        state: the hidden state before the segment, [B, H] each.
        weight_hh: [G, H].
        bias_hh: [G].
        peepholes: the peepholes of the cell, [H] each.

    Returns:
        The outputs [T, B, H], in bf16 under autocast, and the hidden state, always in the precision
        of `state`.
    """
    bf16 = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if bf16 else weight_hh.dtype
    kernel = kernel_of(cell)
    if torch.is_grad_enabled():
        outputs, *after = _Segment.apply(
            kernel, dtype, len(state), gates_x_TBG, weight_hh, bias_hh, *state, *peepholes
        )  # type: ignore[no-untyped-call]
    else:
        buffers = _Buffers(kernel, dtype, gates_x_TBG, state, peepholes, for_backward=False)
        buffers.run(weight_hh, bias_hh)
        outputs, after = buffers.outputs[1:], buffers.final_state()
    return outputs, tuple(after)


class _Buffers:
    """The tensors of a segment.

    Attributes:
        states: each part of the hidden state, before the first step and after every step,
            [T + 1, B, H].
        outputs: the first of the states, in the precision of the products.
        gates: the gates of all steps.
    """

    def __init__(
        self,
        kernel: Kernel,
        dtype: torch.dtype,
        gates_x_TBG: Tensor,
        state: HiddenState,
        peepholes: HiddenState,
        *,
        for_backward: bool,
    ) -> None:
        self.kernel, self.dtype, self.peepholes = kernel, dtype, peepholes
        steps, rows, gate_size = gates_x_TBG.shape
        hidden_size = state[0].size(-1)
        self.states = [part.new_empty(steps + 1, rows, hidden_size) for part in state]
        self.rounds_outputs = dtype != state[0].dtype
        self.outputs = self.states[0]
        if self.rounds_outputs:
            self.outputs = torch.empty_like(self.outputs, dtype=dtype)
            self.outputs[0] = state[0]
        for buffer, part in zip(self.states, state, strict=True):
            buffer[0] = part
        x = gates_x_TBG.to(state[0].dtype)

        def allocate(keep: bool, width: int) -> Tensor:
            """Return [T, B, width]. Without `keep`, all steps share the memory of one."""
            memory = state[0].new_empty(steps if keep else 1, rows, width)
            return memory.expand(steps, rows, width)

        h = allocate(for_backward and kernel.keeps_gates_h, gate_size)
        self.gates = Gates(
            x,
            torch.split(x, hidden_size, dim=-1),
            h,
            torch.split(h, hidden_size, dim=-1),
            allocate(for_backward, hidden_size),
        )

    def chunk_of_gates(self, steps: slice) -> Gates:
        """Return the gates of some steps."""
        x, x_blocks, h, h_blocks, extra = self.gates
        return Gates(
            x[steps],
            tuple(block[steps] for block in x_blocks),
            h[steps],
            tuple(block[steps] for block in h_blocks),
            extra[steps],
        )

    def run(self, weight_hh: Tensor, bias_hh: Tensor) -> None:
        """Run all steps, from the hidden state before the segment on."""
        rows = self.outputs.size(1)
        recurrent = packed_linear(weight_hh.to(self.dtype), rows, bias_hh.to(self.dtype))
        states = list(zip(*(part.unbind(0) for part in self.states), strict=True))
        outputs = self.outputs.unbind(0)
        x, x_blocks, h, h_blocks, extra = self.gates
        # unbind makes the views of all steps in one call; slicing would take a call for each.
        gates_by_step = map(
            Gates,
            x.unbind(0),
            zip(*(block.unbind(0) for block in x_blocks), strict=True),
            h.unbind(0),
            zip(*(block.unbind(0) for block in h_blocks), strict=True),
            extra.unbind(0),
        )
        for step, gates in enumerate(gates_by_step):
            gates.h.copy_(recurrent(outputs[step]))
            self.kernel.step(gates, states[step], states[step + 1], self.peepholes)
            if self.rounds_outputs:
                outputs[step + 1].copy_(states[step + 1][0])

    def final_state(self) -> list[Tensor]:
        """Return copies of the last hidden state, so that the buffers can be freed."""
        return [part[-1].clone() for part in self.states]


class _Segment(torch.autograd.Function):
    """The autograd node of a layer over a segment."""

    @staticmethod
    def forward(
        ctx: Any,
        kernel: Kernel,
        dtype: torch.dtype,
        parts: int,
        gates_x_TBG: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor,
        *state_and_peepholes: Tensor,
    ) -> tuple[Tensor, ...]:
        """Return the outputs and the parts of the hidden state after the segment."""
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(weight_hh)
        state, peepholes = state_and_peepholes[:parts], state_and_peepholes[parts:]
        ctx.buffers = buffers = _Buffers(
            kernel, dtype, gates_x_TBG, state, peepholes, for_backward=True
        )
        buffers.run(weight_hh, bias_hh)
        return buffers.outputs[1:], *buffers.final_state()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_outputs: Tensor | None, *d_after: Tensor | None) -> Any:
        """Return the gradient by each argument of `forward`; None where it is not needed."""
        buffers: _Buffers = ctx.buffers
        (weight_hh,) = ctx.saved_tensors
        _, _, _, needs_x, needs_weight, needs_bias, *needs_others = ctx.needs_input_grad
        back = _BackwardPass(buffers, weight_hh, d_outputs, d_after)
        back.run()
        return (
            None,
            None,
            None,
            back.d_gates_x if needs_x else None,
            back.d_weight() if needs_weight else None,
            back.d_gates_h.sum((0, 1)) if needs_bias else None,
            *(
                (*back.d_state(), *back.d_peepholes)
                if any(needs_others)
                else [None] * len(needs_others)
            ),
        )


class _StepFactors(NamedTuple):
    """The derivatives of a chunk by gates_h, for one part of the hidden state, split by step.

    Attributes:
        d_part: the gradient by the part after each step, [B, 1, H].
        factors: [B, k, H] for the k gates that the part depends on.
        target: the blocks of d_gates_h, [B, k, H].
        accumulate: whether another part has written to the blocks before.
    """

    d_part: tuple[Tensor, ...]
    factors: tuple[Tensor, ...]
    target: Tensor
    accumulate: bool


class _BackwardPass:
    """Backpropagation through the steps of a segment, from the last to the first.

    d_a is the gradient of the loss by a.

    Attributes:
        d_states: by each part of the hidden state, before the first step and after every step,
            [T + 1, B, H].
        d_gates_h: [T, B, G].
        d_gates_x: [T, B, G]; the same tensor where x and h are only added.
        d_peepholes: [H] each.
    """

    def __init__(
        self,
        buffers: _Buffers,
        weight_hh: Tensor,
        d_outputs: Tensor | None,
        d_after: tuple[Tensor | None, ...],
    ) -> None:
        self.buffers = buffers
        self.d_states = [torch.zeros_like(part) for part in buffers.states]
        if d_outputs is not None:
            self.d_states[0][1:].add_(d_outputs)
        for d_part, gradient in zip(self.d_states, d_after, strict=True):
            if gradient is not None:
                d_part[-1].add_(gradient)
        self.d_gates_h = torch.empty_like(buffers.gates.x, dtype=buffers.dtype)
        self.d_gates_x = self.d_gates_h
        self.d_peepholes = [torch.zeros_like(vector) for vector in buffers.peepholes]
        self.transposed = packed_linear(weight_hh.to(buffers.dtype).t(), buffers.outputs.size(1))

    def run(self) -> None:
        """Go through all steps, chunk by chunk."""
        buffers = self.buffers
        starts = range(0, len(self.d_gates_h), CHUNK_STEPS)
        for chunk in (slice(start, start + CHUNK_STEPS) for start in reversed(starts)):
            before = tuple(states[:-1][chunk] for states in buffers.states)
            after = tuple(states[1:][chunk] for states in buffers.states)
            gates = buffers.chunk_of_gates(chunk)
            derivatives = buffers.kernel.derivatives(gates, before, after, buffers.peepholes)
            self._run_steps(chunk, derivatives)
            d_after = [d_part[1:][chunk] for d_part in self.d_states]
            self._add_gates_x(chunk, d_after, derivatives)
            self._add_peepholes(d_after, derivatives)

    def _run_steps(self, chunk: slice, derivatives: Derivatives) -> None:
        """Fill d_gates_h and d_states for the steps of a chunk."""
        d_gates_h = self.d_gates_h[chunk].unbind(0)
        d_states = [d_part[chunk.start :].unbind(0) for d_part in self.d_states]
        # A step is computed in float32, and rounded to bf16 where it enters the product.
        d_gates_now = torch.zeros_like(d_gates_h[0], dtype=self.d_states[0].dtype)
        by_gates_h = self._split_by_step(chunk, derivatives, d_gates_now)
        by_state = [
            (d_states[before], d_states[after], factor.unbind(0))
            for after, factors in enumerate(derivatives.by_state)
            for before, factor in enumerate(factors)
            if factor is not None
        ]
        h_by_c = None if derivatives.h_by_c is None else derivatives.h_by_c.unbind(0)
        for step in reversed(range(len(d_gates_h))):
            if h_by_c:
                d_states[1][step + 1].addcmul_(d_states[0][step + 1], h_by_c[step])
            for d_part, factors, target, accumulate in by_gates_h:
                if accumulate:
                    target.addcmul_(d_part[step], factors[step])
                else:
                    torch.mul(d_part[step], factors[step], out=target)
            d_gates_h[step].copy_(d_gates_now)
            for d_before, d_after, factors in by_state:
                d_before[step].addcmul_(d_after[step + 1], factors[step])
            d_states[0][step].add_(self.transposed(d_gates_h[step]))

    def _split_by_step(
        self, chunk: slice, derivatives: Derivatives, d_gates_BG: Tensor
    ) -> list[_StepFactors]:
        """Split the derivatives by gates_h of a chunk; `d_gates_BG` is what a step writes to."""
        rows, gate_size = d_gates_BG.shape
        hidden_size = self.d_states[0].size(-1)
        blocks = d_gates_BG.view(rows, gate_size // hidden_size, hidden_size)
        split = []
        written: set[int] = set()
        for part, first, factor in derivatives.by_gates_h:
            count = factor.size(-1) // hidden_size
            gates = set(range(first, first + count))
            split.append(
                _StepFactors(
                    self.d_states[part][chunk.start + 1 :].unsqueeze(2).unbind(0),
                    factor.view(-1, rows, count, hidden_size).unbind(0),
                    blocks[:, first : first + count],
                    accumulate=bool(written & gates),
                )
            )
            written |= gates
        return split

    def _add_gates_x(self, chunk: slice, d_after: list[Tensor], derivatives: Derivatives) -> None:
        """Fill d_gates_x for a chunk, where it differs from d_gates_h."""
        gates = {gate for factors in derivatives.by_gates_x for gate in factors}
        if not gates:
            return
        if self.d_gates_x is self.d_gates_h:
            self.d_gates_x = torch.empty_like(self.d_gates_h)
        self.d_gates_x[chunk] = self.d_gates_h[chunk]
        blocks = torch.split(self.d_gates_x[chunk], d_after[0].size(-1), dim=-1)
        for gate in gates:
            blocks[gate].zero_()
            for d_part, factors in zip(d_after, derivatives.by_gates_x, strict=True):
                if gate in factors:
                    blocks[gate].add_(d_part * factors[gate])

    def _add_peepholes(self, d_after: list[Tensor], derivatives: Derivatives) -> None:
        """Add the gradients by the peepholes over the steps of a chunk."""
        # Kernels of cells without peepholes leave the list empty.
        for d_part, factors in zip(d_after, derivatives.by_peepholes, strict=False):
            for d_vector, factor in zip(self.d_peepholes, factors, strict=True):
                if factor is not None:
                    d_vector.add_((d_part * factor).sum((0, 1)))

    def d_weight(self) -> Tensor:
        """Return the gradient by the recurrent weights, [G, H]: one product for all steps."""
        return self.d_gates_h.flatten(0, 1).t() @ self.buffers.outputs[:-1].flatten(0, 1)

    def d_state(self) -> list[Tensor]:
        """Return the gradient by the hidden state before the segment, [B, H] each."""
        return [d_part[0] for d_part in self.d_states]
