"""The stepper compiled by numba: the same equations on the same whole numbers, hence the same text.

Importing numba takes some tenths of a second, and compiling, the first time on a machine, some
seconds, so this is for those who write much; `charnn.model.stepper` begins meanwhile.
"""

from typing import Any

import llvmlite.binding
import numpy as np
from numba import njit
from numba.extending import register_jitable

from charnn.model import equations
from charnn.model.matrices import Array, EightBit
from charnn.model.stepper import Stepper, Symbols

# Lets LLVM multiply 32 pairs of small numbers at once where it would else widen them first.
llvmlite.binding.set_option("charnn", "--vectorizer-maximize-bandwidth")

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
_compiled = njit(cache=True, nogil=True, error_model="numpy")


class CompiledStepper(Stepper[EightBit]):
    """A stepper that begins where another has come to, and is several times as fast."""

    def __init__(self, earlier: Stepper[EightBit]) -> None:
        vars(self).update(vars(earlier))
        self._cell = _CELLS.index(self.config.cell)
        self._recurrent = _stacked(self.recurrent)
        # A lone layer has no input but the table; its own matrix stands in, unused.
        self._input = _stacked(self.input or self.recurrent)
        self._head = _stacked([self.head])

    def feed(self, symbols_B: Symbols) -> Array:
        """See `Stepper`."""
        scores = np.empty((len(symbols_B), self.config.vocab_size), np.float32)
        _feed(
            self._cell,
            symbols_B,
            self.table_VG,
            self._input,
            self._recurrent,
            self._head,
            self.state,
            scores,
        )
        return scores


def _stacked(matrices: list[EightBit]) -> tuple[Any, Array, Array]:
    """The numbers [L, R, K], scales [L, R] and biases [L, R] of matrices of one shape."""
    return (
        np.stack([matrix.whole_RK for matrix in matrices]),
        np.stack([matrix.scale_R for matrix in matrices]),
        np.stack([matrix.bias_R for matrix in matrices]),
    )


@_compiled
def _feed(
    cell: int,
    symbols: Any,
    table: Any,
    input_: Any,
    recurrent: Any,
    head: Any,
    state: Any,
    scores: Any,
) -> None:
    layers, gates, hidden = recurrent[0].shape
    levels = np.empty(hidden, np.int8)
    sums = np.empty(max(gates, scores.shape[1]), np.int32)
    x, r = np.empty(gates, np.float32), np.empty(gates, np.float32)
    for row in range(symbols.shape[0]):
        x[:] = table[symbols[row]]
        for layer in range(layers):
            if layer > 0:
                # `levels` holds those of the layer below.
                _times(input_[0][layer - 1], levels, sums)
                _scale(sums, input_[1][layer - 1], input_[2][layer - 1], x)
            _to_levels(state[0, layer, row], levels)
            _times(recurrent[0][layer], levels, sums)
            _scale(sums, recurrent[1][layer], recurrent[2][layer], r)
            _step(cell, x, r, state[0, layer, row], state[-1, layer, row])
            _to_levels(state[0, layer, row], levels)
        _times(head[0][0], levels, sums)
        _scale(sums, head[1][0], head[2][0], scores[row])


@_compiled
def _to_levels(h: Any, levels: Any) -> None:
    for k in range(h.shape[0]):
        levels[k] = np.int8(_level(h[k]))


@_compiled
def _times(whole: Any, levels: Any, sums: Any) -> None:
    for row in range(whole.shape[0]):
        total = np.int32(0)
        for k in range(whole.shape[1]):
            total += np.int32(whole[row, k]) * np.int32(levels[k])
        sums[row] = total


@_compiled
def _scale(sums: Any, scale: Any, bias: Any, product: Any) -> None:
    for row in range(product.shape[0]):
        product[row] = np.float32(sums[row]) * scale[row] + bias[row]


@_compiled
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


@_compiled
def to_levels(h_BH: Any, levels_BH: Any) -> None:
    """The levels of many outputs."""
    for row in range(h_BH.shape[0]):
        _to_levels(h_BH[row], levels_BH[row])


@_compiled
def scale_rows(sums_BR: Any, scale_R: Any, bias_R: Any, product_BR: Any) -> None:
    """Products of many texts, from their sums."""
    for row in range(sums_BR.shape[0]):
        _scale(sums_BR[row], scale_R, bias_R, product_BR[row])


@_compiled
def step_rows(cell: int, x_BG: Any, r_BG: Any, state_SLBH: Any, layer: int) -> None:
    """Change the state of many texts by a layer's equations."""
    for row in range(x_BG.shape[0]):
        _step(cell, x_BG[row], r_BG[row], state_SLBH[0, layer, row], state_SLBH[-1, layer, row])
