"""From logits to the next token: temperature, top-k, top-p, min-p, and the draw.

Plain arithmetic on arrays: NumPy runs these lines as they are, and numba compiles the same lines
(`charnn.sampling.numba_decoder`), so both draw the same tokens.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.inference.exponential import exponential

Weights = NDArray[np.float64]

# A random number below 1 times a sum can round up to the sum, and the search would then run past
# the last token. This factor keeps the product below the sum. (The largest float64 below 1 is
# 1 - 2**-53.)
_BELOW_ONE = 1 - 2**-52


def draw_token(
    logits_V: NDArray[np.float32],
    uniform: float,
    temperature: float,
    top_k: int,
    top_p: float,
    min_p: float,
) -> Any:
    """Return the token id that a random number `uniform` in [0, 1) selects.

    This is inverse transform sampling; temperature 0 returns the likeliest token.
    """
    if temperature == 0:
        return np.argmax(logits_V)
    weights = sampling_weights(logits_V, temperature, top_k, top_p, min_p)
    cumulative = np.cumsum(weights)
    return np.searchsorted(cumulative, uniform * (cumulative[-1] * _BELOW_ONE), side="right")


def sampling_weights(
    logits_V: NDArray[np.float32], temperature: float, top_k: int, top_p: float, min_p: float
) -> Weights:
    """Return weights [V] that are proportional to the probabilities, for a temperature above 0.

    The temperature is applied first, then top-k, top-p and min-p. Each of these three sets the
    weights below a limit to 0, so equally likely tokens are kept or removed together.
    """
    weights: Weights
    weights = exponential((logits_V - logits_V.max()).astype(np.float64) / temperature)
    weights = keep_top_k(weights, top_k)
    weights = keep_top_p(weights, top_p)
    return keep_min_p(weights, min_p)


def keep_top_k(weights_V: Weights, top_k: int) -> Weights:
    """Keep the `top_k` likeliest tokens; 0 keeps all (Fan, Lewis and Dauphin 2018)."""
    count = len(weights_V)
    if top_k <= 0 or top_k >= count:
        return weights_V
    kept_V: Weights = weights_V * (weights_V >= np.sort(weights_V)[count - top_k])
    return kept_V


def keep_top_p(weights_V: Weights, top_p: float) -> Weights:
    """Keep the smallest set of likeliest tokens whose probabilities sum to `top_p`; 1 keeps all.

    This is nucleus sampling (Holtzman et al. 2020).
    """
    if top_p >= 1:
        return weights_V
    rising = np.sort(weights_V)
    cumulative = np.cumsum(rising)
    # Remove the unlikeliest tokens, together at most 1 - top_p of the probability.
    first = np.searchsorted(cumulative, (1 - top_p) * cumulative[-1], side="right")
    kept_V: Weights = weights_V * (weights_V >= rising[min(first, len(weights_V) - 1)])
    return kept_V


def keep_min_p(weights_V: Weights, min_p: float) -> Weights:
    """Keep the tokens at least `min_p` times as likely as the likeliest; 0 keeps all (Nguyen et al.
    2024)."""
    if min_p <= 0:
        return weights_V
    kept_V: Weights = weights_V * (weights_V >= min_p * weights_V.max())
    return kept_V
