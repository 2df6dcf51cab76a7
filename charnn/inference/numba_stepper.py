"""The stepper compiled by numba: the same equations on the same whole numbers, hence the same text.

Importing numba takes some tenths of a second, and compiling, the first time on a machine, some
seconds, so this is for those who write much; `charnn.inference.stepper` begins meanwhile.
"""

from typing import Any

import numpy as np
from numba import njit
from numba.extending import overload, register_jitable

from charnn.inference.int8_dot import add_products, beginnings, padded
from charnn.inference.quantized import Array, EightBit
from charnn.inference.stepper import Stepper, TokenIds
from charnn.model import activations
from charnn.model.cells import CELLS

for _function in (
    activations.plain_tanh,
    activations.plain_sigmoid,
    activations.level,
    *(cell.step for cell in CELLS.values()),
):
    register_jitable(inline="always")(_function)
_level = activations.level


@overload(activations.tanh, inline="always")
def _tanh(x: Any) -> Any:
    return activations.plain_tanh


@overload(activations.sigmoid, inline="always")
def _sigmoid(x: Any) -> Any:
    return activations.plain_sigmoid


def _step(cell: Any, layer: int, row: int, x: Any, r: Any, state: Any) -> None:
    """Change the state [S, L, B, H] of a text in a layer by its cell's equations."""
    raise NotImplementedError


@overload(_step)
def _step_of_class(cell: Any, layer: int, row: int, x: Any, r: Any, state: Any) -> Any:
    kind = cell.instance_class
    gates, vectors = len(kind.gates), len(kind.state)
    by_gate, of_gates = _tuple_of(_block, gates), _tuple_of(_unit, gates)
    of_vectors, of_state = _tuple_of(_vector, vectors), _tuple_of(_unit, vectors)
    of_own, own_of = _tuple_of(_block, len(kind.parameters)), _tuple_of(_unit, len(kind.parameters))
    step = kind.step

    def step_of_class(cell: Any, layer: int, row: int, x: Any, r: Any, state: Any) -> None:
        units = state.shape[3]
        x_gates, r_gates = by_gate(x.reshape(-1, units), 0), by_gate(r.reshape(-1, units), 0)
        state_now, own = of_vectors(state, (layer, row)), of_own(cell.own[layer], 0)
        for j in range(units):
            after = step(
                of_gates(x_gates, j), of_gates(r_gates, j), of_state(state_now, j), own_of(own, j)
            )
            for part in range(vectors):
                state_now[part][j] = after[part]

    return step_of_class


def _tuple_of(item: Any, count: int) -> Any:
    """The function (source, place) -> (item(source, 0, place), item(source, 1, place), ...).

    Compiled code has no other way to make a tuple of a number of items that depends on a type; and
    loops over single numbers, out of rows that lie side by side in memory, are those that the
    compiler turns into vector instructions.
    """
    if count == 0:
        return register_jitable(lambda source, place: ())
    before, last = _tuple_of(item, count - 1), count - 1
    return register_jitable(
        lambda source, place: (*before(source, place), item(source, last, place))
    )


@register_jitable
def _block(source: Any, number: int, place: Any) -> Any:
    return source[number]


@register_jitable
def _vector(source: Any, number: int, place: Any) -> Any:
    return source[number, place[0], place[1]]


@register_jitable
def _unit(source: Any, number: int, place: Any) -> Any:
    return source[number][place]


# `numpy`: a division by zero is no error, so it need not be looked for one by one.
compiled = njit(cache=True, nogil=True, error_model="numpy")


class CompiledStepper(Stepper[EightBit]):
    """The same network as another stepper's, several times as fast.

    Attributes:
        network: what `feed` takes: the cell, by whose type its equations are compiled, with its
            own parameters [L, P, H]; the table [V, G]; and of the matrices for input, recurrence
            and head each what `_stacked` gives.
    """

    def __init__(self, earlier: Stepper[EightBit]) -> None:
        vars(self).update(vars(earlier))
        self.network = (
            self.cell(self.own_LPH),
            self.table_VG,
            # A lone layer has no input but the table; its own matrix stands in, unused.
            _stacked(self.input or self.recurrent),
            _stacked(self.recurrent),
            _stacked([self.head]),
        )

    def feed(self, ids_B: TokenIds, hidden_SLBH: Array) -> Array:
        """See `Stepper`."""
        logits = np.empty((len(ids_B), self.config.vocab_size), np.float32)
        feed(self.network, ids_B, hidden_SLBH, logits)
        return logits


def _stacked(matrices: list[EightBit]) -> tuple[Any, ...]:
    """Of matrices of one shape: the numbers [L, R, K], padded, what their sums begin with [L, R],
    their scales and biases [L, R], not padded."""
    whole = [padded(matrix.whole_RK) for matrix in matrices]
    return (
        np.stack(whole),
        np.stack([beginnings(one) for one in whole]),
        np.stack([matrix.scale_R for matrix in matrices]),
        np.stack([matrix.bias_R for matrix in matrices]),
    )


@compiled
def feed(network: Any, symbols: Any, state: Any, logits: Any) -> None:
    """Read the symbols [B], change the state [S, L, B, H], write the scores [B, V]."""
    cell, table, input_, recurrent, head = network
    layers, gates = recurrent[2].shape
    levels = np.zeros(recurrent[0].shape[2], np.int8)
    sums = np.empty(max(recurrent[1].shape[1], head[1].shape[1]), np.int32)
    x, r = np.empty(gates, np.float32), np.empty(gates, np.float32)
    for row in range(len(symbols)):
        x[:] = table[symbols[row]]
        for layer in range(layers):
            h = state[0, layer, row]
            if layer > 0:
                _times(input_, layer - 1, levels, sums, x)  # the levels of the layer below
            _to_levels(h, levels)
            _times(recurrent, layer, levels, sums, r)
            _step(cell, layer, row, x, r, state)
            _to_levels(h, levels)
        _times(head, 0, levels, sums, logits[row])


@compiled
def _times(matrices: Any, layer: int, levels: Any, sums: Any, product: Any) -> None:
    """Write the product [R] of a matrix with the levels [K] of outputs."""
    whole, begin, scale, bias = matrices
    rows = whole.shape[1]
    sums[:rows] = begin[layer]
    add_products(whole[layer], levels, sums)
    _scale(sums, scale[layer], bias[layer], product)


@compiled
def _to_levels(h: Any, levels: Any) -> None:
    for k in range(h.shape[0]):
        levels[k] = np.int8(_level(h[k]))


@compiled
def _scale(sums: Any, scale: Any, bias: Any, product: Any) -> None:
    for row in range(product.shape[0]):
        product[row] = np.float32(sums[row]) * scale[row] + bias[row]


@compiled
def to_levels(h_BH: Any, levels_BH: Any) -> None:
    """The levels of many outputs."""
    for row in range(h_BH.shape[0]):
        _to_levels(h_BH[row], levels_BH[row])


@compiled
def scale_rows(sums_BR: Any, scale_R: Any, bias_R: Any, product_BR: Any) -> None:
    """Products of many texts, from their sums."""
    for row in range(sums_BR.shape[0]):
        _scale(sums_BR[row], scale_R, bias_R, product_BR[row])


@compiled
def step_rows(cell: Any, x_BG: Any, r_BG: Any, hidden_SLBH: Any, layer: int) -> None:
    """Change the state of many texts by a layer's equations."""
    for row in range(x_BG.shape[0]):
        _step(cell, layer, row, x_BG[row], r_BG[row], hidden_SLBH)
