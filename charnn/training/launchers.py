"""The refusal of launchers that start several processes of one training.

Each process would train a whole run of its own on the same corpus.
"""

import os
from collections.abc import Mapping

from charnn.errors import UsageError

# The variables by which a process learns how many there are, by launcher. A batch system sets
# WORLD_SIZE without RANK for its own purposes.
_LAUNCHERS = (
    ("torchrun", "WORLD_SIZE", "RANK"),
    ("mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    ("mpiexec", "PMI_SIZE", "PMI_RANK"),
)


def refuse_launchers(environment: Mapping[str, str] = os.environ) -> None:
    """Raise an error if this process is one of several that a launcher has started.

    Raises:
        UsageError: there are several processes.
    """
    for launcher, size, rank in _LAUNCHERS:
        count = environment.get(size, "")
        if count.isdecimal() and int(count) > 1 and rank in environment:
            raise UsageError(
                f"{launcher} started {count} processes, and each would train a run of its own: "
                f"charnn trains in one process. Run charnn train without {launcher}"
            )
