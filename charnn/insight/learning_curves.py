"""The learning curves of a run: its losses, learning rate and gradients at every reported step.

They come from `metrics.jsonl`. What that file lacks, or a model without it, is completed from the
history in the checkpoint, which has the losses at every validation.
"""

import json
import math
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.checkpoints.checkpoint_header import read_header
from charnn.checkpoints.run_files import CHECKPOINTS, METRICS
from charnn.checkpoints.run_summary import summarise_run
from charnn.errors import CheckpointError
from charnn.insight.curve_picture import draw_curves
from charnn.insight.curve_series import Curves, Series

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A longer line was not written by charnn.
_MAX_LINE = 10_000


class LearningCurves(Curves):
    """The curves of a run, which draw themselves."""

    def figure(self) -> "Figure":
        """Return the curves as a picture."""
        return draw_curves([self])


def read_learning_curves(path: Path) -> LearningCurves:
    """Return the curves of a run, or of a model that was exported.

    Args:
        path: a checkpoint file.

    Raises:
        CheckpointError: the file cannot be read, or nothing is known of how the model was trained.
        OSError: the metrics cannot be read.
    """
    in_run = path.name in CHECKPOINTS
    header = (summarise_run(path.parent).latest if in_run else None) or read_header(path)
    # A model that was exported may lie among the files of another run.
    metrics = path.with_name(METRICS)
    read = _read(metrics) if in_run and metrics.is_file() else _Lines()
    history = header.metadata.get("history", [])
    name = path.resolve().parent.name if in_run else path.stem
    curves = LearningCurves(
        name,
        header,
        Series.of(read.steps["loss"] or _column(history, "train_loss")),
        Series.of(_column(history, "val_loss") | read.validations),
        Series.of(read.steps["lr"]),
        Series.of(read.steps["grad_norm"]),
        Series.of(read.steps["clipped"]),
        read.left_out,
    )
    if not len(curves.training) and not len(curves.validation):
        raise CheckpointError(
            f"{name} has no learning curve: neither its {METRICS} nor its checkpoint has a loss. "
            "Name a run that was trained for longer"
        )
    return curves


@dataclass
class _Lines:
    """The numbers in the lines of `metrics.jsonl`, by step."""

    steps: dict[str, dict[int, float]] = field(
        default_factory=lambda: {key: {} for key in ("loss", "lr", "grad_norm", "clipped")}
    )
    validations: dict[int, float] = field(default_factory=dict)
    left_out: int = 0

    def add(self, entry: Mapping[str, Any]) -> None:
        """Add a line.

        Raises:
            ValueError, KeyError, TypeError, OverflowError: the line is not as charnn writes it.
        """
        step = entry["step"]
        if type(step) is not int or not 0 <= step < 2**63:
            raise ValueError("no step")
        if entry["event"] == "validation":
            self.validations[step] = _finite(entry["val_nats_per_char"])
        elif entry["event"] == "step":
            # Before any of them is kept: a line counts as a whole. The clipped share is not in the
            # files of earlier versions.
            known = {
                key: _finite(entry[key]) for key in self.steps if key in entry or key == "loss"
            }
            for key, value in known.items():
                self.steps[key][step] = value


def _read(path: Path) -> _Lines:
    """Return the content of a metrics file, which another process may be writing."""
    lines = _Lines()
    with path.open("rb") as file:
        while line := file.readline(_MAX_LINE):
            whole = line.endswith(b"\n")
            while not whole and (rest := file.readline(_MAX_LINE)):
                line, whole = b"", rest.endswith(b"\n")
            read = False
            with suppress(ValueError, KeyError, TypeError, OverflowError, RecursionError):
                lines.add(json.loads(line))
                read = True
            lines.left_out += not read
    return lines


def _column(history: Iterable[Mapping[str, Any]], key: str) -> dict[int, float]:
    return {entry["step"]: float(entry[key]) for entry in history if key in entry}


def _finite(value: object) -> float:
    if type(value) not in (int, float) or not math.isfinite(number := float(value)):  # type: ignore[arg-type]
        raise ValueError("no number")
    return number
