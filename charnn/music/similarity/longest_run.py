"""The longest run of notes that a tune shares with a collection of tunes."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from charnn.music.similarity.note_runs import Hashes, extend_hashes, hash_runs, spread_codes

# The shortest run that counts, in steps: almost every tune has three steps of any other.
LEAST_STEPS = 4
# It stands between two tunes, so that no run reaches from one to the next; no step has this code.
_DIVIDER = "\U0010ffff"


class SharedRuns:
    """A collection of tunes in which the runs of other tunes are looked up.

    Args:
        rows: the tunes, one character for each step.
    """

    def __init__(self, rows: Sequence[str]) -> None:
        text = "".join(f"{row}{_DIVIDER}" for row in rows)
        self._codes, self._hashes = spread_codes(text), hash_runs(text, LEAST_STEPS)
        self._ends = np.cumsum([len(row) + 1 for row in rows])

    def longest(self, row: str) -> tuple[int, int]:
        """Return the number of steps of the longest shared run, and the index of a tune with it.

        The number is 0 if no run of `LEAST_STEPS` is shared. All runs grow together, a step at a
        time, and those that only one side has are dropped, so the time does not depend on how often
        a run occurs.
        """
        own_codes, own = spread_codes(row), hash_runs(row, LEAST_STEPS)
        own_starts, starts = np.arange(len(own)), np.arange(len(self._hashes))
        hashes, length, found = self._hashes, LEAST_STEPS, (0, 0)
        while len(own) and len(hashes):
            known = _among(hashes, own)
            hashes, starts = hashes[known], starts[known]
            if not len(hashes):
                break
            found = length, int(np.searchsorted(self._ends, starts[0], side="right"))
            known = _among(own, hashes)
            own, own_starts = own[known], own_starts[known]
            own, own_starts = extend_hashes(own_codes, own, own_starts, length)
            hashes, starts = extend_hashes(self._codes, hashes, starts, length)
            length += 1
        return found


def _among(hashes: Hashes, others: Hashes) -> NDArray[np.bool_]:
    """Return which hashes are among the others, of which there are some."""
    known = np.unique(others)
    places = np.minimum(np.searchsorted(known, hashes), len(known) - 1)
    found: NDArray[np.bool_] = known[places] == hashes
    return found
