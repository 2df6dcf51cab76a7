"""The backward pass of a fused layer: the chain rule through its steps, once for all cells.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units. A
derivative or gradient "by" a tensor is the one with respect to the tensor.
"""

from typing import NamedTuple

import torch
from torch import Tensor

from charnn.model.fused_forward import ForwardPass
from charnn.model.kernels import Derivatives
from charnn.model.packed_linear import packed_linear

# Steps whose derivatives are computed at once. With 16 rows and 512 units a block is 0.5 MB, so the
# blocks of one chunk stay in the cache; with 2 to 8 steps the calls cost more than the cache saves:
# a GRU with autograd kernels takes 1.27 times the kernel by hand with 16 steps, 1.36 with 8, 1.54
# with 2 (benchmarks/kernels.md).
CHUNK_STEPS = 16


class _StepFactors(NamedTuple):
    """The factors that carry the gradient from one vector of the hidden state (h or c) to gates_h.

    Attributes:
        d_part: for each step, the gradient of the loss by the vector after the step, [B, 1, H].
        factors: for each step, the derivatives of the vector by the k gates that it depends on,
            [B, k, H].
        target: the buffer, used again at every step, for the gradient by these k gates, [B, k, H].
        accumulate: whether to add to `target`, because an earlier vector has written to it.
    """

    d_part: tuple[Tensor, ...]
    factors: tuple[Tensor, ...]
    target: Tensor
    accumulate: bool


class BackwardPass:
    """Backpropagation through the steps of a segment, from the last to the first.

    The name `d_a` stands for the gradient of the loss with respect to `a`.

    Attributes:
        d_states: the gradient by each part of the hidden state, before the first step and after
            every step, [T + 1, B, H].
        d_gates_h: the gradient by gates_h, [T, B, G].
        d_gates_x: the gradient by gates_x, [T, B, G]; the same tensor as `d_gates_h` if the cell
            only adds gates_x and gates_h.
        d_peepholes: the gradient by each peephole vector, [H].
    """

    def __init__(
        self,
        forward: ForwardPass,
        weight_hh: Tensor,
        d_outputs: Tensor | None,
        d_after: tuple[Tensor | None, ...],
    ) -> None:
        self.forward = forward
        self.d_states = [torch.zeros_like(part) for part in forward.states]
        if d_outputs is not None:
            self.d_states[0][1:].add_(d_outputs)
        for d_part, gradient in zip(self.d_states, d_after, strict=True):
            if gradient is not None:
                d_part[-1].add_(gradient)
        # In the dtype of the products that read it: the recurrent one and that of `d_weight`.
        self.d_gates_h = torch.empty_like(forward.gates.x, dtype=forward.dtype)
        self.d_gates_x = self.d_gates_h
        self.d_peepholes = [torch.zeros_like(vector) for vector in forward.peepholes]
        self.transposed = packed_linear(weight_hh.to(forward.dtype).t(), forward.outputs.size(1))

    def run(self) -> None:
        """Compute all gradients, chunk by chunk, from the last chunk to the first."""
        forward = self.forward
        starts = range(0, len(self.d_gates_h), CHUNK_STEPS)
        for chunk in (slice(start, start + CHUNK_STEPS) for start in reversed(starts)):
            before = tuple(states[:-1][chunk] for states in forward.states)
            after = tuple(states[1:][chunk] for states in forward.states)
            gates = forward.chunk_of_gates(chunk)
            derivatives = forward.kernel.derivatives(gates, before, after, forward.peepholes)
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
        """Split a chunk's derivatives by gates_h into steps; each step writes to `d_gates_BG`."""
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
        """Fill d_gates_x for a chunk, unless it is the same tensor as d_gates_h."""
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
        """Add the contribution of a chunk's steps to the gradients by the peepholes."""
        # strict=False: kernels of cells without peepholes leave the list empty.
        for d_part, factors in zip(d_after, derivatives.by_peepholes, strict=False):
            for d_vector, factor in zip(self.d_peepholes, factors, strict=True):
                if factor is not None:
                    d_vector.add_((d_part * factor).sum((0, 1)))

    def d_weight(self) -> Tensor:
        """Return the gradient by the recurrent weights, [G, H]: one product for all steps."""
        return self.d_gates_h.flatten(0, 1).t() @ self.forward.outputs[:-1].flatten(0, 1)

    def d_state(self) -> list[Tensor]:
        """Return the gradient by the hidden state before the segment, [B, H] each."""
        return [d_part[0] for d_part in self.d_states]
