"""The steps of a cell on a CPU, forwards and backwards: compiled by numba, or as torch operations.

Both kernels compute the equations of `Cell.step` and the derivatives of `charnn.model.gradients`.
numba computes a step of all units in one loop, in less time than a dozen torch operations take
(`benchmarks/kernels.md`).

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units, S parts of
the hidden state, P peepholes.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor

from charnn.model.cells import Cell
from charnn.model.gradients import GRADIENTS


class Segment(NamedTuple):
    """The memory of a segment, in the arrays that a kernel reads and writes.

    Attributes:
        gates_x_TBG: W_x x + b_x of every step. If the cell only adds gates_x and gates_h
            (`Cell.adds_gates`), their sum, from the present step back.
        gates_h_BG: U h + b_h of the present step; not used by a cell that only adds.
        states_STBH: the hidden state before the first step and after every step: T + 1 of them.
        peepholes_PH: the peepholes of the cell.
    """

    gates_x_TBG: Any
    gates_h_BG: Any
    states_STBH: Any
    peepholes_PH: Any


class SegmentGradients(NamedTuple):
    """The gradients of the loss by the arrays of a `Segment`.

    Attributes:
        d_gates_x_BG: the gradient by gates_x of the present step; not used by a cell that only
            adds, because it is the gradient by gates_h.
        d_gates_h_BG: the gradient by gates_h of the present step.
        d_states_STBH: the gradients by the hidden states.
        d_peepholes_PH: the sum of the gradients by the peepholes over the steps so far.
    """

    d_gates_x_BG: Any
    d_gates_h_BG: Any
    d_states_STBH: Any
    d_peepholes_PH: Any


class Kernel(ABC):
    """The steps of a cell, forwards and backwards.

    Args:
        cell: the equations.
    """

    def __init__(self, cell: type[Cell]) -> None:
        self.cell = cell

    def array(self, tensor: Tensor) -> Any:
        """Return an array of this kernel that shares the memory of a tensor."""
        return tensor

    @abstractmethod
    def forward(self, step: int, segment: Segment) -> None:
        """Write the hidden state after a step, counted from 0."""

    @abstractmethod
    def backward(self, step: int, segment: Segment, gradients: SegmentGradients) -> None:
        """Write the gradients by the gates, and add those by the hidden state before the step and
        by the peepholes, given the gradient by the hidden state after the step."""


class TensorKernel(Kernel):
    """A kernel of torch operations, for every dtype and without numba."""

    def forward(self, step: int, segment: Segment) -> None:
        """See `Kernel`."""
        _, after = self.cell.step(*self._values(step, segment))
        for part, value in zip(segment.states_STBH[:, step + 1], after, strict=True):
            part.copy_(value)

    def backward(self, step: int, segment: Segment, gradients: SegmentGradients) -> None:
        """See `Kernel`."""
        d_after = gradients.d_states_STBH[:, step + 1]
        d_gates_x, d_gates_h, d_before, d_peepholes = GRADIENTS[self.cell](
            *self._values(step, segment), d_after
        )
        if not self.cell.adds_gates:
            torch.cat(d_gates_x, dim=-1, out=gradients.d_gates_x_BG)
        torch.cat(d_gates_h, dim=-1, out=gradients.d_gates_h_BG)
        for part, value in zip(gradients.d_states_STBH[:, step], d_before, strict=True):
            part.add_(value)
        for vector, value in zip(gradients.d_peepholes_PH, d_peepholes, strict=True):
            vector.add_(value.sum(0))

    def _values(self, step: int, segment: Segment) -> tuple[Sequence[Any], ...]:
        """Return the arguments of `Cell.step`."""
        gates = len(self.cell.gates)
        adds = self.cell.adds_gates
        return (
            segment.gates_x_TBG[step].chunk(gates, dim=-1),
            (0.0,) * gates if adds else segment.gates_h_BG.chunk(gates, dim=-1),
            segment.states_STBH[:, step],
            segment.peepholes_PH,
        )
