"""The number of CPU threads of a run: set by the user, or measured on the run's own steps."""

import time
from collections.abc import Callable

import torch

from charnn.model.threads import Threads, available_threads


class ThreadTuner:
    """A chooser of torch's number of threads.

    Args:
        device: the device that trains; only a CPU's threads are tuned.
        requested: the number of threads that the user set, or 0 to measure which is fastest.
    """

    def __init__(self, device: str, requested: int) -> None:
        self._is_fixed = device != "cpu" or bool(requested)
        self._requested = requested
        self._threads: Threads | None = None
        self._reported = 0

    def start(self, trial_step: Callable[[], object]) -> None:
        """Set the number of threads for the first step.

        Args:
            trial_step: a function that does a step without updating the weights. It is timed with
                several numbers of threads. The random state is restored afterwards, so that the
                trials do not change the run.
        """
        if self._is_fixed:
            torch.set_num_threads(self._requested or torch.get_num_threads())
            return
        # The trials draw dropout masks, which a run with a set number of threads does not draw.
        random_state = torch.get_rng_state()
        self._threads = Threads(available_threads())
        while self._threads.comparing:
            begin = time.perf_counter()
            trial_step()
            self._threads.took(time.perf_counter() - begin)
        torch.set_rng_state(random_state)
        self._reported = torch.get_num_threads()

    def observe(self, seconds: float) -> int | None:
        """Record the time of a step in seconds, and set the number of threads of the next step.

        Returns:
            The new number of threads if the choice has changed; else None.
        """
        if self._threads is None:
            return None
        self._threads.took(seconds)
        if self._threads.comparing or self._threads.count == self._reported:
            return None
        self._reported = self._threads.count
        return self._reported
