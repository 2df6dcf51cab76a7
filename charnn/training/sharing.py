"""A plan for several processes: what they can share, and the run that process 0 tells the others.

Process 0 alone plans. The others are told the plan, so that differences between machines, such as
their precision, cannot make them train different models.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import prod
from pathlib import Path
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.errors import CorpusError, UsageError
from charnn.model.config import ModelConfig
from charnn.model.threads import available_threads
from charnn.training.options import TrainOptions
from charnn.training.plan import Plan
from charnn.training.preparation import Encoding
from charnn.training.processes import Processes
from charnn.training.training_config import TrainingConfig


@dataclass(frozen=True)
class Orders:
    """The run that process 0 tells the others.

    Attributes:
        run: the folder of the run.
        request: the corpus and the options that process 0 was started with, see `request_of`.
        encoding: the encoding of the corpus.
        dataset: the description of the dataset, see `charnn.corpus.shared_dataset`.
        model: the shape of the model.
        training: the options of the run.
    """

    run: Path
    request: str
    encoding: Encoding
    dataset: dict[str, Any]
    model: ModelConfig
    training: TrainingConfig

    def to_json(self) -> dict[str, Any]:
        """Return the orders as JSON values."""
        return {
            "run": str(self.run),
            "request": self.request,
            "encoding": self.encoding.to_json(),
            "dataset": self.dataset,
            "model": self.model.to_json(),
            "training": self.training.to_json(),
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "Orders":
        """Return the orders from the values that `to_json` returned."""
        return cls(
            Path(value["run"]),
            value["request"],
            Encoding.from_json(value["encoding"]),
            value["dataset"],
            ModelConfig(**value["model"]),
            TrainingConfig.from_json(value["training"]),
        )

    def expect_same_request(self, request: str) -> None:
        """Raise an error unless this process was started with the same corpus and options.

        Raises:
            UsageError: something differs.
        """
        if request != self.request:
            raise UsageError(
                f"it was started with {request}, but process 0 with {self.request}: start charnn "
                "train with the same words everywhere"
            )

    def expect_same_corpus(self, dataset: Dataset) -> None:
        """Raise an error unless this process reads the same text.

        Raises:
            CorpusError: the text differs.
        """
        if dataset.fingerprint != self.dataset["fingerprint"]:
            raise CorpusError(
                "its corpus differs from that of process 0: give all machines the same files, and "
                "the same version of charnn"
            )


def request_of(names: Sequence[str], options: TrainOptions) -> str:
    """Return a corpus and options as a text that two processes can compare."""
    options_given = {name: value for name, value in options.items() if value is not None}
    return json.dumps([list(names), options_given], default=str, sort_keys=True)


def refuse_stdin(names: Sequence[str], processes: Processes) -> None:
    """Refuse a corpus that only one process can read.

    Raises:
        UsageError: the corpus is standard input, and there are several processes.
    """
    if "-" in names and processes.size > 1:
        raise UsageError("several processes cannot share standard input: name a file instead of -")


def share_plan(plan: Plan, options: TrainOptions, processes: Processes) -> Plan:
    """Return a plan for several processes; one process keeps its plan.

    Raises:
        UsageError: the processes cannot share the batch or the cores of the machine.
    """
    if processes.is_alone:
        return plan
    config, size = plan.training, processes.size
    if config.batch_size % size:
        below = max(size, config.batch_size // size * size)
        raise UsageError(
            f"{size} processes cannot share the {config.batch_size} rows of a batch equally: set "
            f"--batch-size {below} or another multiple of {size}"
        )
    if config.accumulate > config.batch_size // size:
        raise UsageError(
            f"--accumulate {config.accumulate} is more than the {config.batch_size // size} rows "
            f"that each of {size} processes has of --batch-size {config.batch_size}"
        )
    threads = options.get("threads")
    if threads == 0:
        raise UsageError(
            "--threads 0 measures the speed of one process: set a number of threads for each, "
            "such as --threads 1"
        )
    cores, wanted = available_threads(), (threads or 1) * processes.local_size
    if threads and threads > 1 and wanted > cores:
        raise UsageError(
            f"{processes.local_size} processes with --threads {threads} need {wanted} cores, but "
            f"this machine has {cores}: set --threads {max(1, cores // processes.local_size)}"
        )
    return replace(plan, training=replace(config, threads=threads or 1))


def note_processes(plan: Plan, checkpoint: Checkpoint, processes: Processes) -> Plan:
    """Return the plan of a resumed run, with a note if its sums have another order than before."""
    # Runs of earlier versions lack both entries.
    parts = checkpoint.metadata["training"].get("accumulate", 1)
    before = checkpoint.metadata.get("processes", 1), parts
    after = processes.size, plan.training.accumulate
    # The sum of two gradients is the same in either order, in one process or in two.
    if before == after or prod(before) == prod(after) <= 2:
        return plan
    note = (
        f"the run was trained by {_count(*before)} and goes on with {_count(*after)}: sums "
        "over the batch are added in another order, so the last bits differ from those of a run "
        "that was never stopped"
    )
    return replace(plan, notes=(*plan.notes, note))


def _count(processes: int, parts: int) -> str:
    each = " each" if processes > 1 else ""
    in_parts = f" in {parts} parts{each}" if parts > 1 else ""
    return f"{processes} process{'es' * (processes != 1)}{in_parts}"
