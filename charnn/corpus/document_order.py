"""The order in which an epoch reads the documents of a corpus: a new random one for each epoch.

The tunes of a book are sorted by kind. In that order a network learns that a jig follows a jig, and
forgets the reels meanwhile: after 2,700 updates on the folk tunes, a shuffled order ends 0.03 nats
lower (benchmarks/quality.md).

Only the places of the documents are in memory. If there are very many, neighbours move together.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR

# The places take 100 MB. So many documents are short ones, and lines and passages are shuffled
# already where they are cut (`charnn.corpus.text_documents`).
MAX_PLACES = 1 << 21
# A memory map is searched in blocks: 4 million ids at a time.
_BLOCK = 1 << 22


class DocumentOrder:
    """A map from the places of an epoch to the places of the corpus.

    Args:
        ids: [N] the corpus; a `SEPARATOR` ends each document.
        seed: the seed of the orders.
    """

    def __init__(self, ids: NDArray[Any], seed: int) -> None:
        ends = _document_ends(ids)
        self._starts = np.concatenate([[0], ends[ends < len(ids)]])
        self._lengths = np.diff(self._starts, append=len(ids))
        self._ends_open = bool(ids[-1] != SEPARATOR)
        self._seed = seed
        self._epoch = -1

    def places(self, epoch: int, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places in the corpus of the ids that an epoch reads at some places."""
        if epoch != self._epoch:
            # A document without a separator, which the split has cut, stays at the end.
            order = np.arange(len(self._starts))
            whole = len(order) - self._ends_open
            order[:whole] = np.random.default_rng([self._seed, epoch]).permutation(whole)
            lengths = self._lengths[order]
            self._epoch_starts = np.cumsum(lengths) - lengths
            # A document moves as a whole.
            self._moves, self._epoch = self._starts[order] - self._epoch_starts, epoch
        document = np.searchsorted(self._epoch_starts, numbers, side="right") - 1
        moved: NDArray[np.int64] = numbers + self._moves[document]
        return moved


def _document_ends(ids: NDArray[Any]) -> NDArray[np.int64]:
    """Return the places after documents: after each, or after each 2nd, 4th, 8th and so on."""
    kept = np.empty(0, np.int64)
    documents, step = 0, 1
    for begin in range(0, len(ids), _BLOCK):
        ends = begin + 1 + np.flatnonzero(ids[begin : begin + _BLOCK] == SEPARATOR)
        numbers = np.arange(documents + 1, documents + 1 + len(ends))
        documents += len(ends)
        kept = np.concatenate([kept, ends[numbers % step == 0]])
        while len(kept) > MAX_PLACES:
            kept, step = kept[1::2], 2 * step
    return kept
