"""The saver of a process that writes nothing, because process 0 writes the files of the run."""

from pathlib import Path

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.training.events import Stepped, Validated
from charnn.training.saver import CheckpointSaver


class SilentSaver(CheckpointSaver):
    """A saver without files."""

    def open(self, size: int) -> None:
        """Do nothing."""

    def record(self, event: Stepped | Validated) -> None:
        """Do nothing."""

    def save(self, checkpoint: Checkpoint, *, measured: bool = False) -> None:
        """Do nothing."""

    def retry(self) -> None:
        """Do nothing."""

    @property
    def unsaved(self) -> tuple[Path, ...]:
        """Return no files."""
        return ()

    def close(self) -> None:
        """Do nothing."""
