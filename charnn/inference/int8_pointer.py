"""The pointer of a network in plain arithmetic, with queries and keys of eight bits.

The equations are in `charnn.model.pointer`. NumPy runs the functions of this module as they are,
and numba compiles the same lines (`charnn.inference.numba_stepper`). Both return the same bits:

- Queries and keys are scaled to whole numbers up to 127. Their products and squared lengths are
  sums of whole numbers, exact in any order; the scale cancels in a cosine.
- Weights are whole numbers of a small unit, so that their sums are exact in any order as well.
- The rest is + - * / and square roots, whose rounding IEEE 754 defines.

The keys of a text lie in a ring: step t overwrites the key of step t - M.

Shape suffixes: B texts side by side, M steps of the memory, N of them in use, D width of a key,
V vocabulary.
"""

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

from charnn.inference.exponential import exponential, exponential_32, logarithm
from charnn.inference.rounding import round_32, round_64
from charnn.model.config import MAX_SENTINEL, SEPARATOR

# The rows and columns of keys are multiples of these numbers, as `int8_dot` needs.
PADDING = (4, 32)
# Weights of tokens and of steps are whole numbers of 1 / these units, which add up exactly in
# float64.
_UNITS, _STEP_UNITS = 2.0**32, np.float32(2**29)
_ONE = np.float32(1)
# The quotient of a whole number by this one is finite.
_TINY = np.float32(1e-30)
# Stands for the weight 0, which has no logarithm: less than any share of a weight.
_NO_COPY = 1e-30
# Less than the logarithm of any weight that is above 0.
_ROUNDED_TO_ZERO = 80.0
_MAX_SENTINEL = np.float32(MAX_SENTINEL)


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
    sharpness: Any,
    levels: Any,
    temperature: float,
    logits_V: Any,
) -> None:
    """Write the logits of the mixture to `logits_V`, and add this step to the memory.

    Args:
        memory: see `PointerMemory`; the row of this text is updated in place.
        row: the number of the text.
        token_id: the token that was read.
        outputs_R: the logits of the softmax [V], the query [D], the key [D] and the sentinel.
        sharpness: beta, float32.
        levels: the largest whole number in queries and keys, float32.
        temperature: the temperature of the mixture, see `mixed_logits`.
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
    lengths_N = inverse_lengths_BM[row, :used]
    scale = sharpness * inverse_length(query_D)
    weights_N, sentinel_weight = pointer_weights(products_N, lengths_N, scale, outputs_R[-1])
    copied_V = summed_weights(following_BM[row, :used], weights_N, vocab_size)
    mixed_V = mixed_logits(outputs_R[:vocab_size], copied_V, sentinel_weight, temperature)
    store(mixed_V, logits_V)
    key_D = whole_vector(outputs_R[vocab_size + width : -1], levels)
    place = count % steps
    store(key_D, keys_BMD[row, place, :width])
    sums_BM[row, place] = np.int32(key_D.sum())
    inverse_lengths_BM[row, place] = inverse_length(key_D)
    counts_B[row] = count + 1


def store(values_N: Any, target_N: Any) -> None:
    """Copy values, converted to the type of the target."""
    target_N[:] = values_N


def whole_vector(x_D: Any, levels: Any) -> Any:
    """Return a vector, scaled so that its largest absolute number is `levels`, and rounded."""
    largest = np.abs(x_D).max()
    scale = levels / largest if largest > _TINY else _ONE
    return round_32(x_D * scale)


def inverse_length(whole_D: Any) -> Any:
    """Return 1 / the length of a vector of whole numbers; 0 for zeros."""
    squared = (whole_D * whole_D).sum()
    return _ONE / np.sqrt(squared) if squared > 0 else squared


def products(keys_MD: Any, sums_N: Any, query_D: Any) -> Any:
    """Return the product of each of the first N keys with the query, [N] in float32."""
    return keys_MD[: len(sums_N), : len(query_D)].astype(np.float32) @ query_D


def pointer_weights(products_N: Any, lengths_N: Any, scale: Any, sentinel: Any) -> Any:
    """Return the weight of each step [N] and of the sentinel, whole numbers in int32.

    Args:
        products_N: the product of each key with the query.
        lengths_N: 1 / the length of each key.
        scale: beta / the length of the query, float32.
        sentinel: b_t.
    """
    exponents_N = products_N * lengths_N * scale
    sentinel = np.minimum(np.maximum(sentinel, -_MAX_SENTINEL), _MAX_SENTINEL)
    # Without the fraction, because integers are compared faster. Weights are at most e.
    highest = np.float32(largest_whole(exponents_N, sentinel))
    weights_N = exponential_32(exponents_N - highest) * _STEP_UNITS
    return weights_N.astype(np.int32), np.int32(exponential_32(sentinel - highest) * _STEP_UNITS)


def largest_whole(x: Any, initial: Any) -> Any:
    """Return the largest number of an array, or `initial` if it is larger, as int32."""
    return x.astype(np.int32).max(initial=np.int32(initial))


def summed_weights(following_N: Any, weights_N: Any, vocab_size: int) -> Any:
    """Return the sum of the weights of the steps that each token followed, [V] in float64."""
    return np.bincount(following_N, weights_N, vocab_size)


def mixed_logits(logits_V: Any, copied_V: Any, sentinel_weight: float, temperature: float) -> Any:
    """Return the logarithm of the mixture of softmax and copies, up to a constant.

    The temperature sharpens the softmax and the copies separately, and the share of the copies
    stays as it was learned. Sharpening their mixture made a text loop: at 0.5, 4 to 8 % of its runs
    of 20 characters were repetitions, 0.1 % of real text (benchmarks/quality.md).

    Args:
        logits_V: the logits of the softmax.
        copied_V: the sum of the weights of the steps that each token followed.
        sentinel_weight: the weight of the sentinel.
        temperature: the temperature, above 0.
    """
    exponents_V = (logits_V - logits_V.max()).astype(np.float64) / temperature
    softmax_V = round_64(exponential(exponents_V) * _UNITS)
    copied_V = sharpened(copied_V, temperature)
    mixture_V = softmax_V * (sentinel_weight / softmax_V.sum()) + copied_V
    # A weight that was rounded to 0 stays possible: a grammar may forbid all tokens but such ones.
    unlikely_V = exponents_V - _ROUNDED_TO_ZERO
    mixed_V = np.where(mixture_V > 0, logarithm(np.maximum(mixture_V, _NO_COPY)), unlikely_V)
    return mixed_V.astype(np.float32)


def sharpened(copied_V: Any, temperature: float) -> Any:
    """Return copies to the power of 1 / temperature, with the same sum."""
    total = copied_V.sum()
    if temperature == 1 or total == 0:
        return copied_V
    exponents_V = logarithm(np.maximum(copied_V, _NO_COPY))
    weights_V = round_64(exponential((exponents_V - exponents_V.max()) / temperature) * _UNITS)
    return weights_V * (total / weights_V.sum())
