"""The stepper compiled by numba, with the equations and the logits of the NumPy stepper.

Importing numba takes some tenths of a second, and compiling takes some seconds the first time on a
machine. So this stepper is for long texts; until it is ready, `charnn.inference.stepper` generates
the text.

The equations are not written again: see `charnn.model.numba_cells`.

Shape suffixes: S parts of the hidden state (h, c), L layers, B texts side by side, H hidden units,
G gate rows, V vocabulary, P peepholes, R rows of a matrix, K columns.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.extending import overload, register_jitable

from charnn.inference import exponential, int8_pointer
from charnn.inference.int8_dot import SHIFT, add_products, initial_sums, padded
from charnn.inference.int8_pointer import PADDING
from charnn.inference.quantised import Array, Int8Matrix, quantise
from charnn.inference.rounding import round_32, round_64
from charnn.inference.stepper import Stepper, TokenIds
from charnn.inference.stepper_state import StepperState
from charnn.model.numba_cache import compiled
from charnn.model.numba_cells import (
    CELL_OF_TYPE,
    TYPE_OF_CELL,
    block,
    state_vector,
    tuple_of,
    unit,
)

for _inlined in (quantise, round_32, round_64, exponential.series):
    register_jitable(inline="always")(_inlined)


for _function in (
    int8_pointer.inverse_length,
    int8_pointer.sharpened,
    int8_pointer.mixed_logits,
    int8_pointer.pointer_weights,
    int8_pointer.whole_vector,
    int8_pointer.point,
):
    register_jitable(_function)


def _compile_as_loop(function: Callable[[Any], Any], dtype: type) -> None:
    """Let numba compile a function of an array as a loop, which LLVM turns into vector
    instructions."""

    def compile_for_type(x: Any) -> Any:
        return function_of_array if isinstance(x, types.Array) else function

    def function_of_array(x: Any) -> Any:
        result: Any = np.empty(len(x), dtype)
        for n in range(len(x)):
            result[n] = function(x[n])
        return result

    overload(function)(compile_for_type)


_compile_as_loop(exponential.exponential, np.float64)
_compile_as_loop(exponential.exponential_32, np.float32)
_compile_as_loop(exponential.logarithm, np.float64)


@overload(int8_pointer.store)
def _store(values_N: Any, target_N: Any) -> Any:
    """Return `store` as a loop: numba compiles the check of the shapes for a second."""

    def store_in_loop(values_N: Any, target_N: Any) -> None:
        for n in range(len(target_N)):
            target_N[n] = values_N[n]

    return store_in_loop


@overload(int8_pointer.largest_whole)
def _largest_whole(x: Any, initial: Any) -> Any:
    """Return `largest_whole` as a loop."""

    def largest_of_array(x: Any, initial: Any) -> Any:
        largest = np.int32(initial)
        for n in range(len(x)):
            largest = max(largest, np.int32(x[n]))
        return largest

    return largest_of_array


@overload(int8_pointer.summed_weights)
def _summed_weights(following_N: Any, weights_N: Any, vocab_size: int) -> Any:
    """Return `summed_weights` as a loop."""

    def sum_weights(following_N: Any, weights_N: Any, vocab_size: int) -> Any:
        sums_V = np.zeros(vocab_size)
        for n in range(len(following_N)):
            sums_V[following_N[n]] += weights_N[n]
        return sums_V

    return sum_weights


@overload(int8_pointer.products)
def _products(keys_MD: Any, sums_N: Any, query_D: Any) -> Any:
    """Return `products` by the instructions for products of bytes."""

    def products_of_int8(keys_MD: Any, sums_N: Any, query_D: Any) -> Any:
        padded_query = np.zeros(keys_MD.shape[1], np.int8)
        for at in range(len(query_D)):
            padded_query[at] = np.int8(query_D[at])
        count = len(sums_N)
        rows = -(-count // PADDING[0]) * PADDING[0]
        totals = np.empty(rows, np.int32)
        for n in range(count):
            totals[n] = -SHIFT * sums_N[n]
        add_products(keys_MD[:rows], padded_query, totals)
        products = np.empty(count, np.float32)
        for n in range(count):
            products[n] = totals[n]
        return products

    return products_of_int8


def _step(
    peepholes: Any, layer: int, row: int, gates_x_G: Any, gates_h_G: Any, hidden_SLBH: Any
) -> None:
    """Update the hidden state of one text in one layer by the equations of the cell."""
    raise NotImplementedError


@overload(_step)
def _compile_step(
    peepholes: Any, layer: int, row: int, gates_x_G: Any, gates_h_G: Any, hidden_SLBH: Any
) -> Any:
    """Return the body of `_step` for the cell that the type of `peepholes` stands for."""
    cell = CELL_OF_TYPE[peepholes.instance_class]
    parts = len(cell.state)
    step = cell.step
    gate_blocks, gate_values = tuple_of(block, len(cell.gates)), tuple_of(unit, len(cell.gates))
    state_vectors, state_values = tuple_of(state_vector, parts), tuple_of(unit, parts)
    peephole_vectors = tuple_of(block, len(cell.peepholes))
    peephole_values = tuple_of(unit, len(cell.peepholes))

    def step_of_cell(
        peepholes: Any, layer: int, row: int, gates_x_G: Any, gates_h_G: Any, hidden_SLBH: Any
    ) -> None:
        units = hidden_SLBH.shape[3]
        x_blocks = gate_blocks(gates_x_G.reshape(-1, units), 0)
        h_blocks = gate_blocks(gates_h_G.reshape(-1, units), 0)
        state = state_vectors(hidden_SLBH, (layer, row))
        vectors = peephole_vectors(peepholes.values_LPH[layer], 0)
        # A loop over single numbers, from vectors that are contiguous in memory: LLVM turns it into
        # vector instructions.
        for at in range(units):
            _, after = step(
                gate_values(x_blocks, at),
                gate_values(h_blocks, at),
                state_values(state, at),
                peephole_values(vectors, at),
            )
            for part in range(parts):
                state[part][at] = after[part]

    return step_of_cell


class CompiledStepper(Stepper[Int8Matrix]):
    """A compiled stepper, several times as fast as the stepper whose network it takes.

    Attributes:
        network: the parameters as the compiled functions take them: the peepholes, whose type
            stands for the cell; `table_VG`; the input, recurrent and head matrices (see
            `_stacked`); the sharpness and the levels of the pointer.
    """

    def __init__(self, plain: Stepper[Int8Matrix]) -> None:
        vars(self).update(vars(plain))
        self.network = (
            TYPE_OF_CELL[self.cell](self.peepholes_LPH),
            self.table_VG,
            # A single layer has no input matrix. numba needs one of the type all the same, so the
            # recurrent matrix stands in for it; it is never read.
            _stacked(self.input or self.recurrent),
            _stacked(self.recurrent),
            _stacked([self.head]),
            (self.sharpness, self.head.key_levels),
        )

    def feed(self, ids_B: TokenIds, state: StepperState) -> Array:
        """Read one token of each text, and return the logits, as `Stepper.feed` does."""
        logits_BV = np.empty((len(ids_B), self.config.vocab_size), np.float32)
        temperature = state.temperature
        feed(self.network, ids_B, state.hidden_SLBH, state.memory, temperature, logits_BV)
        return logits_BV


def _stacked(matrices: list[Int8Matrix]) -> tuple[Any, ...]:
    """Return matrices of one shape as arrays: integers [L, R, K] and initial sums [L, R], both
    padded; scales and biases [L, R], not padded."""
    integers = [padded(matrix.int8_RK) for matrix in matrices]
    return (
        np.stack(integers),
        np.stack([initial_sums(int8_RK) for int8_RK in integers]),
        np.stack([matrix.scale_R for matrix in matrices]),
        np.stack([matrix.bias_R for matrix in matrices]),
    )


@compiled
def feed(
    network: Any, ids_B: Any, hidden_SLBH: Any, memory: Any, temperature: float, logits_BV: Any
) -> None:
    """Read one token of each text, update its state in place and write `logits_BV`."""
    peepholes, table_VG, input_, recurrent, head, pointer = network
    outputs_R = np.empty(head[2].shape[1], np.float32)
    layers, gate_size = recurrent[2].shape
    quantised_K = np.zeros(recurrent[0].shape[2], np.int8)
    sums_R = np.empty(max(recurrent[1].shape[1], head[1].shape[1]), np.int32)
    gates_x_G, gates_h_G = np.empty(gate_size, np.float32), np.empty(gate_size, np.float32)
    for row in range(len(ids_B)):
        int8_pointer.store(table_VG[ids_B[row]], gates_x_G)
        for layer in range(layers):
            h_H = hidden_SLBH[0, layer, row]
            if layer > 0:
                # `quantised_K` holds the output of the layer below.
                _multiply(input_, layer - 1, quantised_K, sums_R, gates_x_G)
            _quantise(h_H, quantised_K)
            _multiply(recurrent, layer, quantised_K, sums_R, gates_h_G)
            _step(peepholes, layer, row, gates_x_G, gates_h_G, hidden_SLBH)
            _quantise(h_H, quantised_K)
        _multiply(head, 0, quantised_K, sums_R, outputs_R)
        _mix(memory, row, ids_B[row], outputs_R, pointer, temperature, logits_BV[row])


@compiled
def _mix(
    memory: Any,
    row: int,
    token_id: int,
    outputs_R: Any,
    pointer: Any,
    temperature: float,
    logits_V: Any,
) -> None:
    """Write the logits of one text, see `point`."""
    if memory.keys_BMD.shape[1] == 0:
        int8_pointer.store(outputs_R, logits_V)
    else:
        sharpness, levels = pointer
        int8_pointer.point(
            memory, row, token_id, outputs_R, sharpness, levels, temperature, logits_V
        )


@compiled
def mix_rows(
    memory: Any, ids_B: Any, outputs_BR: Any, pointer: Any, temperature: float, logits_BV: Any
) -> None:
    """Write the logits of many texts, see `point`."""
    for row in range(len(ids_B)):
        _mix(memory, row, ids_B[row], outputs_BR[row], pointer, temperature, logits_BV[row])


@compiled
def _multiply(matrices: Any, layer: int, quantised_K: Any, sums_R: Any, product_R: Any) -> None:
    """Write W h + b of one layer's matrix to `product_R`; `sums_R` is scratch memory."""
    int8_LRK, initial_LR, scale_LR, bias_LR = matrices
    rows = int8_LRK.shape[1]
    for row in range(rows):
        sums_R[row] = initial_LR[layer, row]
    add_products(int8_LRK[layer], quantised_K, sums_R)
    _scale(sums_R, scale_LR[layer], bias_LR[layer], product_R)


