"""The choice of the number of CPU threads that makes a step fastest, renewed when the load changes.

More threads are not always faster. The matrix products of a step are small, and the threads wait
for each other after every one; where another program keeps one core busy, a step on all cores takes
forty times as long. So the counts are compared at the start, again when a step suddenly takes much
longer, and from time to time while fewer threads are in use than there are cores.

The counts are compared by real steps (of training, or of generating many texts), so a comparison
costs only the extra time of the steps that are slower.
"""

import os

import torch

# Steps for which a count is tried. The fastest of them counts; the others were disturbed.
TRIAL_STEPS = 3
# A step this many times slower than usual starts a comparison if it happens twice in a row, or once
# if it is even slower: a single slow step is often an accident.
SLOW_FACTOR, VERY_SLOW_FACTOR = 2.0, 4.0
# More threads are tried again after this many times the duration of the last comparison, so that
# trials cost at most 5 % of the time. The wait doubles after each trial in vain.
WAIT_FACTOR, MAX_WAIT_SECONDS = 20.0, 160.0


def available_threads() -> int:
    """Return the number of CPU cores that this process may use."""
    # In a container or under taskset, a process may use fewer cores than the machine has.
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


class Threads:
    """The choice of torch's thread count, which is global: only one choice may be active at a time.

    Args:
        max_count: the largest count to try. The other counts are its half, its quarter and so on,
            down to 1.

    Attributes:
        count: the number of threads for the next step.
        comparing: whether the counts are being compared; then `count` is on trial.
    """

    def __init__(self, max_count: int) -> None:
        self.counts = sorted({max_count >> halvings for halvings in range(max_count.bit_length())})
        self.count = self.counts[0]
        self._best_pace: dict[int, float] = {}  # by count, seconds for a unit of work
        self._trial_paces: list[float] = []
        self._wait = 0.0
        self._waited = 0.0
        self._slow_steps = 0
        self._compare(self.counts)

    def took(self, seconds: float, work: float = 1.0) -> None:
        """Record the duration of a step, and set the number of threads for the next step.

        Args:
            seconds: duration of the step.
            work: amount of work in the step; durations are compared per unit of work.
        """
        pace = seconds / work
        if self.comparing:
            self._comparison_seconds += seconds
            self._record_trial(pace)
            return
        usual = self._best_pace[self.count]
        self._best_pace[self.count] = min(usual, pace)
        self._slow_steps = self._slow_steps + 1 if pace > SLOW_FACTOR * usual else 0
        self._waited += seconds
        if self._slow_steps == 2 or pace > VERY_SLOW_FACTOR * usual:
            self._best_pace = {self.count: pace}
            self._compare([count for count in self.counts if count != self.count])
        elif self._waited > self._wait and self.count < self.counts[-1]:
            self._best_pace = {self.count: self._best_pace[self.count]}
            self._compare([count for count in self.counts if count > self.count])

    def _compare(self, counts: list[int]) -> None:
        """Start trials of `counts`, to compare them with the counts whose pace is known."""
        self._count_before, self._comparison_seconds = self.count, 0.0
        self._untried = list(counts)
        self._next_trial()

    def _record_trial(self, pace: float) -> None:
        """Record a step of a trial. The trial ends early if the count is very slow."""
        self._trial_paces.append(pace)
        best = min(self._best_pace.values(), default=pace)
        if len(self._trial_paces) == TRIAL_STEPS or pace > SLOW_FACTOR * best:
            self._best_pace[self.count] = min(self._trial_paces)
            del self._untried[0]
            self._next_trial()

    def _next_trial(self) -> None:
        """Set torch's threads to the next count to try, or after all trials to the fastest."""
        self.comparing = bool(self._untried)
        if self.comparing:
            self.count = self._untried[0]
            self._trial_paces = []
        else:
            self.count = min(self._best_pace, key=lambda count: self._best_pace[count])
            was_in_vain = self.count == self._count_before
            doubled = 2 * self._wait if was_in_vain else 0.0
            self._wait = min(max(doubled, WAIT_FACTOR * self._comparison_seconds), MAX_WAIT_SECONDS)
            self._waited = 0.0
            self._slow_steps = 0
        torch.set_num_threads(self.count)
