"""The stepper for many texts side by side: torch multiplies the integers, numba does the rest.

A stepper for one text reads all weights again for each token. This stepper reads the weights once
for one token of every text. The sums of integers are exact, so each text is the same as if it were
generated alone. If torch's product of integers overflows on this machine, NumPy multiplies instead.

Shape suffixes: S parts of the hidden state (h, c), L layers, B texts side by side, H hidden units,
G gate rows, V vocabulary, R rows of a matrix, K columns.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache

import numpy as np
import torch
from numpy.typing import NDArray

from charnn.inference.numba_stepper import (
    CompiledStepper,
    mix_rows,
    quantise_rows,
    scale_rows,
    step_rows,
)
from charnn.inference.quantised import INT8_MAX, Array, Int8Matrix
from charnn.inference.stepper import Stepper, TokenIds
from charnn.inference.stepper_state import StepperState
from charnn.model.threads import Threads, available_threads

# With fewer texts, it is faster to feed them one by one.
MIN_ROWS = 16


class BatchedStepper(CompiledStepper):
    """A stepper that feeds many texts at once through the network of another stepper."""

    def __init__(self, plain: Stepper[Int8Matrix]) -> None:
        super().__init__(plain)
        self._recurrent_products = [_Product(matrix) for matrix in plain.recurrent]
        self._input_products = [_Product(matrix) for matrix in plain.input]
        self._head_product = _Product(plain.head)
        with _restored_threads():
            self._threads = Threads(available_threads())
        self._warm_count = 0

    def feed(self, ids_B: TokenIds, state: StepperState) -> Array:
        """Read one token of each text, and return the logits, as `Stepper.feed` does."""
        if len(ids_B) < MIN_ROWS:
            return super().feed(ids_B, state)
        with _restored_threads():
            torch.set_num_threads(self._threads.count)
            begin = time.perf_counter()
            logits_BV = self._feed_batch(ids_B, state)
            if self._threads.count == self._warm_count:
                self._threads.took(time.perf_counter() - begin, work=len(ids_B))
            else:
                # The first step with another thread count starts threads: do not count its time.
                self._warm_count = self._threads.count
        return logits_BV

    def _feed_batch(self, ids_B: TokenIds, state: StepperState) -> Array:
        hidden_SLBH = state.hidden_SLBH
        gates_x_BG = self.table_VG[ids_B]
        quantised_BH = np.empty(hidden_SLBH.shape[2:], np.int8)
        peepholes = self.network[0]
        for layer, recurrent in enumerate(self._recurrent_products):
            if layer > 0:
                # `quantised_BH` holds the output of the layer below.
                gates_x_BG = self._input_products[layer - 1](quantised_BH)
            quantise_rows(hidden_SLBH[0, layer], quantised_BH)
            step_rows(peepholes, layer, gates_x_BG, recurrent(quantised_BH), hidden_SLBH)
            quantise_rows(hidden_SLBH[0, layer], quantised_BH)
        outputs_BR = self._head_product(quantised_BH)
        logits_BV = np.empty((len(ids_B), self.config.vocab_size), np.float32)
        pointer = self.network[-1]
        mix_rows(state.memory, ids_B, outputs_BR, pointer, state.temperature, logits_BV)
        return logits_BV


@contextmanager
def _restored_threads() -> Iterator[None]:
    """Restore torch's thread count after the `with` block.

    The count is global, and the caller may use torch as well.
    """
    count = torch.get_num_threads()
    try:
        yield
    finally:
        torch.set_num_threads(count)


class _Product:
    """A matrix that is multiplied with the quantised hidden units of many texts."""

    def __init__(self, matrix: Int8Matrix) -> None:
        self._matrix = matrix
        self._int8_KR = torch.from_numpy(matrix.int8_RK).t()
        self._is_exact = multiplies_exactly(matrix.int8_RK.shape[1])

    def __call__(self, quantised_BK: NDArray[np.int8]) -> Array:
        """Return W h + b, [B, R], for the quantised hidden units of B texts."""
        if not self._is_exact:
            return self._matrix.times_quantised(quantised_BK.astype(np.float32))
        sums_BR = torch._int_mm(torch.from_numpy(quantised_BK), self._int8_KR).numpy()
        product_BR = np.empty(sums_BR.shape, np.float32)
        scale_rows(sums_BR, self._matrix.scale_R, self._matrix.bias_R, product_BR)
        return product_BR


@cache
def multiplies_exactly(columns: int) -> bool:
    """Return whether torch multiplies int8 matrices with this number of columns without overflow.

    On processors without VNNI, oneDNN adds pairs of products in 16 bits, which overflow. The
    function tests the largest products. It also returns False if torch lacks `_int_mm`, which is a
    private function of torch.
    """
    extremes = torch.full((MIN_ROWS, columns), INT8_MAX, dtype=torch.int8)
    extremes[1::2, ::2] *= -1
    try:
        sums = torch._int_mm(extremes, extremes.t().contiguous())
    except (AttributeError, RuntimeError):
        return False
    exact = extremes.double() @ extremes.double().t()
    return torch.equal(sums.double(), exact)
