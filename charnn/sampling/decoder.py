"""A pen: a model, and the drawing of what it writes. This is the plain one, which writes at once.

All pens give the same symbols, to the last bit of each score, so a text does not show which has
written it; `charnn.sampling.backend` takes a faster one where there is much to write.
"""

import numpy as np
from numpy.typing import NDArray

from charnn.inference.quantized import Array, EightBit
from charnn.inference.stepper import Stepper, TokenIds
from charnn.sampling.logits import draw
from charnn.sampling.params import SamplingParams


class Decoder:
    """A model and the drawing of its symbols.

    Attributes:
        stepper: the model.
        at_once: symbols of a text that take so little time that nobody waits for a single one.
    """

    at_once = 1

    def __init__(self, stepper: Stepper[EightBit]) -> None:
        self.stepper = stepper

    def draw(
        self, logits_BV: Array, numbers_B: NDArray[np.float64], params: SamplingParams
    ) -> TokenIds:
        """The next symbol of each text, each by its random number in [0, 1)."""
        pairs = zip(logits_BV, numbers_B.tolist(), strict=True)
        return np.array([draw(logits_V, number, *params.options) for logits_V, number in pairs])

    def write(
        self,
        ids_B: TokenIds,
        hidden_SLBH: Array,
        numbers_BN: NDArray[np.float64],
        params: SamplingParams,
    ) -> TokenIds:
        """The next N symbols of each text after its last, by N random numbers: [B, N].

        The state becomes that behind all of them but the last.
        """
        drawn_BN = np.empty(numbers_BN.shape, np.int64)
        for place, numbers_B in enumerate(numbers_BN.T):
            logits_BV = self.stepper.feed(ids_B, hidden_SLBH)
            ids_B = self.draw(logits_BV, numbers_B, params)
            drawn_BN[:, place] = ids_B
        return drawn_BN
