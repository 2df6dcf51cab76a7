"""A decoder compiled by numba from the lines of the plain decoder, so both draw the same tokens."""

from typing import Any

import numpy as np
from numba.extending import register_jitable

from charnn.inference.numba_stepper import CompiledStepper, feed
from charnn.inference.quantised import Array
from charnn.inference.stepper import TokenIds
from charnn.inference.stepper_state import StepperState
from charnn.model.numba_cache import compiled, is_on_disk
from charnn.sampling import logits
from charnn.sampling.decoder import Decoder, Uniforms
from charnn.sampling.params import SamplingParams

# numba compiles a function that is called from compiled code only if it is registered.
for _function in (logits.keep_top_k, logits.keep_top_p, logits.keep_min_p):
    register_jitable(_function)
register_jitable(logits.sampling_weights)
register_jitable(logits.draw_token)
_draw_token = logits.draw_token


class NumbaDecoder(Decoder):
    """A compiled decoder for one long text or, with a `BatchedStepper`, for many texts."""

    tokens_per_call = 16
    stepper: CompiledStepper

    def draw(self, logits_BV: Array, uniforms_B: Uniforms, params: SamplingParams) -> TokenIds:
        """Return the id of the next token of each text, [B]."""
        drawn_B = np.empty(len(uniforms_B), np.int64)
        _draw(logits_BV, uniforms_B, params.arguments, drawn_B)
        return drawn_B

    def generate(
        self, ids_B: TokenIds, state: StepperState, uniforms_BN: Uniforms, params: SamplingParams
    ) -> TokenIds:
        """Return the next N tokens of each text [B, N], as `Decoder.generate` does.

        If there is only one text, one compiled call generates all N tokens.
        """
        # Several texts run through torch (`BatchedStepper`), which compiled code cannot call. The
        # calls from Python cost little then, because each call serves all texts.
        if len(ids_B) > 1:
            return super().generate(ids_B, state, uniforms_BN, params)
        drawn_BN = np.empty(uniforms_BN.shape, np.int64)
        network, arguments = self.stepper.network, params.arguments
        _generate(
            network,
            state.hidden_SLBH,
            state.memory,
            state.temperature,
            ids_B[0],
            uniforms_BN[0],
            arguments,
            drawn_BN[0],
        )
        return drawn_BN


def is_cached() -> bool:
    """Return whether machine code of an earlier process is on the disk."""
    return is_on_disk(_generate)


@compiled
def _draw(logits_BV: Any, uniforms_B: Any, arguments: Any, drawn_B: Any) -> None:
    for row in range(len(uniforms_B)):
        drawn_B[row] = _draw_token(logits_BV[row], uniforms_B[row], *arguments)


@compiled
def _generate(
    network: Any,
    hidden_SL1H: Any,
    memory: Any,
    temperature: float,
    token_id: int,
    uniforms_N: Any,
    arguments: Any,
    drawn_N: Any,
) -> None:
    ids_1 = np.full(1, token_id)
    logits_1V = np.empty((1, len(network[1])), np.float32)
    for place in range(len(uniforms_N)):
        feed(network, ids_1, hidden_SL1H, memory, temperature, logits_1V)
        ids_1[0] = _draw_token(logits_1V[0], uniforms_N[place], *arguments)
        drawn_N[place] = ids_1[0]
