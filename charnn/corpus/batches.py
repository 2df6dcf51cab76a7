"""Batches for truncated backpropagation through time (BPTT), with the hidden state carried.

The training part is cut into `batch_size` contiguous rows. Each segment has the next `seq_len` ids
of every row, so row b of a segment continues row b of the segment before, and the final hidden
state of one segment is the initial state of the next. Only at the end of an epoch does every row
jump back to its start. The documents of a corpus may have another order in each epoch.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.document_order import DocumentOrder


class Batches:
    """The segments of an epoch.

    Args:
        ids: [N] the training part. If it is a memory map, a segment reads only its own ids from it.
        batch_size: the number of rows B.
        seq_len: the number T of ids that each row has in a segment; the last segment may be
            shorter.
        order: the order of the documents; None for the order of `ids`.
        rows: the rows that `segment` returns; None for all B rows.

    Raises:
        ValueError: there are fewer than B + 1 ids.
    """

    def __init__(
        self,
        ids: NDArray[Any],
        batch_size: int,
        seq_len: int,
        order: DocumentOrder | None = None,
        rows: range | None = None,
    ) -> None:
        # The last id is a target only. The ids that remain after the division are not used.
        self.row_length = (len(ids) - 1) // batch_size
        if self.row_length < 1:
            raise ValueError(f"{len(ids)} ids are too few for {batch_size} rows")
        self.ids = ids
        self.batch_size = batch_size
        self.seq_len = seq_len
        self._order = order
        self._row_starts = np.array(rows or range(batch_size)) * self.row_length

    def __len__(self) -> int:
        """Return the number of segments in an epoch."""
        return -(-self.row_length // self.seq_len)

    def segment(self, number: int, epoch: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return the inputs and the targets of a segment, [T, rows] each.

        The target of an id is the id after it.

        Args:
            number: the number of the segment in its epoch, from 0.
            epoch: the number of the epoch, from 0.
        """
        begin = number * self.seq_len
        end = min(begin + self.seq_len, self.row_length)
        positions = np.arange(begin, end + 1)[:, None] + self._row_starts[None, :]
        if self._order is not None:
            positions = self._order.places(epoch, positions)
        # int64, because torch's embedding takes no unsigned 16-bit ids.
        ids_TB = self.ids[positions].astype(np.int64)
        return ids_TB[:-1], ids_TB[1:]
