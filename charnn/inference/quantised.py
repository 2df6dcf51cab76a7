"""The matrices of a stepper: float32 as they were trained, or int8.

A single text is generated as fast as the weights can be read from memory, so a quarter of the bytes
gives up to four times the speed. Each row of a matrix is scaled so that the largest absolute weight
becomes 127, and is then rounded. Hidden units, which lie in [-1, 1], are multiplied by 127 and
rounded as well. This quantisation changes the loss by less than 0.001 nats a character
(`benchmarks/RESULTS.md`).

The sums of products are sums of integers, so they are exact in any order. NumPy, compiled loops and
torch therefore return logits that agree to the last bit, for one text or for many texts at once.

Shape suffixes: R rows of a matrix, K columns, B texts side by side.
"""

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.inference.rounding import round_32

Array = NDArray[np.float32]

# Hidden units in [-1, 1] become integers from -INT8_MAX to INT8_MAX. -128 is not used, so that the
# range is symmetric.
INT8_MAX = 127
_INT8_MAX = np.float32(INT8_MAX)
# A sum of this many products of two int8 is exact in float32: 127 * 127 * 1024 < 2 ** 24.
_EXACT_COLUMNS = 1024


def quantise(h: Any) -> Any:
    """Return 127 h, rounded to integers in float32; h is an array or a number in [-1, 1]."""
    return round_32(_INT8_MAX * h)


class FloatMatrix:
    """A matrix [R, K] in float32, with a bias [R].

    Attributes:
        key_levels: the largest whole number in the keys of a pointer.
        key_dtype: the type of the keys.
    """

    key_levels = np.float32(1 << 14)
    key_dtype = np.dtype(np.float32)

    def __init__(self, weights_RK: Array, bias_R: Array) -> None:
        self.weights_RK, self.bias_R = weights_RK, bias_R

    def times(self, h_BK: Array) -> Array:
        """Return W h + b, [B, R], for hidden units h in [-1, 1]."""
        product: Array = h_BK @ self.weights_RK.T + self.bias_R
        return product


class Int8Matrix:
    """A matrix [R, K] of integers from -127 to 127, with a scale and a bias for each row.

    Attributes:
        int8_RK: the integers.
        scale_R: the factor for each row that turns the sum of integer products into W h.
        bias_R: the bias of each row, float32.
        key_levels, key_dtype: as in `FloatMatrix`.
    """

    key_levels = np.float32(INT8_MAX)
    key_dtype = np.dtype(np.int8)

    def __init__(self, weights_RK: Array, bias_R: Array) -> None:
        largest = np.abs(weights_RK).max(axis=1, keepdims=True)
        # A row of zeros (or of numbers so small that the scale would be denormal) stays zeros with
        # any scale.
        tiny = np.float32(np.finfo(np.float32).tiny * INT8_MAX)
        step = np.where(largest > tiny, largest, np.float32(1)) / np.float32(INT8_MAX)
        self.int8_RK = np.rint(weights_RK / step).astype(np.int8)
        self.scale_R: Array = (step[:, 0] / INT8_MAX).astype(np.float32)
        self.bias_R = bias_R

    @cached_property
    def _blocks(self) -> list[Array]:
        """Return the integers as transposed float32 blocks, each of at most 1,024 columns.

        A float32 sum over so few columns is exact.

        NumPy passes float32 products to BLAS, but multiplies integers one by one.
        """
        starts = range(0, self.int8_RK.shape[1], _EXACT_COLUMNS)
        return [self.int8_RK[:, k : k + _EXACT_COLUMNS].T.astype(np.float32) for k in starts]

    def times(self, h_BK: Array) -> Array:
        """Return W h + b, [B, R], for hidden units h in [-1, 1]."""
        return self.times_quantised(quantise(h_BK))

    def times_quantised(self, h_BK: Array) -> Array:
        """Return W h + b, [B, R], for hidden units that `quantise` has scaled and rounded."""
        sums: Array
        if len(self._blocks) == 1:
            sums = h_BK @ self._blocks[0]
        else:
            parts = np.split(h_BK, range(_EXACT_COLUMNS, h_BK.shape[1], _EXACT_COLUMNS), axis=1)
            pairs = zip(parts, self._blocks, strict=True)
            exact = [(part @ block).astype(np.float64) for part, block in pairs]
            sums = np.add.reduce(exact).astype(np.float32)
        product: Array = sums * self.scale_R + self.bias_R
        return product
