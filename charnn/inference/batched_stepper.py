"""The stepper for many texts at once: torch multiplies the whole numbers, the rest is compiled.

For one text the weights must be read for every symbol; for many, they are read once for all. The
products are exact, so a text is the same as if it were written alone. Where torch's are not, those
of NumPy are taken.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from charnn.inference.numba_stepper import CompiledStepper, scale_rows, step_rows, to_levels
from charnn.inference.quantized import Array, EightBit
from charnn.inference.stepper import Stepper, TokenIds
from charnn.model.activations import LEVELS
from charnn.model.threads import Threads, available_threads

# Fewer are faster one by one.
LEAST_ROWS = 16


class BatchedStepper(CompiledStepper):
    """A stepper for many texts."""

    def __init__(self, earlier: Stepper[EightBit]) -> None:
        super().__init__(earlier)
        self._recurrent_products = [_Product(matrix) for matrix in earlier.recurrent]
        self._input_products = [_Product(matrix) for matrix in earlier.input]
        self._head_product = _Product(earlier.head)
        with _others_threads():
            self._threads = Threads(available_threads())
        self._used = 0

    def feed(self, ids_B: TokenIds, hidden_SLBH: Array) -> Array:
        """See `Stepper`."""
        if len(ids_B) < LEAST_ROWS:
            return super().feed(ids_B, hidden_SLBH)
        with _others_threads():
            torch.set_num_threads(self._threads.count)
            begin = time.perf_counter()
            logits = self._feed(ids_B, hidden_SLBH)
            if self._threads.count == self._used:
                self._threads.took(time.perf_counter() - begin, work=len(ids_B))
            else:  # the first time, threads have to be begun
                self._used = self._threads.count
        return logits

    def _feed(self, ids_B: TokenIds, hidden_SLBH: Array) -> Array:
        x = self.table_VG[ids_B]
        levels = np.empty(hidden_SLBH.shape[2:], np.int8)
        for layer, product in enumerate(self._recurrent_products):
            if layer > 0:  # `levels` holds those of the layer below
                x = self._input_products[layer - 1](levels)
            to_levels(hidden_SLBH[0, layer], levels)
            step_rows(self.network[0], x, product(levels), hidden_SLBH, layer)
            to_levels(hidden_SLBH[0, layer], levels)
        return self._head_product(levels)


@contextmanager
def _others_threads() -> Iterator[None]:
    """Leave torch as many threads as it had: others compute, too."""
    kept = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(kept)


class _Product:
    """Products with one matrix."""

    def __init__(self, matrix: EightBit) -> None:
        self._matrix = matrix
        self._whole_KR = torch.from_numpy(matrix.whole_RK).t()
        self._is_exact = multiplies_exactly(matrix.whole_RK.shape[1])

    def __call__(self, levels_BK: NDArray[np.int8]) -> Array:
        if not self._is_exact:
            return self._matrix.times_levels(levels_BK.astype(np.float32))
        sums_BR = torch._int_mm(torch.from_numpy(levels_BK), self._whole_KR).numpy()
        product = np.empty(sums_BR.shape, np.float32)
        scale_rows(sums_BR, self._matrix.scale_R, self._matrix.bias_R, product)
        return product


@cache
def multiplies_exactly(columns: int) -> bool:
    """Whether torch multiplies bytes of so many columns without a loss.

    Where the processor has no instruction for it, oneDNN adds pairs of products in 16 bits, which
    overflow; so the largest are tried.
    """
    levels = torch.full((LEAST_ROWS, columns), LEVELS, dtype=torch.int8)
    levels[1::2, ::2] *= -1
    try:
        sums = torch._int_mm(levels, levels.t().contiguous())
    except RuntimeError:
        return False
    exact = levels.double() @ levels.double().t()
    return torch.equal(sums.double(), exact)
