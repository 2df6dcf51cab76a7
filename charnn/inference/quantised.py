"""The matrices a text is written with: as they were learned, or with eight bits a weight.

Reading its weights is what a recurrent network spends its time on when it writes a single text, so
a quarter of the bytes is up to four times the speed. Of every row the largest weight becomes 127,
the others whole numbers in proportion, and so do the outputs h that are multiplied with them. That
changes the loss by less than 0.001 nats a character (see `benchmarks/RESULTS.md`), and the sums are
of whole numbers, hence exact: the same in whatever order they are summed, one text at a time or
many, in NumPy, in compiled loops or by torch.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charnn.model.activations import LEVELS, level

Array = NDArray[np.float32]
# Products of so many columns are exact in float32: 127 * 127 * 1024 < 2 ** 24.
_EXACT = 1024


class Full:
    """A matrix as it was learned: weights [R, K] and a bias [R]."""

    def __init__(self, weights_RK: Array, bias_R: Array) -> None:
        self.weights_RK, self.bias_R = weights_RK, bias_R

    def times(self, h_BK: Array) -> Array:
        """Weights times outputs of the cells, all in [-1, 1], plus the bias: [B, R]."""
        product: Array = h_BK @ self.weights_RK.T + self.bias_R
        return product


class EightBit:
    """A matrix of whole numbers from -127 to 127 and a scale for each row.

    Attributes:
        whole_RK: the numbers.
        scale_R: what makes products with levels of outputs (see `level`) products with outputs.
        bias_R: float32.
    """

    def __init__(self, weights_RK: Array, bias_R: Array) -> None:
        largest = np.abs(weights_RK).max(axis=1, keepdims=True)
        # Of a row of zeros, or of next to nothing, any step will do.
        tiny = np.float32(np.finfo(np.float32).tiny * LEVELS)
        step = np.where(largest > tiny, largest, np.float32(1)) / np.float32(LEVELS)
        self.whole_RK = np.rint(weights_RK / step).astype(np.int8)
        self.scale_R: Array = (step[:, 0] / LEVELS).astype(np.float32)
        self.bias_R = bias_R

    @cached_property
    def _blocks(self) -> list[Array]:
        """The numbers as float32, of which alone NumPy has fast products; [K, R] in pieces."""
        columns = range(0, self.whole_RK.shape[1], _EXACT)
        return [self.whole_RK[:, k : k + _EXACT].T.astype(np.float32) for k in columns]

    def times(self, h_BK: Array) -> Array:
        """See `Full`."""
        return self.times_levels(level(h_BK))

    def times_levels(self, levels_BK: Array) -> Array:
        """The same of the outputs' levels."""
        sums: Array
        if len(self._blocks) == 1:
            sums = levels_BK @ self._blocks[0]
        else:
            parts = np.split(levels_BK, range(_EXACT, levels_BK.shape[1], _EXACT), axis=1)
            pairs = zip(parts, self._blocks, strict=True)
            exact = [(part @ block).astype(np.float64) for part, block in pairs]
            sums = np.add.reduce(exact).astype(np.float32)
        product: Array = sums * self.scale_R + self.bias_R
        return product
