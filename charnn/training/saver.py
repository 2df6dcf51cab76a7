"""What of a run is kept on the disk, whatever the disk does.

A disk that is full or read-only, or a folder that someone has deleted, does not end a training that
has gone on for hours: what could not be written stays in memory and is tried again, at every save
and every half a minute.
"""

import errno
import math
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import BEST, CHECKPOINTS, LAST, METRICS, PREVIOUS
from charnn.errors import CheckpointError, UnsavedError
from charnn.training.events import (
    Report,
    SavedAtLast,
    ShortOfSpace,
    Stepped,
    Unsaved,
    Validated,
)
from charnn.training.metrics import Metrics

RETRY_AFTER = 30.0  # seconds
# Files of a checkpoint's size that there are while one is written: best, last, the one before, and
# the temporary one.
FILES = 4


class CheckpointSaver:
    """Saves a run.

    Args:
        run: its folder.
        last: the checkpoint that the run goes on from; None for a new run.
        best: its best one so far, if there is one.
        hold: makes sure that the folder is there and this process's own; raises a CheckpointError
            or an OSError if it can't be.
        report: is told of failures, and of their end.
    """

    def __init__(
        self,
        run: Path,
        last: Checkpoint | None,
        best: Checkpoint | None,
        hold: Callable[[], object],
        report: Report,
    ) -> None:
        self.run = run
        self._hold = hold
        self._report = report
        # What the disk should hold. Kept even when it does: someone may delete the folder.
        self._kept = {
            name: checkpoint
            for name, checkpoint in ((BEST, best), (LAST, last))
            if checkpoint is not None
        }
        self._told: set[Path] = set()
        self._reason = ""
        self._tried = 0.0
        self._last_step = last.step if last else 0
        self._validated_step = last.metadata["position"]["validated_step"] if last else 0
        self._waiting: set[str] = set()

    def open(self, size: int) -> None:
        """Begin: take the folder, and report if the disk has no room for the run, whose checkpoint
        has about `size` bytes.

        Raises:
            CheckpointError: the folder is another process's.
            OSError: the folder cannot be written to.
        """
        self._hold()
        self._waiting = self._missing()
        self._metrics = Metrics(self.run / METRICS, self._last_step, self._validated_step)
        present = sum((self.run / name).is_file() for name in CHECKPOINTS)
        free, needed = shutil.disk_usage(self.run).free, (FILES - present) * size
        if free < needed:
            self._report(ShortOfSpace(self.run, free, needed))

    def record(self, event: Stepped | Validated) -> None:
        """Write a line of `metrics.jsonl`."""
        self._metrics.add(event)
        try:
            self._hold()
            self._metrics.flush()
        except (OSError, CheckpointError) as problem:
            self._tell(problem)
            return
        if self._missing() - self._waiting:
            self.retry()

    def save(self, checkpoint: Checkpoint, *, measured: bool = False) -> None:
        """Save where the run stands.

        Args:
            checkpoint: all of it.
            measured: it has just been validated, so it may be the best.
        """
        best = self._kept.get(BEST)
        if measured and (best is None or _loss(checkpoint) < _loss(best)):
            self._kept[BEST] = checkpoint
            self._waiting.add(BEST)
        self._kept[LAST] = checkpoint
        self._waiting.add(LAST)
        self.retry()

    def retry(self) -> None:
        """Write all that is not on the disk."""
        self._tried = time.monotonic()
        try:
            self._hold()
        except (OSError, CheckpointError) as problem:
            self._tell(problem)
            return
        if deleted := self._missing() - self._waiting:
            self._waiting |= deleted
            self._tell(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
        for write in (self._write_best, self._write_last, self._metrics.flush):
            try:
                write()
            except OSError as problem:
                self._tell(problem)
        if self._told and not self.unsaved:
            self._told.clear()
            self._report(SavedAtLast())

    @property
    def overdue(self) -> bool:
        """Whether something is not saved, and was not tried for a while."""
        return bool(self._told) and time.monotonic() - self._tried >= RETRY_AFTER

    @property
    def unsaved(self) -> tuple[Path, ...]:
        """The files that should be on the disk, but are not, or are older."""
        names = [name for name in (BEST, LAST) if name in self._waiting]
        return tuple(self.run / name for name in names + [METRICS] * bool(self._metrics.pending))

    @property
    def failure(self) -> UnsavedError:
        """What to raise in the end, if something is still not saved."""
        names = " and ".join(path.name for path in self.unsaved)
        some = any((self.run / name).exists() for name in CHECKPOINTS)
        advice = "go on by --resume from what was saved before" if some else "train again"
        return UnsavedError(
            f"{self.run}: {names} could not be saved ({self._reason}): free space or mend the "
            f"folder, then {advice}",
            self._kept.get(BEST, self._kept.get(LAST)),
        )

    def close(self) -> None:
        """Close the file of the metrics."""
        self._metrics.close()

    def _missing(self) -> set[str]:
        return {name for name in self._kept if not (self.run / name).exists()}

    def _write(self, name: str, previous: Path | None = None) -> None:
        """Save a checkpoint; where it is that or the last save but one, that one goes."""
        path, spare = self.run / name, self.run / PREVIOUS
        try:
            self._kept[name].save(path, previous=previous)
        except OSError as problem:
            full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
            if not (full and spare.exists() and (self.run / LAST).exists()):
                raise
            spare.unlink()
            self._kept[name].save(path, previous=previous)
        self._waiting.remove(name)

    def _write_best(self) -> None:
        if BEST in self._waiting:
            self._write(BEST)

    def _write_last(self) -> None:
        if LAST not in self._waiting:
            return
        step = self._kept[LAST].step
        # A step that is saved twice, before and after its validation, was after another one.
        self._write(LAST, self.run / PREVIOUS if step != self._last_step else None)
        self._last_step = step

    def _tell(self, problem: OSError | CheckpointError) -> None:
        """Report a failure, once for each file until all is saved again."""
        self._reason = getattr(problem, "strerror", None) or str(problem)
        if not self._told.issuperset(self.unsaved):
            self._told.update(self.unsaved)
            self._report(Unsaved(self.unsaved, self._reason))


def _loss(checkpoint: Checkpoint) -> float:
    """Of the latest validation that a checkpoint tells of; infinite without any, as of a file that
    someone has put in the place of the best one."""
    history = checkpoint.metadata.get("history")
    return float(history[-1]["val_loss"]) if history else math.inf
