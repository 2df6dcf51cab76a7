"""Batches for truncated backpropagation: row b of a window continues row b of the one before it.

The training part is cut into `batch_size` contiguous rows, and each window takes the next `seq_len`
characters of every row, so that the state the network is left with is the right one to begin the
next window with. Only at the end of the rows, the true end of an epoch, does it start afresh.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Batches:
    """The windows of an epoch, in their order.

    Args:
        ids: [N] the training part; a memory map is read window by window.
        batch_size: rows B.
        seq_len: characters T of a window; an epoch's last window may be shorter.

    Raises:
        ValueError: there are fewer than two ids a row.
    """

    def __init__(self, ids: NDArray[Any], batch_size: int, seq_len: int) -> None:
        # The very last id is a target only, and what is left over by the division is not read.
        self.row_length = (len(ids) - 1) // batch_size
        if self.row_length < 1:
            raise ValueError(f"{len(ids)} ids are too few for {batch_size} rows")
        self.ids = ids
        self.batch_size = batch_size
        self.seq_len = seq_len
        self._row_starts = np.arange(batch_size) * self.row_length

    def __len__(self) -> int:
        """Windows in an epoch."""
        return -(-self.row_length // self.seq_len)

    def segment(self, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Inputs and targets of window `number` of an epoch, [T, B] each: the targets are the
        characters one further on."""
        begin = number * self.seq_len
        end = min(begin + self.seq_len, self.row_length)
        positions = np.arange(begin, end + 1)[:, None] + self._row_starts[None, :]
        ids_TB = self.ids[positions].astype(np.int64)
        return ids_TB[:-1], ids_TB[1:]
