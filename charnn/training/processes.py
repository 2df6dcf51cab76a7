"""The processes that train a run together. Here: one process alone, with nobody to talk to.

Each process trains some rows of every batch. Process 0 leads: it plans the run, writes its files
and reports its events; the others follow. Several processes are a `ProcessGroup`.
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from charnn.model.batch_rows import BatchRows, whole_batch

if TYPE_CHECKING:
    from torch import Tensor

    from charnn.model.network_state import NetworkState

T = TypeVar("T")


class Processes(AbstractContextManager["Processes"]):
    """One process, which trains alone; a context that ends what the processes share.

    Attributes:
        rank: the number of this process, from 0.
        size: the number of processes.
        local_size: the number of processes on this machine.
        is_alone: whether no other process can exist, so that nothing need be exchanged.
    """

    rank, size, local_size = 0, 1, 1
    is_alone = True

    def __exit__(self, *failure: object) -> None:
        """End the exchange; without a failure, wait until all processes have come here."""

    @property
    def leads(self) -> bool:
        """Return whether this process plans, writes and reports."""
        return self.rank == 0

    def rows(self, batch_size: int) -> BatchRows:
        """Return the rows of a batch that this process trains."""
        return whole_batch(batch_size).part(self.rank, self.size)

    def share(self, value: T) -> T:
        """Return the value of process 0, which must be a JSON value."""
        return value

    def expect(self, problem: str = "") -> None:
        """Wait for all processes, and raise an error if one of them has a problem.

        Raises:
            UsageError: a process called this method with a problem, which the message contains.
        """

    def sum_step(self, gradients: Sequence["Tensor"], figures: Sequence[float]) -> list[float]:
        """Add up the gradients of all processes in place, and return the sums of some figures."""
        return list(figures)

    def sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of the values of all processes."""
        return values

    def broadcast(self, tensors: Iterable["Tensor"]) -> None:
        """Overwrite tensors by those of process 0."""

    def gather(self, state: "NetworkState") -> "NetworkState | None":
        """Return the state of the whole batch in process 0, None in the others."""
        return state

    def scatter(self, state: "NetworkState") -> "NetworkState":
        """Return this process's rows of the state of process 0, which has the whole batch."""
        return state

    def begun_run(self) -> str | None:
        """Return the folder of the run that the processes had begun before they were restarted."""
        return None

    def begin_run(self, folder: str) -> None:
        """Keep the folder of the run, for `begun_run` after a restart."""

    def device_problem(self, device: str) -> str:
        """Return why this process cannot train on a device, "" if it can."""
        return ""


ALONE = Processes()
