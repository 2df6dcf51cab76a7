"""Processes that train together as under torchrun, in forks: torchrun takes seconds to start.

As torchrun does, a team hosts the store through which its processes meet, also when it starts them
anew.
"""

from pathlib import Path
from typing import Any

from torch.distributed import TCPStore  # type: ignore[attr-defined]

from tests.forks import Ended, Forks


class Team:
    """A team of processes, which stands for one call of torchrun.

    Args:
        forks: the server of the forks.
        folder: the working folder of the processes.
        size: the number of processes.
    """

    def __init__(self, forks: Forks, folder: Path, size: int = 2) -> None:
        self.forks = forks
        self._folder = folder
        self._size = size
        self._store = TCPStore("localhost", 0, size, is_master=True, wait_for_workers=False)
        self.processes: list[int] = []

    def begin(
        self,
        *arguments: str | Path,
        odd: int = 1,
        other: tuple[str, ...] = (),
        first: str = "",
        **further: str,
    ) -> None:
        """Start the processes, or start them anew.

        Args:
            *arguments: the arguments of `charnn train`.
            odd: the rank of a process that differs from the rest.
            other: its further arguments.
            first: Python code that it runs before the program.
            **further: further variables of its environment.
        """
        self.processes = []
        for rank in range(self._size):
            variables = {
                **{"RANK": str(rank), "WORLD_SIZE": str(self._size), "LOCAL_RANK": str(rank)},
                **{"LOCAL_WORLD_SIZE": str(self._size), "MASTER_ADDR": "localhost"},
                **{"MASTER_PORT": str(self._store.port), "TORCHELASTIC_RUN_ID": "test"},
                **{"TORCHELASTIC_USE_AGENT_STORE": "True"},
            }
            options: Any = {"first": first, **further, **variables} if rank == odd else variables
            more = other if rank == odd else ()
            process = self.forks.begin(self._folder, "train", *arguments, *more, **options)
            self.processes.append(process)

    def written(self) -> bytes:
        """Return what process 0 has written to stdout so far."""
        return self.forks.written(self.processes[0])

    def end(self) -> list[Ended]:
        """Wait for the end of all processes."""
        return [self.forks.end(process) for process in self.processes]

    def __call__(self, *arguments: str | Path, **options: Any) -> list[Ended]:
        """Train to the end; see `begin`."""
        self.begin(*arguments, **options)
        return self.end()
