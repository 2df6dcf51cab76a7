"""Runs of notes: the sequences of N melody steps that a tune shares with a collection of tunes.

A run is represented by a 64-bit hash, so the runs of thousands of tunes are compared as sorted
arrays of numbers.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Starts = NDArray[np.int64]

# The base of the polynomial hash, modulo 2 ** 64; any large odd number serves.
_FACTOR = np.uint64(0x9E3779B97F4A7C15)
# Values in place of the index of a tune: several tunes have the run; no tune is excepted.
_SEVERAL_OWNERS = -1
_NOBODY = -2


class RunIndex:
    """An index of all runs of one length in a collection of tunes.

    Args:
        rows: the tunes, one character for each step.
        length: the number of steps in a run.
    """

    def __init__(self, rows: Sequence[str], length: int) -> None:
        hashes = [hash_runs(row, length) for row in rows]
        owners = np.repeat(np.arange(len(rows)), [len(row) for row in hashes])
        together = np.concatenate([*hashes, np.empty(0, np.uint64)])
        # A stable sort keeps the owners of equal runs in order, the lowest first.
        order = np.argsort(together, kind="stable")
        self._known, first, count = np.unique(
            together[order], return_index=True, return_counts=True
        )
        sorted_owners = owners[order]
        lowest, highest = sorted_owners[first], sorted_owners[first + count - 1]
        self._owner = np.where(lowest == highest, lowest, _SEVERAL_OWNERS)

    def share(self, hashes: Hashes, except_tune: int = _NOBODY) -> float:
        """Return the share of the given runs that occur in the collection.

        Args:
            hashes: the hashes of the runs, from `hash_runs`.
            except_tune: the index of a tune in `rows`. A run that no other tune contains does not
                count.
        """
        if not len(hashes) or not len(self._known):
            return 0.0
        places = np.minimum(np.searchsorted(self._known, hashes), len(self._known) - 1)
        found = (self._known[places] == hashes) & (self._owner[places] != except_tune)
        return float(found.mean())


def hash_runs(row: str, length: int) -> Hashes:
    """Return a hash of each run of `length` steps, in the order of the row.

    Two different runs rarely have the same hash: n different runs contain about
    n ** 2 / 2 ** 65 pairs with the same hash.
    """
    codes = spread_codes(row)
    hashes = np.zeros(max(0, len(codes) - length + 1), np.uint64)
    for offset in range(length):
        hashes = hashes * _FACTOR + codes[offset : offset + len(hashes)]
    return hashes


def extend_hashes(
    codes: Hashes, hashes: Hashes, starts: Starts, length: int
) -> tuple[Hashes, Starts]:
    """Return the hashes and starts of runs that are one step longer.

    A run that ends with its row is dropped.

    Args:
        codes: the steps of the row, from `spread_codes`.
        hashes: the hashes of runs of `length` steps, from `hash_runs` or this function.
        starts: the places in the row where the runs begin.
        length: their length.
    """
    inside = starts + length < len(codes)
    hashes, starts = hashes[inside], starts[inside]
    return hashes * _FACTOR + codes[starts + length], starts


def spread_codes(row: str) -> Hashes:
    """Return the code of each step, spread over all bits for the polynomial."""
    codes = np.frombuffer(row.encode("utf-32-le"), np.uint32).astype(np.uint64) + np.uint64(1)
    codes *= _FACTOR
    codes ^= codes >> np.uint64(29)
    return codes
