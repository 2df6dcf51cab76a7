"""How many CPU threads a step runs on: as many as make it fastest, now and later.

More is not always better. The products of a step are small, and its threads wait for each other at
every one of them: where another program keeps one core busy, a step on all cores takes forty times
as long. So the counts are compared at the start, again when a step takes much longer than it did,
and now and then while there are fewer threads than there might be. They are compared by the steps
themselves, of training or of writing many texts, so all that it costs is the time of a slow one.
"""

import os

import torch

# Steps that a count is tried for; the fastest of them tells, for the others were disturbed.
TRIES = 3
# So many times slower than usual is no accident, if it happens twice; or so many times, once.
SLOW, VERY_SLOW = 2.0, 4.0
# More threads are tried again after so many times the time that the last trial took; and after
# twice as long each time it was in vain, up to so many seconds.
SELDOM, LONGEST_WAIT = 20.0, 160.0


def available_threads() -> int:
    """CPU cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Threads:
    """The count in use: torch's own, so there is one at a time.

    Args:
        most: the largest count to try; then half of it, a quarter, ... and one.

    Attributes:
        count: the threads of the next step.
        comparing: whether counts are being tried, and `count` is one of them.
    """

    def __init__(self, most: int) -> None:
        self.counts = sorted({most >> halvings for halvings in range(most.bit_length())})
        self.count = self.counts[0]
        self._seconds: dict[int, float] = {}
        self._tried: list[float] = []
        self._wait = 0.0
        self._waited = 0.0
        self._slow = 0
        self._compare(self.counts)

    def took(self, seconds: float, work: float = 1.0) -> None:
        """Hear how long a step took, and set the threads of the next one.

        Args:
            seconds: of the step.
            work: how much it did; steps are compared by seconds for each unit of it.
        """
        pace = seconds / work
        if self.comparing:
            self._spent += seconds
            self._note(pace)
            return
        usual = self._seconds[self.count]
        self._seconds[self.count] = min(usual, pace)
        self._slow = self._slow + 1 if pace > SLOW * usual else 0
        self._waited += seconds
        if self._slow == 2 or pace > VERY_SLOW * usual:
            self._seconds = {self.count: pace}
            self._compare([count for count in self.counts if count != self.count])
        elif self._waited > self._wait and self.count < self.counts[-1]:
            self._seconds = {self.count: self._seconds[self.count]}
            self._compare([count for count in self.counts if count > self.count])

    def _compare(self, counts: list[int]) -> None:
        """Try `counts`, besides those whose times are known."""
        self._before, self._spent = self.count, 0.0
        self._left = list(counts)
        self._go_on()

    def _note(self, pace: float) -> None:
        self._tried.append(pace)
        best = min(self._seconds.values(), default=pace)
        if len(self._tried) == TRIES or pace > SLOW * best:
            self._seconds[self.count] = min(self._tried)
            del self._left[0]
            self._go_on()

    def _go_on(self) -> None:
        """To the next count that is to be tried, or to the best of all."""
        self.comparing = bool(self._left)
        if self.comparing:
            self.count = self._left[0]
            self._tried = []
        else:
            self.count = min(self._seconds, key=lambda count: self._seconds[count])
            in_vain = 2 * self._wait if self.count == self._before else 0.0
            self._wait = min(max(in_vain, SELDOM * self._spent), LONGEST_WAIT)
            self._waited = 0.0
            self._slow = 0
        torch.set_num_threads(self.count)
