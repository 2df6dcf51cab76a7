"""The place of some rows in the batch that they were cut from.

A batch is trained in parts if it does not fit into the memory of one device, or if several
processes share it. What depends on a row's number must not change by that: its dropout masks, and
the step at which it is reset.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class BatchRows:
    """Contiguous rows of a batch.

    Attributes:
        begin: the number of the first row in the batch.
        end: the number after the last row.
        batch_size: the rows of the whole batch.
    """

    begin: int
    end: int
    batch_size: int

    @property
    def count(self) -> int:
        """Return the number of rows."""
        return self.end - self.begin

    @property
    def share(self) -> float:
        """Return the share of the batch that the rows are."""
        return self.count / self.batch_size

    def part(self, number: int, parts: int) -> "BatchRows":
        """Return one of several parts of these rows, as equal as possible, counted from 0."""
        begin, end = (self.begin + self.count * each // parts for each in (number, number + 1))
        return BatchRows(begin, end, self.batch_size)


def whole_batch(batch_size: int) -> BatchRows:
    """Return all rows of a batch."""
    return BatchRows(0, batch_size, batch_size)
