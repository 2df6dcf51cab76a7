"""The description of a checkpoint: what it is, how it was trained, and whether it is undamaged."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.checkpoints.run_files import CHECKPOINTS, RUN_FILES
from charnn.checkpoints.runs import load_run
from charnn.errors import CheckpointError, join_sentences


@dataclass(frozen=True)
class Description:
    """A checkpoint together with its run.

    Attributes:
        checkpoint: the checkpoint that the user named.
        latest: the checkpoint from which the run would be resumed; the named one if there is none.
        files: the size in bytes of each file of the run, by name; of an exported model, its own.
        obstacle: the reason why training cannot be resumed; None if it can.
    """

    checkpoint: Checkpoint
    latest: Checkpoint
    files: dict[str, int]
    obstacle: str | None

    @property
    def tokens_seen(self) -> int | None:
        """Return the number of tokens that the network was trained on, repetitions included.

        An upper bound, because the last segment of an epoch may be shorter. None if the metadata
        lacks the numbers.
        """
        metadata = self.latest.metadata
        batch = [metadata.get("training", {}).get(name) for name in ("batch_size", "seq_len")]
        step = metadata.get("position", {}).get("step")
        if not all(type(number) is int for number in (*batch, step)):
            return None
        return int(step * batch[0] * batch[1])

    @property
    def history(self) -> list[dict[str, Any]]:
        """Return the validations, each with "step", "seconds", "val_loss" and, where known,
        "train_loss", the mean since the validation before; losses in nats per character."""
        history: list[dict[str, Any]] = self.latest.metadata.get("history", [])
        return history


def describe(path: Path, checkpoint: Checkpoint) -> Description:
    """Return the description of a checkpoint, with the other files of its run.

    Args:
        path: the checkpoint's file.
        checkpoint: its content.
    """
    if not _is_run_file(path):
        return Description(checkpoint, checkpoint, _sizes([path]), f"{path.name} is a model alone")
    # By prefix, because damaged files are renamed by a suffix. A checkpoint that was copied may
    # lie among files of the user, which are not listed.
    files = _sizes(file for file in path.parent.iterdir() if file.name.startswith(RUN_FILES))
    try:
        stored, damaged = load_run(path.parent)
    except CheckpointError as problem:
        return Description(checkpoint, checkpoint, files, str(problem))
    for latest in stored.values():
        if latest.training:
            return Description(checkpoint, latest, files, None)
    obstacle = join_sentences(damaged.values()) or "no checkpoint has the state of its training"
    return Description(checkpoint, checkpoint, files, obstacle)


def verify(path: Path, *, alone: bool = False) -> Iterator[tuple[Path, str | None]]:
    """Read and verify checkpoints completely, including the training tensors.

    Args:
        path: a checkpoint file.
        alone: do not verify the other checkpoints of its run.

    Yields:
        Each file, with what is wrong with it; None if it is undamaged.
    """
    alone = alone or not _is_run_file(path)
    for file in [path] if alone else sorted(path.parent.glob(f"[!.]*{path.suffix}")):
        problem = None
        try:
            load_checkpoint(file, training=True)
        except (CheckpointError, OSError) as error:
            problem = str(error)
        yield file, problem


def _is_run_file(path: Path) -> bool:
    return path.name in CHECKPOINTS


def _sizes(paths: Iterable[Path]) -> dict[str, int]:
    return {path.name: path.stat().st_size for path in sorted(paths) if path.is_file()}
