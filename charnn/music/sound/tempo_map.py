"""The tempo map of a performance: from quarter notes to seconds."""

from bisect import bisect_right
from fractions import Fraction
from itertools import pairwise

from charnn.music.performance.performance import Performance
from charnn.music.tune.tune import Tempo


class TempoMap:
    """A conversion from quarter notes to seconds that follows all tempos of a performance."""

    def __init__(self, performance: Performance) -> None:
        changes = [change for change in performance.changes if isinstance(change.value, Tempo)]
        self._onsets = [change.onset for change in changes]  # of each tempo, in quarter notes
        self._seconds_per_quarter = [
            60 / float(change.value.beat * change.value.beats)
            for change in changes
            if isinstance(change.value, Tempo)
        ]
        self._starts = [0.0]  # of each tempo, in seconds
        for (onset, next_onset), pace in zip(
            pairwise(self._onsets), self._seconds_per_quarter, strict=False
        ):
            self._starts.append(self._starts[-1] + float(next_onset - onset) * pace)

    def seconds(self, time: Fraction) -> float:
        """Return the seconds from the beginning to `time`, which is in quarter notes."""
        index = max(bisect_right(self._onsets, time) - 1, 0)
        elapsed = float(time - self._onsets[index])
        return self._starts[index] + elapsed * self._seconds_per_quarter[index]
