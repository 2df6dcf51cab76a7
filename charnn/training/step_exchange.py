"""The exchange of a step between the processes of a run: one sum, by which all agree.

The sum contains the gradients of the batch, its loss, the number of its characters, and what the
processes must decide together: whether to stop, whether to save, the time that is spent, and the
number of parts that fit into the memory of each.
"""

from collections.abc import Callable, Sequence

from torch import Tensor

from charnn.training.processes import Processes


class StepExchange:
    """The agreement of the processes on a step.

    Args:
        processes: the processes of the run; one that is alone agrees with itself.
        clock: a function that returns the seconds spent on the run.
        should_stop: a function that returns True if this process must stop.
        overdue: a function that returns True if this process has to write files again.

    Attributes:
        characters: the characters that the rows of all processes predicted in the last step.
        parts: the largest number of parts in which a process trained its rows in the last step.
    """

    def __init__(
        self,
        processes: Processes,
        clock: Callable[[], float],
        should_stop: Callable[[], bool],
        overdue: Callable[[], bool],
    ) -> None:
        self._processes = processes
        self._clock = clock
        self._should_stop = should_stop
        self._overdue = overdue
        self.characters = 0
        self.parts = 1

    def add_up(
        self, gradients: Sequence[Tensor], loss: Tensor, characters: int, parts: int
    ) -> Tensor:
        """Add up the gradients of the rows of all processes in place, and return their loss.

        Args:
            gradients: the gradients of this process's rows, as shares of those of the batch.
            loss: their share of the loss of the batch.
            characters: the characters that they predicted.
            parts: the number of parts in which they were trained.
        """
        self.characters, self.parts = characters, parts
        if self._processes.is_alone:
            return loss
        # float32 holds a number of seconds exactly only in two parts.
        seconds = self._clock() if self._processes.leads else 0.0
        figures = (
            float(loss),
            characters,
            self._should_stop(),
            self._overdue(),
            seconds // 1,
            seconds % 1,
            # A sum of lists in which each process has one entry is the list of all entries.
            *(parts * (rank == self._processes.rank) for rank in range(self._processes.size)),
        )
        total, count, stops, overdue, whole, rest, *all_parts = self._processes.sum_step(
            gradients, figures
        )
        self.characters, self.parts = round(count), round(max(all_parts))
        self._agreed = bool(stops), bool(overdue), whole + rest
        return loss.new_tensor(total)

    @property
    def stops(self) -> bool:
        """Return whether the run must stop after the last step."""
        return self._should_stop() if self._processes.is_alone else self._agreed[0]

    @property
    def saves(self) -> bool:
        """Return whether files must be written again after the last step."""
        return self._overdue() if self._processes.is_alone else self._agreed[1]

    @property
    def seconds(self) -> float:
        """Return the time spent on the run until the last step."""
        return self._clock() if self._processes.is_alone else self._agreed[2]
