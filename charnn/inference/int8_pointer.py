"""The pointer of a network in plain arithmetic, with queries and keys of eight bits.

The equations are in `charnn.model.pointer`. NumPy runs the functions of this module as they are,
and numba compiles the same lines (`charnn.inference.numba_stepper`). Both return the same bits:

- Queries and keys are scaled to whole numbers up to 127. Their products and squared lengths are
  sums of whole numbers, exact in any order; the scale cancels in a cosine.
- Weights are rounded to multiples of 2^-32, so that their sums are exact in any order as well.
- The rest is + - * / and square roots, whose rounding IEEE 754 defines.

The keys of a text lie in a ring: step t overwrites the key of step t - M.

Shape suffixes: B texts side by side, M steps of the memory, N of them in use, D width of a key,
V vocabulary.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charnn.inference.exponential import LN_2, exponential, whole
from charnn.model.config import SEPARATOR

# The rows and columns of keys are multiples of these numbers, as `int8_dot` needs.
PADDING = (4, 32)
# Weights are whole numbers of this unit. A memory of 2^20 steps still adds up exactly in float64.
_UNITS = 2.0**32
# Adding and subtracting this number rounds a float32 to a whole number, see `quantised`.
_ROUNDING_32 = np.float32(1.5 * 2**23)
_ONE = np.float32(1)
# For the first guess of a logarithm: the bits of a float64, read as an integer, are nearly linear
# in its logarithm.
_BITS_PER_DOUBLING, _BITS_OF_ONE = 2.0**52, 1022.957
_TINY = 1e-300


class PointerMemory(NamedTuple):
    """The last M steps of B texts.

    Attributes:
        keys_BMD: the key of each step, in whole numbers. M and D are padded as `int8_dot` needs.
        sums_BM: the sum of the numbers of each key, which `int8_dot` needs.
        inverse_lengths_BM: 1 / the length of each key.
        following_BM: the token that followed each step.
        counts_B: the number of steps since the document began.
    """

    keys_BMD: NDArray[Any]
    sums_BM: NDArray[np.int32]
    inverse_lengths_BM: NDArray[np.float32]
    following_BM: NDArray[np.int64]
    counts_B: NDArray[np.int64]


def empty_memory(rows: int, steps: int, width: int, dtype: DTypeLike) -> PointerMemory:
    """Return the memory before the first token of `rows` texts, with keys of a type."""
    padded = rows, steps + -steps % PADDING[0], width + -width % PADDING[1]
    return PointerMemory(
        np.zeros(padded, dtype),
        np.zeros((rows, steps), np.int32),
        np.zeros((rows, steps), np.float32),
        np.zeros((rows, steps), np.int64),
        np.zeros(rows, np.int64),
    )


def point(
    memory: Any,
    row: int,
    token_id: int,
    outputs_R: Any,
    sharpness: float,
    levels: Any,
    logits_V: Any,
) -> None:
    """Write the logits of the mixture to `logits_V`, and add this step to the memory.

    Args:
        memory: see `PointerMemory`; the row of this text is updated in place.
        row: the number of the text.
        token_id: the token that was read.
        outputs_R: the logits of the softmax [V], the query [D], the key [D] and the sentinel.
        sharpness: beta.
        levels: the largest whole number in queries and keys, float32.
        logits_V: the array for the result.
    """
    keys_BMD, sums_BM, inverse_lengths_BM, following_BM, counts_B = memory
    vocab_size, steps = len(logits_V), following_BM.shape[1]
    width = (len(outputs_R) - vocab_size - 1) // 2
    if token_id == SEPARATOR:
        counts_B[row] = 0
    count = counts_B[row]
    if count > 0:
        following_BM[row, (count - 1) % steps] = token_id
    used = min(count, steps)
    query_D = whole_vector(outputs_R[vocab_size : vocab_size + width], levels)
    products_N = products(keys_BMD[row], sums_BM[row, :used], query_D)
    cosines_N = products_N * inverse_lengths_BM[row, :used] * inverse_length(query_D)
    weights = pointer_weights(cosines_N, sharpness, outputs_R[-1])
    copied_V = np.bincount(following_BM[row, :used], weights[:-1], vocab_size)
    logits_V[:] = mixed_logits(outputs_R[:vocab_size], copied_V, weights[-1])
    key_D = whole_vector(outputs_R[vocab_size + width : -1], levels)
    place = count % steps
    keys_BMD[row, place, :width] = key_D.astype(keys_BMD.dtype)
    sums_BM[row, place] = np.int32(key_D.sum())
    inverse_lengths_BM[row, place] = inverse_length(key_D)
    counts_B[row] = count + 1


def whole_vector(x_D: Any, levels: Any) -> Any:
    """Return a vector, scaled so that its largest absolute number is `levels`, and rounded."""
    largest = np.abs(x_D).max()
    scale = levels / largest if largest > 0 else _ONE
    return (x_D * scale + _ROUNDING_32) - _ROUNDING_32


def inverse_length(whole_D: Any) -> Any:
    """Return 1 / the length of a vector of whole numbers; 0 for zeros."""
    squared = (whole_D * whole_D).sum()
    return _ONE / np.sqrt(squared) if squared > 0 else squared


def products(keys_MD: Any, sums_N: Any, query_D: Any) -> Any:
    """Return the product of each of the first N keys with the query, [N] in float32."""
    return keys_MD[: len(sums_N), : len(query_D)].astype(np.float32) @ query_D


def pointer_weights(cosines_N: Any, sharpness: float, sentinel: float) -> Any:
    """Return the weight of each step and, last, of the sentinel, [N + 1] whole numbers.

    Args:
        cosines_N: cos(q_t, k_s).
        sharpness: beta.
        sentinel: b_t.
    """
    exponents = np.empty(len(cosines_N) + 1)
    exponents[:-1] = sharpness * cosines_N.astype(np.float64)
    exponents[-1] = sentinel
    # Rounded cosines may exceed 1 a little.
    return whole(exponential(exponents - exponents.max()) * _UNITS)


def mixed_logits(logits_V: Any, copied_V: Any, sentinel_weight: float) -> Any:
    """Return the logarithm of the mixture of softmax and copies, which sums to any constant.

    Args:
        logits_V: the logits of the softmax.
        copied_V: the sum of the weights of the steps that each token followed.
        sentinel_weight: the weight of the sentinel.
    """
    softmax_V = whole(exponential((logits_V - logits_V.max()).astype(np.float64)) * _UNITS)
    mixture_V = softmax_V * (sentinel_weight / softmax_V.sum()) + copied_V
    return logarithm(mixture_V / mixture_V.max()).astype(np.float32)


def logarithm(x: Any) -> Any:
    """Return the natural logarithm of numbers in [0, 1]; -inf for 0.

    The error is below 1e-9. A first guess from the bits of the number is improved by two steps of
    Halley's method, which triples the exact digits.
    """
    y = (x.view(np.int64) / _BITS_PER_DOUBLING - _BITS_OF_ONE) * LN_2
    for _ in range(2):
        y = np.minimum(y, 0.0)
        e = exponential(y)
        y = y + 2 * (x - e) / (x + e + _TINY)
    return np.where(x > 0, y, -np.inf)
