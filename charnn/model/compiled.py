"""The stepper compiled by numba: the same equations on the same whole numbers, hence the same text.

Importing numba takes some tenths of a second, and compiling, the first time on a machine, some
seconds, so this is for those who write much; `charnn.model.stepper` begins meanwhile.
"""

from typing import Any

import numpy as np
from numba import njit
from numba.extending import register_jitable

from charnn.model import equations
from charnn.model.dots import add_products, beginnings, padded
from charnn.model.matrices import Array, EightBit
from charnn.model.stepper import Stepper, Symbols

for _function in (
    equations.tanh,
    equations.sigmoid,
    equations.level,
    equations.rnn,
    equations.gru,
    equations.lstm,
):
    register_jitable(inline="always")(_function)
_level, _rnn, _gru, _lstm = equations.level, equations.rnn, equations.gru, equations.lstm
_CELLS = ("rnn", "gru", "lstm")
_RNN, _GRU, _LSTM = range(len(_CELLS))

# `numpy`: a division by zero is no error, so it need not be looked for one by one.
compiled = njit(cache=True, nogil=True, error_model="numpy")


class CompiledStepper(Stepper[EightBit]):
    """The same network as another stepper's, several times as fast.

    Attributes:
        network: what `feed` takes: the number of the cell, the table [V, G], and of the matrices
            for input, recurrence and head each what `_stacked` gives.
    """

    def __init__(self, earlier: Stepper[EightBit]) -> None:
        vars(self).update(vars(earlier))
        self.network = (
            _CELLS.index(self.config.cell),
            self.table_VG,
            # A lone layer has no input but the table; its own matrix stands in, unused.
            _stacked(self.input or self.recurrent),
            _stacked(self.recurrent),
            _stacked([self.head]),
        )

    def feed(self, symbols_B: Symbols, state_SLBH: Array) -> Array:
        """See `Stepper`."""
        scores = np.empty((len(symbols_B), self.config.vocab_size), np.float32)
        feed(self.network, symbols_B, state_SLBH, scores)
        return scores


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
def feed(network: Any, symbols: Any, state: Any, scores: Any) -> None:
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
            _step(cell, x, r, h, state[-1, layer, row])
            _to_levels(h, levels)
        _times(head, 0, levels, sums, scores[row])


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
def _step(cell: int, x: Any, r: Any, h: Any, c: Any) -> None:
    """Change a state by a layer's equations; cells without a second vector leave `c` alone."""
    n = h.shape[0]
    if cell == _LSTM:
        for j in range(n):
            h[j], c[j] = _lstm(
                (x[j], x[n + j], x[2 * n + j], x[3 * n + j]),
                (r[j], r[n + j], r[2 * n + j], r[3 * n + j]),
                (h[j], c[j]),
            )
    elif cell == _GRU:
        for j in range(n):
            (h[j],) = _gru((x[j], x[n + j], x[2 * n + j]), (r[j], r[n + j], r[2 * n + j]), (h[j],))
    else:
        for j in range(n):
            (h[j],) = _rnn((x[j],), (r[j],), (h[j],))


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
def step_rows(cell: int, x_BG: Any, r_BG: Any, state_SLBH: Any, layer: int) -> None:
    """Change the state of many texts by a layer's equations."""
    for row in range(x_BG.shape[0]):
        _step(cell, x_BG[row], r_BG[row], state_SLBH[0, layer, row], state_SLBH[-1, layer, row])
