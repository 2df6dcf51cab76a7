"""The plain decoder, which runs the model and draws tokens with NumPy alone.

All decoders draw the same tokens, because their logits agree to the last bit. So a text does not
depend on which decoder wrote it; `charnn.sampling.backend` selects a faster one for long texts.
"""

import numpy as np
from numpy.typing import NDArray

from charnn.inference.quantised import Array, Int8Matrix
from charnn.inference.stepper import Stepper, TokenIds
from charnn.inference.stepper_state import StepperState
from charnn.sampling.logits import draw_token
from charnn.sampling.params import SamplingParams

Uniforms = NDArray[np.float64]  # random numbers in [0, 1), one for each token


class Decoder:
    """A decoder that starts at once, because it compiles and imports nothing.

    Attributes:
        stepper: the model.
        tokens_per_call: the number of tokens of a text that are generated in one call. These tokens
            are shown together, so a call must be too short to notice.
    """

    tokens_per_call = 1

    def __init__(self, stepper: Stepper[Int8Matrix]) -> None:
        self.stepper = stepper

    def draw(self, logits_BV: Array, uniforms_B: Uniforms, params: SamplingParams) -> TokenIds:
        """Return the id of the next token of each text, [B]."""
        pairs = zip(logits_BV, uniforms_B.tolist(), strict=True)
        return np.array([draw_token(logits_V, u, *params.arguments) for logits_V, u in pairs])

    def generate(
        self, ids_B: TokenIds, state: StepperState, uniforms_BN: Uniforms, params: SamplingParams
    ) -> TokenIds:
        """Read the last token of each text, `ids_B`, and return the next N tokens, [B, N].

        `state` is changed in place. Afterwards the model has read all tokens of a text but
        the last one drawn, which is the input of the next call.
        """
        drawn_BN = np.empty(uniforms_BN.shape, np.int64)
        for place, uniforms_B in enumerate(uniforms_BN.T):
            logits_BV = self.stepper.feed(ids_B, state)
            ids_B = self.draw(logits_BV, uniforms_B, params)
            drawn_BN[:, place] = ids_B
        return drawn_BN
