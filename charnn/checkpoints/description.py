"""The description of a checkpoint: its model, its run, and the result of its verification."""

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
    """A checkpoint, and the facts about its run.

    Attributes:
        checkpoint: the checkpoint that the user named.
        latest: the checkpoint from which the run would be resumed; the named one if the run cannot
            be resumed.
        files: the size in bytes of each file of the run, by name; for an exported model, the size
            of its single file.
        obstacle: the reason why training cannot be resumed; None if it can be resumed.
    """

    checkpoint: Checkpoint
    latest: Checkpoint
    files: dict[str, int]
    obstacle: str | None

    @property
    def tokens_seen(self) -> int | None:
        """Return the number of tokens that the network was trained on, repetitions included.

        The number is an upper bound, because the last segment of an epoch may be shorter. It is
        None if the metadata does not contain the step, the batch size or the segment length.
        """
        metadata = self.latest.metadata
        batch = [metadata.get("training", {}).get(name) for name in ("batch_size", "seq_len")]
        step = metadata.get("position", {}).get("step")
        if not all(type(number) is int for number in (*batch, step)):
            return None
        return int(step * batch[0] * batch[1])

    @property
    def history(self) -> list[dict[str, Any]]:
        """Return the validations, oldest first.

        Each validation has "step", "seconds", "val_loss" and, in most runs, "train_loss", the mean
        training loss since the previous validation. Losses are in nats per character.
        """
        history: list[dict[str, Any]] = self.latest.metadata.get("history", [])
        return history


def describe(path: Path, checkpoint: Checkpoint) -> Description:
    """Return the description of a checkpoint, with the other files of its run.

    Args:
        path: the checkpoint file.
        checkpoint: the content of that file.
    """
    if not _is_run_file(path):
        return Description(
            checkpoint, checkpoint, _sizes([path]), f"{path.name} is a model without its training"
        )
    # By prefix, because `rename_damaged` appends a suffix. Other files are not listed: a copied
    # checkpoint may lie among files of the user.
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
        alone: verify only this file, not the other checkpoints of its run.

    Yields:
        Each file, and the text of the error that reading the file raises; None if it raises none.
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
