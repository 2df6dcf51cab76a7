"""Drawing, and writing a stretch of text, compiled by numba: the same lines as the plain ones."""

from typing import Any

import numpy as np
from numba.extending import register_jitable
from numpy.typing import NDArray

from charnn.inference.numba_stepper import CompiledStepper, compiled, feed
from charnn.inference.quantized import Array
from charnn.inference.stepper import TokenIds
from charnn.sampling import logits
from charnn.sampling.decoder import Decoder
from charnn.sampling.params import SamplingParams

register_jitable(inline="always")(logits.exponential)
register_jitable(logits.weights)
register_jitable(logits.draw)
_draw = logits.draw


class NumbaDecoder(Decoder):
    """A pen for much text."""

    at_once = 16
    stepper: CompiledStepper

    def draw(
        self, logits_BV: Array, numbers_B: NDArray[np.float64], params: SamplingParams
    ) -> TokenIds:
        """See `Decoder`."""
        drawn = np.empty(len(numbers_B), np.int64)
        _draw_all(logits_BV, numbers_B, *params.options, drawn)
        return drawn

    def write(
        self,
        ids_B: TokenIds,
        hidden_SLBH: Array,
        numbers_BN: NDArray[np.float64],
        params: SamplingParams,
    ) -> TokenIds:
        """See `Decoder`."""
        if len(ids_B) > 1:
            return super().write(ids_B, hidden_SLBH, numbers_BN, params)
        drawn_BN = np.empty(numbers_BN.shape, np.int64)
        network = self.stepper.network
        _write(network, hidden_SLBH, ids_B[0], numbers_BN[0], *params.options, drawn_BN[0])
        return drawn_BN


@compiled
def _draw_all(
    logits_BV: Any,
    numbers_B: Any,
    temperature: float,
    top_k: int,
    top_p: float,
    min_p: float,
    drawn_B: Any,
) -> None:
    for row in range(len(numbers_B)):
        drawn_B[row] = _draw(logits_BV[row], numbers_B[row], temperature, top_k, top_p, min_p)


@compiled
def _write(
    network: Any,
    state: Any,
    token_id: int,
    numbers: Any,
    temperature: float,
    top_k: int,
    top_p: float,
    min_p: float,
    drawn: Any,
) -> None:
    read = np.full(1, token_id)
    logits = np.empty((1, network[-1][-1].shape[1]), np.float32)
    for place in range(len(numbers)):
        feed(network, read, state, logits)
        read[0] = _draw(logits[0], numbers[place], temperature, top_k, top_p, min_p)
        drawn[place] = read[0]
