"""The steps of a cell on a CPU, and their derivatives for many steps at once.

`AutogradKernel` computes steps and derivatives from the equations of any cell (`Cell.step`).
`charnn.model.kernels_by_hand` has faster ones.

A step computes each unit separately from the others, so its Jacobian is diagonal: the derivative of
a part of the hidden state with respect to ("by") a gate is one number for each unit, [T, B, H] for
a segment.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from charnn.model.cells import Cell
from charnn.model.plain_layer import HiddenState


class Gates(NamedTuple):
    """Memory for the gates of one step, [B, ...], or of a segment, [T, B, ...].

    Attributes:
        x: [B, G]. W_x x + b_x before the step; a kernel may overwrite it with what it needs to
            compute derivatives.
        x_blocks: the same memory, split by gate: [B, H] each.
        h: [B, G]. U h + b_h; it is kept after the step if `Kernel.keeps_gates_h`.
        h_blocks: the same memory, split by gate.
        extra: [B, H], further memory for the kernel, kept after the step.
    """

    x: Tensor
    x_blocks: tuple[Tensor, ...]
    h: Tensor
    h_blocks: tuple[Tensor, ...]
    extra: Tensor


class GateDerivative(NamedTuple):
    """The derivative of one part of the next hidden state by some neighbouring blocks of gates_h.

    Attributes:
        part: index in `Cell.state`.
        first_gate: the first of the k gates.
        factor: [T, B, k * H].
    """

    part: int
    first_gate: int
    factor: Tensor


class Derivatives(NamedTuple):
    """The derivatives of the steps of a segment, [T, B, H] for each block. None means 0.

    Attributes:
        by_gates_h: the derivatives by gates_h. If two entries share a gate, the earlier entry has
            all gates of the later entry.
        by_state: by_state[i][j] is the derivative of part i after the step by part j before it,
            apart from what passes through gates_h.
        h_by_c: the derivative of h after the step by c after the step. If it is given, the other
            derivatives of h leave out what passes through c.
        by_gates_x: by_gates_x[i][gate] is the derivative of part i by a block of gates_x, for the
            gates where it differs from the derivative by gates_h.
        by_peepholes: by_peepholes[i][j] is the derivative of part i by peephole j.
    """

    by_gates_h: Sequence[GateDerivative]
    by_state: Sequence[Sequence[Tensor | None]]
    h_by_c: Tensor | None = None
    by_gates_x: Sequence[dict[int, Tensor]] = ()
    by_peepholes: Sequence[Sequence[Tensor | None]] = ()


class Kernel(ABC):
    """The steps and the derivatives of a cell.

    Attributes:
        keeps_gates_h: whether `derivatives` reads `Gates.h`.
    """

    keeps_gates_h = False

    @abstractmethod
    def step(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> None:
        """Write the hidden state after one step into the tensors of `after`."""

    @abstractmethod
    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> Derivatives:
        """Return the derivatives of all steps whose `gates` are given."""


class AutogradKernel(Kernel):
    """The kernel of any cell: its `step`, and autograd for the derivatives."""

    keeps_gates_h = True

    def __init__(self, cell: type[Cell]) -> None:
        self.cell = cell

    def step(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> None:
        """See `Kernel`."""
        values = self.cell.step(gates.x_blocks, gates.h_blocks, before, peepholes)
        for part, value in zip(after, values, strict=True):
            part.copy_(value)

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> Derivatives:
        """See `Kernel`."""
        broadcast = (vector.expand_as(gates.extra) for vector in peepholes)
        with torch.enable_grad():
            x, h, state, vectors = (
                [tensor.detach().requires_grad_() for tensor in tensors]
                for tensors in (gates.x_blocks, gates.h_blocks, before, broadcast)
            )
            parts = self.cell.step(x, h, state, vectors)
        inputs = (*h, *x, *state, *vectors)
        # The gradient of a sum over the units is the diagonal of the Jacobian. The expanded 1 takes
        # the memory of a single number.
        ones = torch.ones_like(gates.extra[:1, :1, :1]).expand_as(gates.extra)
        by_gates_h, by_gates_x, by_state, by_peepholes = [], [], [], []
        for index, part in enumerate(parts):
            gradients = iter(
                torch.autograd.grad(part, inputs, ones, retain_graph=True, allow_unused=True)
            )
            by_h, by_x, by_before, by_vectors = (
                [next(gradients) for _ in tensors] for tensors in (h, x, state, vectors)
            )
            by_gates_h += _joined(index, by_h)
            by_gates_x.append(_where_different(by_x, by_h))
            by_state.append(by_before)
            by_peepholes.append(by_vectors)
        return Derivatives(by_gates_h, by_state, by_gates_x=by_gates_x, by_peepholes=by_peepholes)


def _joined(part: int, by_gate: Sequence[Tensor | None]) -> list[GateDerivative]:
    """Join a part's derivatives, from its first gate to its last; the part h gets all gates."""
    present = {gate: block for gate, block in enumerate(by_gate) if block is not None}
    if not present:
        return []
    first, last = (0, len(by_gate) - 1) if part == 0 else (min(present), max(present))
    zeros = torch.zeros_like(present[min(present)])
    blocks = [present.get(gate, zeros) for gate in range(first, last + 1)]
    return [GateDerivative(part, first, torch.cat(blocks, dim=-1))]


def _where_different(
    by_x: Sequence[Tensor | None], by_h: Sequence[Tensor | None]
) -> dict[int, Tensor]:
    """Return the derivatives by gates_x that are not the same tensors as those by gates_h.

    Where a cell adds x and h, autograd returns one tensor for both.
    """
    return {
        gate: of_x
        for gate, (of_x, of_h) in enumerate(zip(by_x, by_h, strict=True))
        if of_x is not None and (of_h is None or of_x.data_ptr() != of_h.data_ptr())
    }
