"""The files of a run, saved even if the disk fails for a while.

A full or read-only disk, or a folder that someone deletes, does not end a run that has trained for
hours. Checkpoints and metrics that could not be written stay in memory. They are written again at
every save, or after half a minute.
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
from charnn.model.config import ModelConfig
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
# The largest number of checkpoint files at one time: best, last, previous, and the temporary file
# that is being written and then replaces one of them.
MAX_FILES = 4


def checkpoint_bytes(config: ModelConfig, ema: float) -> int:
    """Return the approximate size of a checkpoint in bytes.

    For every parameter a checkpoint contains three float32 numbers: the weight and the two moments
    of AdamW. With `ema` it also contains a fourth number, the average of the weight.
    """
    return 4 * (4 if ema else 3) * config.parameter_count()


class CheckpointSaver:
    """A writer of the checkpoints and metrics of a run.

    Args:
        run: the run's folder.
        last: the checkpoint that the run is resumed from; None for a new run.
        best: the best checkpoint of the run so far; None if there is none.
        claim_folder: a function that creates the folder if it is missing, and makes sure that no
            other process trains there; it raises a CheckpointError or an OSError on failure.
        report: a function that is called when a file cannot be saved, and again when all files are
            saved.
    """

    def __init__(
        self,
        run: Path,
        last: Checkpoint | None,
        best: Checkpoint | None,
        claim_folder: Callable[[], object],
        report: Report,
    ) -> None:
        self.run = run
        self._claim_folder = claim_folder
        self._report = report
        # The checkpoints that should be on the disk. They stay in memory after they are written,
        # because someone may delete the folder.
        self._checkpoints = {
            name: checkpoint
            for name, checkpoint in ((BEST, best), (LAST, last))
            if checkpoint is not None
        }
        self._unwritten: set[str] = set()
        self._reported: set[Path] = set()
        self._reason = ""
        self._retried_at = 0.0
        self._last_step = last.step if last else 0
        self._validated_step = last.metadata["position"]["validated_step"] if last else 0

    def open(self, size: int) -> None:
        """Claim the folder, open the metrics, and report if the disk may become full.

        Args:
            size: the approximate size of a checkpoint in bytes.

        Raises:
            CheckpointError: another process trains in the folder.
            OSError: the folder cannot be written to.
        """
        self._claim_folder()
        self._unwritten = self._missing()
        self._metrics = Metrics(self.run / METRICS, self._last_step, self._validated_step)
        present = sum((self.run / name).is_file() for name in CHECKPOINTS)
        free, needed = shutil.disk_usage(self.run).free, (MAX_FILES - present) * size
        if free < needed:
            self._report(ShortOfSpace(self.run, free, needed))

    def record(self, event: Stepped | Validated) -> None:
        """Write the line of an event to `metrics.jsonl`."""
        self._metrics.add(event)
        try:
            self._claim_folder()
            self._metrics.flush()
        except (OSError, CheckpointError) as problem:
            self._report_failure(problem)
            return
        if self._missing() - self._unwritten:
            self.retry()

    def save(self, checkpoint: Checkpoint, *, measured: bool = False) -> None:
        """Save a checkpoint as the last one, and as the best one if its loss is the lowest.

        Args:
            checkpoint: the present state of the run.
            measured: whether the checkpoint has just been validated. No other checkpoint can become
                the best one.
        """
        best = self._checkpoints.get(BEST)
        if measured and (best is None or _latest_loss(checkpoint) < _latest_loss(best)):
            self._checkpoints[BEST] = checkpoint
            self._unwritten.add(BEST)
        self._checkpoints[LAST] = checkpoint
        self._unwritten.add(LAST)
        self.retry()

    @property
    def best(self) -> Checkpoint | None:
        """Return the best checkpoint so far; None before the first validation."""
        return self._checkpoints.get(BEST)

    def replace_best(self, checkpoint: Checkpoint) -> None:
        """Save the best checkpoint again, after something was added to it."""
        self._checkpoints[BEST] = checkpoint
        self._unwritten.add(BEST)
        self.retry()

    def retry(self) -> None:
        """Write every file that was not written before, and every file that has been deleted."""
        self._retried_at = time.monotonic()
        try:
            self._claim_folder()
        except (OSError, CheckpointError) as problem:
            self._report_failure(problem)
            return
        if deleted := self._missing() - self._unwritten:
            self._unwritten |= deleted
            self._report_failure(FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT)))
        for write in (self._write_best, self._write_last, self._metrics.flush):
            try:
                write()
            except OSError as problem:
                self._report_failure(problem)
        if self._reported and not self.unsaved:
            self._reported.clear()
            self._report(SavedAtLast())

    @property
    def overdue(self) -> bool:
        """Return whether a file is unsaved and the last attempt is `RETRY_AFTER` seconds old."""
        return bool(self._reported) and time.monotonic() - self._retried_at >= RETRY_AFTER

    @property
    def unsaved(self) -> tuple[Path, ...]:
        """Return the files whose newest content could not be written to the disk."""
        names = [name for name in (BEST, LAST) if name in self._unwritten]
        return tuple(self.run / name for name in names + [METRICS] * bool(self._metrics.pending))

    @property
    def best_file(self) -> Path | None:
        """Return the file to sample from: the best checkpoint, else the last one, else None."""
        files = (self.run / name for name in (BEST, LAST))
        return next((path for path in files if path.exists()), None)

    @property
    def failure(self) -> UnsavedError:
        """Return the error for the end of a run with unsaved files; it contains the checkpoint."""
        names = " and ".join(path.name for path in self.unsaved)
        some = any((self.run / name).exists() for name in CHECKPOINTS)
        advice = "resume from the previous save with --resume" if some else "train again"
        return UnsavedError(
            f"{self.run}: {names} could not be saved ({self._reason}). Free space or repair the "
            f"folder, then {advice}",
            self._checkpoints.get(BEST, self._checkpoints.get(LAST)),
        )

    def close(self) -> None:
        """Close the file of the metrics."""
        self._metrics.close()

    def _missing(self) -> set[str]:
        return {name for name in self._checkpoints if not (self.run / name).exists()}

    def _write(self, name: str, previous: Path | None = None) -> None:
        """Save a checkpoint; on a full disk, delete previous.safetensors and save again."""
        path, spare = self.run / name, self.run / PREVIOUS
        try:
            self._checkpoints[name].save(path, previous=previous)
        except OSError as problem:
            full = problem.errno in (errno.ENOSPC, errno.EDQUOT)
            # Without a last checkpoint the previous one is the only one to resume from.
            if not (full and spare.exists() and (self.run / LAST).exists()):
                raise
            spare.unlink()
            self._checkpoints[name].save(path, previous=previous)
        self._unwritten.remove(name)

    def _write_best(self) -> None:
        if BEST in self._unwritten:
            self._write(BEST)

    def _write_last(self) -> None:
        if LAST not in self._unwritten:
            return
        step = self._checkpoints[LAST].step
        # A step may be saved twice, before and after its validation. The second save must not move
        # the first one to previous.safetensors, or both files would hold the same step.
        self._write(LAST, self.run / PREVIOUS if step != self._last_step else None)
        self._last_step = step

    def _report_failure(self, problem: OSError | CheckpointError) -> None:
        """Report unsaved files. A file is reported only once until all files are saved again."""
        self._reason = getattr(problem, "strerror", None) or str(problem)
        if not self._reported.issuperset(self.unsaved):
            self._reported.update(self.unsaved)
            self._report(Unsaved(self.unsaved, self._reason))


def _latest_loss(checkpoint: Checkpoint) -> float:
    """Return the loss of a checkpoint's latest validation.

    The loss of a checkpoint without a validation is infinite. Such a checkpoint may be in the place
    of the best one if a user has put it there.
    """
    history = checkpoint.metadata.get("history")
    return float(history[-1]["val_loss"]) if history else math.inf
