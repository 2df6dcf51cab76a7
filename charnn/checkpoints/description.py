"""What a checkpoint is, how it came to be, and whether its files are whole."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.checkpoints.run_files import CHECKPOINTS, METRICS, TUNES
from charnn.checkpoints.runs import load_run
from charnn.errors import CheckpointError

# What the files of a run begin with; those that are damaged have more behind it.
_NAMES = (*CHECKPOINTS, METRICS, TUNES)


@dataclass(frozen=True)
class Description:
    """A checkpoint, and what its run tells of it.

    Attributes:
        checkpoint: as it was named.
        latest: what its run would go on from; without that, the one that was named.
        files: bytes of each file beside it that belongs to the run, by name; or of it alone.
        obstacle: why training cannot go on from here; None if it can.
    """

    checkpoint: Checkpoint
    latest: Checkpoint
    files: dict[str, int]
    obstacle: str | None

    @property
    def tokens_seen(self) -> int | None:
        """How many symbols the network was trained on, repetitions included: at most, as the last
        window of an epoch may be shorter. None if the checkpoint does not tell."""
        metadata = self.latest.metadata
        batch = [metadata.get("training", {}).get(name) for name in ("batch_size", "seq_len")]
        step = metadata.get("position", {}).get("step")
        if not all(type(number) is int for number in (*batch, step)):
            return None
        return int(step * batch[0] * batch[1])

    @property
    def history(self) -> list[dict[str, Any]]:
        """The validations: "step", "seconds", "val_loss" and, where it is known, "train_loss", the
        mean since the one before; nats a character."""
        found: list[dict[str, Any]] = self.latest.metadata.get("history", [])
        return found


def describe(path: Path, checkpoint: Checkpoint) -> Description:
    """Read what lies beside a checkpoint.

    Args:
        path: its file.
        checkpoint: what is in it.
    """
    if not _is_of_a_run(path):
        return Description(checkpoint, checkpoint, _sizes([path]), f"{path.name} is a model alone")
    # A checkpoint that was sent may lie among whatever else its receiver has.
    files = _sizes(file for file in path.parent.iterdir() if file.name.startswith(_NAMES))
    try:
        stored, damaged = load_run(path.parent)
    except CheckpointError as problem:
        return Description(checkpoint, checkpoint, files, str(problem))
    for latest in stored.values():
        if latest.training:
            return Description(checkpoint, latest, files, None)
    obstacle = "; ".join(damaged.values()) or "no checkpoint has the state of its training"
    return Description(checkpoint, checkpoint, files, obstacle)


def verify(path: Path, *, alone: bool = False) -> Iterator[tuple[Path, str | None]]:
    """Read and check checkpoints whole, the state of training included.

    Args:
        path: a checkpoint file.
        alone: check no other checkpoints of its run.

    Yields:
        Each file, with what is wrong with it; None if nothing is.
    """
    alone = alone or not _is_of_a_run(path)
    for file in [path] if alone else sorted(path.parent.glob(f"[!.]*{path.suffix}")):
        problem = None
        try:
            load_checkpoint(file, training=True)
        except (CheckpointError, OSError) as error:
            problem = str(error)
        yield file, problem


def _is_of_a_run(path: Path) -> bool:
    return path.name in CHECKPOINTS


def _sizes(paths: Iterable[Path]) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in sorted(paths) if path.is_file()}
