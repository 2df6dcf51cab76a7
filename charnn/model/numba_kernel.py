"""The steps of a cell in training, compiled by numba: one loop over all units.

Compiling takes some seconds the first time on a machine (`charnn.model.numba_cache`).

Shape suffixes: see `charnn.model.kernels`.
"""

from typing import Any

import numpy as np
from numba.extending import overload, register_jitable
from torch import Tensor

from charnn.model.cells import Cell
from charnn.model.gradients import GRADIENTS
from charnn.model.kernels import Kernel, Segment, SegmentGradients
from charnn.model.numba_cache import compiled
from charnn.model.numba_cells import (
    CELL_OF_TYPE,
    TYPE_OF_CELL,
    block,
    state_vector,
    tuple_of,
    unit,
)

_ZERO = np.float32(0)


class NumbaKernel(Kernel):
    """A kernel that numba compiles, for float32.

    Raises:
        Exception: numba is missing or fails.
    """

    def __init__(self, cell: type[Cell]) -> None:
        super().__init__(cell)
        self._peepholes = TYPE_OF_CELL[cell]
        self._compile()

    def array(self, tensor: Tensor) -> Any:
        """See `Kernel`."""
        return tensor.detach().numpy()

    def forward(self, step: int, segment: Segment) -> None:
        """See `Kernel`."""
        _forward(self._peepholes(segment.peepholes_PH), step, segment)

    def backward(self, step: int, segment: Segment, gradients: SegmentGradients) -> None:
        """See `Kernel`."""
        _backward(self._peepholes(segment.peepholes_PH), step, segment, gradients)

    def _compile(self) -> None:
        """Run each function once, so that a failure shows before training starts."""

        def zeros(*shape: int) -> Any:
            return np.zeros(shape, np.float32)

        cell = self.cell
        gates, states = zeros(1, 1, len(cell.gates)), zeros(len(cell.state), 2, 1, 1)
        vectors = zeros(len(cell.peepholes), 1)
        segment = Segment(gates, gates[0], states, vectors)
        self.forward(0, segment)
        self.backward(0, segment, SegmentGradients(gates[0], gates[0], states, vectors))


@compiled
def _forward(peepholes: Any, step: int, segment: Any) -> None:
    """Compute a step, see `Kernel.forward`."""
    for row in range(segment.gates_x_TBG.shape[1]):
        _step_forward(peepholes, step, row, segment)


@compiled
def _backward(peepholes: Any, step: int, segment: Any, gradients: Any) -> None:
    """Compute the gradients of a step, see `Kernel.backward`."""
    for row in range(segment.gates_x_TBG.shape[1]):
        _step_backward(peepholes, step, row, segment, gradients)


def _adder(count: int) -> Any:
    """Return the function (target, values, at) that adds `count` values to a column of `target`.

    It is no loop, because numba does not compile an index into an empty tuple.
    """
    if count == 0:
        return register_jitable(lambda target, values, at: None)
    add_others, last = _adder(count - 1), count - 1

    def add(target: Any, values: Any, at: Any) -> None:
        add_others(target, values, at)
        target[last, at] += values[last]

    return register_jitable(add)


def _storer(count: int) -> Any:
    """Return the function (target, values, at) that writes `count` values to a column."""
    if count == 0:
        return register_jitable(lambda target, values, at: None)
    store_others, last = _storer(count - 1), count - 1

    def store(target: Any, values: Any, at: Any) -> None:
        store_others(target, values, at)
        target[last, at] = values[last]

    return register_jitable(store)


@register_jitable
def _zero(source: Any, number: int, at: Any) -> Any:
    return _ZERO


def _step_forward(peepholes: Any, step: int, row: int, segment: Any) -> None:
    """Compute a step of one row."""
    raise NotImplementedError


