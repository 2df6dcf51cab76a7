"""The log of a run for TensorBoard: scalars, histograms of the gates, and samples.

It listens to the events of a training. The files are in the run's folder, so `tensorboard --logdir
checkpoints` shows all runs.
"""

import importlib
import importlib.util
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import TENSORBOARD
from charnn.corpus.ids import Dataset
from charnn.corpus.vocabulary import UNKNOWN
from charnn.errors import CharnnError
from charnn.insight.event_file import EventFile
from charnn.insight.progress_sample import progress_sample
from charnn.insight.read_text import ReadText
from charnn.model.cells import CELLS
from charnn.training.events import (
    Event,
    LogEnded,
    Planned,
    Report,
    Started,
    Stepped,
    Validated,
)

# The gates are traced over the first tokens of the validation part. It takes a few tenths of a
# second.
_TRACED = 2048
_BINS = 40


class TensorBoardLog:
    """A listener that writes the log. It is a context, which returns its function `report`.

    Args:
        report: the function that is called with each event first.

    Raises:
        CharnnError: TensorBoard is not installed.
    """

    def __init__(self, report: Report) -> None:
        if importlib.util.find_spec("tensorboard") is None:
            raise CharnnError(
                "--tensorboard needs the package tensorboard, which is not installed: "
                "pip install 'charnn[tensorboard]'"
            )
        # It takes a second or two, which would otherwise be part of a budget in minutes.
        importlib.import_module("torch.utils.tensorboard.summary")
        self._report = report
        self._file: EventFile | None = None

    def __enter__(self) -> Report:
        return self.report

    def __exit__(self, *failure: object) -> None:
        self._guarded(self._close)

    def report(self, event: Event) -> None:
        """Pass an event on, and write what it contains to the log."""
        self._report(event)
        match event:
            case Planned():
                self._folder = event.run / TENSORBOARD
                self._text = _traced_text(event.dataset)
            case Started():
                self._guarded(partial(self._open, event.step))
            case Stepped() if file := self._file:
                self._guarded(partial(_add_step, file, event))
            case Validated() if file := self._file:
                self._guarded(partial(_add_validation, file, event, self._text))

    def _open(self, step: int) -> None:
        # What a killed run wrote after the step from which it is resumed is not shown twice.
        self._file = EventFile(self._folder, step)

    def _close(self) -> None:
        if self._file:
            self._file.close()

    def _guarded(self, write: Callable[[], None]) -> None:
        """Write to the log. If this fails, the log ends with a warning and training continues."""
        try:
            write()
        except OSError as problem:
            file, self._file = self._file, None
            with suppress(OSError):
                if file:
                    file.close()
            self._report(LogEnded(self._folder, problem.strerror or str(problem)))


def _add_step(file: EventFile, event: Stepped) -> None:
    file.add_scalars(
        event.step,
        {
            "loss/training": event.loss,
            "optimizer/learning_rate": event.lr,
            "optimizer/gradient_norm": event.grad_norm,
            "optimizer/clipped_share": event.clipped,
            "time/characters_per_second": event.characters_per_second,
            "time/progress": event.progress,
            "time/seconds": event.seconds,
        },
    )


def _add_validation(file: EventFile, event: Validated, text: ReadText) -> None:
    step, checkpoint = event.step, event.checkpoint
    file.add_scalars(step, {"loss/validation": event.loss})
    if event.is_best:
        file.add_scalars(step, {"loss/best_validation": event.loss})
    for tag, (values, lowest) in _gates(checkpoint, text).items():
        file.add_histogram(step, tag, values, np.linspace(lowest, 1, _BINS + 1))
    file.add_text(step, "sample", progress_sample(checkpoint))


def _traced_text(dataset: Dataset) -> ReadText:
    """Return the tokens over which the gates are traced, the same at each validation."""
    ids = np.asarray(dataset.val[:_TRACED])
    ids = ids[ids != UNKNOWN]
    return ReadText(ids, ("",) * len(ids), Counter())


def _gates(checkpoint: Checkpoint, text: ReadText) -> dict[str, tuple[Any, float]]:
    """Return the values of each gate in each layer, and the lowest value it can have, by tag."""
    from charnn.insight.text_trace import fast_rows, trace_chunks

    cell = CELLS[checkpoint.config.cell]
    if not len(text.ids):
        return {}
    chunks = list(trace_chunks(checkpoint, text, rows=fast_rows(len(text.ids))))
    found = {}
    for name in cell.gates:
        lowest = 0.0 if cell.memory_gate and name != cell.candidate else -1.0
        values_TLH = np.concatenate([chunk.gates[name] for chunk in chunks])
        for layer in range(values_TLH.shape[1]):
            found[f"gates/{name}/layer{layer}"] = values_TLH[:, layer], lowest
    return found