@compiled
def _quantise(h_H: Any, quantised_K: Any) -> None:
    for at in range(h_H.shape[0]):
        quantised_K[at] = np.int8(quantise(h_H[at]))


@compiled
def _scale(sums_R: Any, scale_R: Any, bias_R: Any, product_R: Any) -> None:
    for row in range(product_R.shape[0]):
        product_R[row] = np.float32(sums_R[row]) * scale_R[row] + bias_R[row]


@compiled
def quantise_rows(h_BH: Any, quantised_BH: Any) -> None:
    """Write the quantised hidden units of many texts to `quantised_BH`."""
    for row in range(h_BH.shape[0]):
        _quantise(h_BH[row], quantised_BH[row])


@compiled
def scale_rows(sums_BR: Any, scale_R: Any, bias_R: Any, product_BR: Any) -> None:
    """Scale the integer sums of many texts, and write W h + b to `product_BR`."""
    for row in range(sums_BR.shape[0]):
        _scale(sums_BR[row], scale_R, bias_R, product_BR[row])


@compiled
def step_rows(
    peepholes: Any, layer: int, gates_x_BG: Any, gates_h_BG: Any, hidden_SLBH: Any
) -> None:
    """Update the hidden state of many texts in one layer by the equations of the cell."""
    for row in range(gates_x_BG.shape[0]):
        _step(peepholes, layer, row, gates_x_BG[row], gates_h_BG[row], hidden_SLBH)