@overload(_step_forward)
def _compile_forward(peepholes: Any, step: int, row: int, segment: Any) -> Any:
    """Return the body of `_step_forward` for the cell that the type of `peepholes` stands for."""
    cell = CELL_OF_TYPE[peepholes.instance_class]
    cell_step = cell.step
    gates, parts, vectors = len(cell.gates), len(cell.state), len(cell.peepholes)
    gate_blocks, gate_values = tuple_of(block, gates), tuple_of(unit, gates)
    gate_values_h = tuple_of(_zero, gates) if cell.adds_gates else gate_values
    state_vectors, state_values = tuple_of(state_vector, parts), tuple_of(unit, parts)
    peephole_vectors, peephole_values = tuple_of(block, vectors), tuple_of(unit, vectors)

    def step_forward(peepholes: Any, step: int, row: int, segment: Any) -> None:
        units = segment.states_STBH.shape[3]
        x = gate_blocks(segment.gates_x_TBG[step, row].reshape(-1, units), 0)
        h = gate_blocks(segment.gates_h_BG[row].reshape(-1, units), 0)
        before = state_vectors(segment.states_STBH, (step, row))
        after = state_vectors(segment.states_STBH, (step + 1, row))
        vectors_P = peephole_vectors(segment.peepholes_PH, 0)
        for at in range(units):
            _, values = cell_step(
                gate_values(x, at),
                gate_values_h(h, at),
                state_values(before, at),
                peephole_values(vectors_P, at),
            )
            for part in range(parts):
                after[part][at] = values[part]

    return step_forward


def _step_backward(peepholes: Any, step: int, row: int, segment: Any, gradients: Any) -> None:
    """Compute the gradients of a step of one row."""
    raise NotImplementedError


@overload(_step_backward)
def _compile_backward(peepholes: Any, step: int, row: int, segment: Any, gradients: Any) -> Any:
    """Return the body of `_step_backward` for the cell that the type of `peepholes` stands for."""
    cell = CELL_OF_TYPE[peepholes.instance_class]
    gradients_of_step = GRADIENTS[cell]
    gates, parts, vectors = len(cell.gates), len(cell.state), len(cell.peepholes)
    gate_blocks, gate_values = tuple_of(block, gates), tuple_of(unit, gates)
    gate_values_h = tuple_of(_zero, gates) if cell.adds_gates else gate_values
    state_vectors, state_values = tuple_of(state_vector, parts), tuple_of(unit, parts)
    peephole_vectors, peephole_values = tuple_of(block, vectors), tuple_of(unit, vectors)
    # LLVM compares the addresses of all arrays before it runs a loop as vector instructions, and
    # refuses to where 128 comparisons do not suffice. So a loop uses no array that it can spare.
    store_x, store_h = _storer(0 if cell.adds_gates else gates), _storer(gates)
    add_to_peepholes = _adder(vectors)

    def step_backward(peepholes: Any, step: int, row: int, segment: Any, gradients: Any) -> None:
        units = segment.states_STBH.shape[3]
        x = gate_blocks(segment.gates_x_TBG[step, row].reshape(-1, units), 0)
        h = gate_blocks(segment.gates_h_BG[row].reshape(-1, units), 0)
        before = state_vectors(segment.states_STBH, (step, row))
        vectors_P = peephole_vectors(segment.peepholes_PH, 0)
        d_x = gradients.d_gates_x_BG[row].reshape(-1, units)
        d_h = gradients.d_gates_h_BG[row].reshape(-1, units)
        d_before = state_vectors(gradients.d_states_STBH, (step, row))
        d_after = state_vectors(gradients.d_states_STBH, (step + 1, row))
        d_vectors = gradients.d_peepholes_PH
        for at in range(units):
            by_x, by_h, by_state, by_peepholes = gradients_of_step(
                gate_values(x, at),
                gate_values_h(h, at),
                state_values(before, at),
                peephole_values(vectors_P, at),
                state_values(d_after, at),
            )
            store_x(d_x, by_x, at)
            store_h(d_h, by_h, at)
            for part in range(parts):
                d_before[part][at] += by_state[part]
            add_to_peepholes(d_vectors, by_peepholes, at)

    return step_backward
