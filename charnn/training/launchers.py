"""The launcher that started this process: torchrun starts several processes of one training.

torchrun names each process by variables of its environment, and restarts all of them if one dies
(`--max-restarts`). Other launchers are refused: each of their processes would train a whole run of
its own on the same corpus.
"""

import json
import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from charnn.errors import UsageError

# The variables by which other launchers count their processes. A batch system sets WORLD_SIZE
# without RANK for its own purposes.
_OTHERS = (
    ("mpirun", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK"),
    ("mpiexec", "PMI_SIZE", "PMI_RANK"),
)
_EXAMPLE = "torchrun --standalone --nproc-per-node 2 -m charnn train CORPUS"


@dataclass(frozen=True)
class Launch:
    """The place of this process among those of a training.

    Attributes:
        rank: the number of this process, from 0.
        size: the number of processes.
        local_rank, local_size: the same among the processes of this machine.
        address, port: the store through which the processes find each other.
        job: the name of the job, which the restarts share.
        is_hosted: whether torchrun itself runs the store; otherwise process 0 does.
    """

    rank: int
    size: int
    local_rank: int
    local_size: int
    address: str
    port: int
    job: str
    is_hosted: bool


def find_launch(environment: Mapping[str, str] = os.environ) -> Launch | None:
    """Return the place of this process; None if it trains alone.

    Raises:
        UsageError: the variables of torchrun are incomplete, or another launcher has started
            several processes.
    """
    if not {"RANK", "WORLD_SIZE"} <= environment.keys():
        _refuse_others(environment)
        return None
    job = environment.get("TORCHELASTIC_RUN_ID", "")
    if not job and environment["WORLD_SIZE"] == "1":
        return None
    try:
        rank, size = int(environment["RANK"]), int(environment["WORLD_SIZE"])
        launch = Launch(
            rank=rank,
            size=size,
            local_rank=int(environment.get("LOCAL_RANK", rank)),
            local_size=int(environment.get("LOCAL_WORLD_SIZE", size)),
            address=environment["MASTER_ADDR"],
            port=int(environment["MASTER_PORT"]),
            job=job,
            is_hosted=environment.get("TORCHELASTIC_USE_AGENT_STORE") == "True",
        )
    except (KeyError, ValueError) as problem:
        raise UsageError(
            f"the environment has RANK and WORLD_SIZE, but no place where the processes meet "
            f"({problem}). Let torchrun set all of it: {_EXAMPLE}"
        ) from None
    if not 0 <= rank < size or not 0 <= launch.local_rank < launch.local_size <= size:
        raise UsageError(f"RANK={rank} is not one of WORLD_SIZE={size} processes: use {_EXAMPLE}")
    return launch


def is_follower(environment: Mapping[str, str] = os.environ) -> bool:
    """Return whether another process of the training, that of rank 0, speaks for this one."""
    return "WORLD_SIZE" in environment and environment.get("RANK", "0") != "0"


def record_failure(message: str, environment: Mapping[str, str] = os.environ) -> None:
    """Write an error to the file from which torchrun shows it as the cause of its end."""
    if name := environment.get("TORCHELASTIC_ERROR_FILE"):
        with suppress(OSError):
            content = {"message": message, "timestamp": int(time.time())}
            Path(name).write_text(json.dumps(content), encoding="utf-8")


def _refuse_others(environment: Mapping[str, str]) -> None:
    for launcher, size, rank in _OTHERS:
        count = environment.get(size, "")
        if count.isdecimal() and int(count) > 1 and rank in environment:
            raise UsageError(
                f"{launcher} started {count} processes, and each would train a run of its own. "
                f"Start several processes of one training with {_EXAMPLE}"
            )
