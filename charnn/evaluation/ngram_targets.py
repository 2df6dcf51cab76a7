"""The probabilities that an n-gram model gives to the tokens of a text, all places at once.

The model is the one of `charnn.evaluation.ngram_counts`, interpolated with Witten-Bell smoothing.
That module returns the whole distribution at one place after the other; where only the probability
of the token that came is needed, sorting the text does it for all places together.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.evaluation.ngram_counts import HISTORY

# The context of a 5-gram.
CONTEXT = 4


def target_probabilities(
    ids: NDArray[Any], training: NDArray[Any] | None, vocab_size: int
) -> NDArray[np.float64]:
    """Return the probability of each token of a text by a 5-gram model, [N].

    The last `HISTORY` tokens before a place count, at most. The memory is bounded.

    Args:
        ids: [N] the text.
        training: the tokens that are counted. None counts, at each place, the text before it.
        vocab_size: the number V of token ids.
    """
    parts = []
    for begin in range(0, len(ids), HISTORY):
        chunk = ids[begin : begin + HISTORY]
        before = ids[max(0, begin - (HISTORY if training is None else CONTEXT)) : begin]
        if training is None:
            parts.append(_probabilities(before, chunk, vocab_size, adaptive=True, counted=0))
            continue
        counted = training[-HISTORY:]
        read = np.concatenate([counted, before])
        part = _probabilities(read, chunk, vocab_size, adaptive=False, counted=len(counted))
        parts.append(part)
    return np.concatenate(parts)


def _probabilities(
    before: NDArray[Any], ids: NDArray[Any], vocab_size: int, *, adaptive: bool, counted: int
) -> NDArray[np.float64]:
    """Return the probabilities of `ids` after `before`, of which the first `counted` ids count.

    With `adaptive`, all ids before a place count.
    """
    start = len(before)
    ids_N = np.concatenate([before, ids]).astype(np.int64)
    p_N = np.full(len(ids), 1 / vocab_size)
    contexts_N = np.zeros(len(ids_N), np.int64)
    for _ in range(CONTEXT + 1):
        # As in `ngram_counts`, the n-grams of one order are the contexts of the next one.
        grams, grams_N = np.unique(contexts_N * vocab_size + ids_N, return_inverse=True)
        if adaptive:
            earlier_N = _earlier(grams_N)
            gram_counts = earlier_N[start:]
            context_counts = _earlier(contexts_N)[start:]
            kinds = _summed_before(contexts_N, earlier_N == 0)[start:]
        else:
            counts = np.bincount(grams_N[:counted], minlength=len(grams))
            gram_counts = counts[grams_N[start:]]
            size = int(contexts_N.max()) + 1
            context_counts = np.bincount(contexts_N[:counted], minlength=size)[contexts_N[start:]]
            met_contexts = grams[counts > 0] // vocab_size
            kinds = np.bincount(met_contexts, minlength=size)[contexts_N[start:]]
        met = context_counts > 0
        smoothed = (gram_counts + kinds * p_N)[met] / (context_counts + kinds)[met]
        p_N[met] = smoothed
        contexts_N = np.concatenate([[len(grams)], grams_N[:-1]])
    return p_N


def _earlier(values_N: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return, for each place, how often its value occurs before it."""
    return _summed_before(values_N, np.ones(len(values_N), np.int64))


def _summed_before(values_N: NDArray[np.int64], terms_N: NDArray[Any]) -> NDArray[np.int64]:
    """Return, for each place, the sum of the terms at earlier places with the same value."""
    order = np.argsort(values_N, kind="stable")
    sorted_N = values_N[order]
    sums = np.concatenate([[0], np.cumsum(terms_N[order])])[:-1]
    is_first = np.concatenate([[True], sorted_N[1:] != sorted_N[:-1]])
    # The sum before the first place of each value, carried over its other places.
    group = np.cumsum(is_first) - 1
    result = np.empty(len(values_N), np.int64)
    result[order] = sums - sums[is_first][group]
    return result
