"""N-gram models of several orders whose counts grow as a text is read.

Each order is an interpolated n-gram with Witten-Bell smoothing (Witten & Bell 1991, method C). For
a context h that occurred n(h) times before and was followed by t(h) different tokens,

    p(c | h) = (n(hc) + t(h) p(c | h')) / (n(h) + t(h)),    h' = h without its first token,

down to the uniform distribution over the vocabulary; p(c | h) = p(c | h') where h did not occur.

The contexts and n-grams of the whole text are numbered in advance, so that a count is an element of
an array. An n-gram that has not occurred yet has the count 0 and changes no probability, so the
probabilities at a position depend on earlier tokens only.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# The length of the longest context. On tinyshakespeare, the mixture with dynamic evaluation reaches
# 1.327 nats with 6, 1.315 with 8, 1.312 with 10 and 1.311 with 12 (the first 20,000 characters).
MAX_CONTEXT = 10
# The number of tokens before the scored part that are counted in advance. It bounds the memory, to
# about 200 MB.
HISTORY = 1 << 20


class NgramCounts:
    """The counts of all n-grams of a text up to a position that moves forward.

    Args:
        ids: [N] the context, then the ids that are predicted.
        start: the index of the first predicted id. The ids before it are counted at once.
        vocab_size: the number V of token ids.
    """

    def __init__(self, ids: NDArray[Any], start: int, vocab_size: int) -> None:
        begin = max(0, start - HISTORY)
        ids_N = ids[begin:].astype(np.int64)
        self._uniform_V = np.full(vocab_size, 1 / vocab_size)
        self._orders = []
        contexts_N = np.zeros(len(ids_N), np.int64)
        for _ in range(MAX_CONTEXT + 1):
            grams, grams_N = np.unique(contexts_N * vocab_size + ids_N, return_inverse=True)
            order = _Order(grams, grams_N, contexts_N, vocab_size)
            order.count_before(start - begin)
            self._orders.append(order)
            # The n-grams of this order are the contexts of the next one. The beginning of the text
            # gets a number of its own.
            contexts_N = np.concatenate([[len(grams)], grams_N[:-1]])

    def probabilities(self, place: int) -> NDArray[np.float64]:
        """Return the probabilities by every order, [MAX_CONTEXT + 1, V], from the shortest context.

        Args:
            place: the position, counted from `start`. All positions before it must have been added.
        """
        rows = []
        row_V = self._uniform_V
        for order in self._orders:
            row_V = order.smooth(place, row_V)
            rows.append(row_V)
        return np.array(rows)

    def add(self, place: int) -> None:
        """Count the id at a position, after it was predicted."""
        for order in self._orders:
            order.add(place)


class _Order:
    """The counts of the n-grams with contexts of one length.

    Args:
        grams: the distinct n-grams, sorted: the number of the context times V plus the last token.
        grams_N: the number of the n-gram that ends at each position, an index of `grams`.
        contexts_N: the number of the context before each position.
        vocab_size: the number V of token ids.
    """

    def __init__(
        self,
        grams: NDArray[np.int64],
        grams_N: NDArray[np.int64],
        contexts_N: NDArray[np.int64],
        vocab_size: int,
    ) -> None:
        self._grams_N, self._contexts_N = grams_N, contexts_N
        self._gram_contexts, self._tokens = np.divmod(grams, vocab_size)
        # The n-grams of context h are those from _bounds[h] to _bounds[h + 1].
        self._bounds = np.searchsorted(self._gram_contexts, np.arange(contexts_N.max() + 2))
        self._counts = np.zeros(len(grams))  # n(hc)
        self._totals = np.zeros(len(self._bounds) - 1)  # n(h)
        self._kinds = np.zeros(len(self._bounds) - 1)  # t(h)

    def count_before(self, start: int) -> None:
        """Count the ids before `start` at once. Later calls number the positions from `start`."""
        self._counts += np.bincount(self._grams_N[:start], minlength=len(self._counts))
        self._totals += np.bincount(self._contexts_N[:start], minlength=len(self._totals))
        met = self._gram_contexts[self._counts > 0]
        self._kinds += np.bincount(met, minlength=len(self._kinds))
        # Copies, so that the numbers before `start` leave the memory.
        self._grams_N = self._grams_N[start:].copy()
        self._contexts_N = self._contexts_N[start:].copy()

    def smooth(self, place: int, shorter_V: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the probabilities by this order, [V], from those by the next shorter context."""
        context = self._contexts_N[place]
        total, kinds = self._totals[context], self._kinds[context]
        if not total:
            return shorter_V
        grams = slice(self._bounds[context], self._bounds[context + 1])
        smoothed_V: NDArray[np.float64] = shorter_V * (kinds / (total + kinds))
        smoothed_V[self._tokens[grams]] += self._counts[grams] / (total + kinds)
        return smoothed_V

    def add(self, place: int) -> None:
        """Count the id at a position."""
        gram, context = self._grams_N[place], self._contexts_N[place]
        self._kinds[context] += self._counts[gram] == 0
        self._counts[gram] += 1
        self._totals[context] += 1
