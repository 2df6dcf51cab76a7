"""The events that a run reports to its caller, such as a terminal, a notebook or a test."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.corpus.sources import Corpus
from charnn.evaluation.calibration import Calibration

if TYPE_CHECKING:
    from charnn.training.plan import Plan  # which imports torch


@dataclass(frozen=True)
class Preparing:
    """The progress of preparing a large corpus, which is read twice: to scan and to encode it.

    Attributes:
        done: the bytes that are read.
        total: the bytes of both passes.
    """

    done: int
    total: int


@dataclass(frozen=True)
class Planned:
    """The plan of a run, before anything is computed.

    Attributes:
        run: the run's folder.
        corpus: the documents.
        dataset: the documents as token ids.
        plan: the shape of the model and the options, with all defaults filled in.
        taken: the earlier run that has the name of the corpus; None if this run got that name.
    """

    run: Path
    corpus: Corpus
    dataset: Dataset
    plan: "Plan"
    taken: Path | None = None


@dataclass(frozen=True)
class Recovered:
    """The use of another checkpoint of a run, because one or more of its files are damaged.

    Attributes:
        problems: an error for each damaged file.
        aside: the paths that the damaged files were renamed to, if the run is resumed.
        taken: the checkpoint that is used.
        step: the number of updates that `taken` contains.
    """

    problems: tuple[str, ...]
    aside: tuple[Path, ...]
    taken: Path
    step: int


@dataclass(frozen=True)
class ShortOfSpace:
    """A disk that may be full before the run has saved everything.

    Attributes:
        folder: the run's folder.
        free: the bytes that are free.
        needed: about how many bytes the run will write.
    """

    folder: Path
    free: int
    needed: int


@dataclass(frozen=True)
class Unsaved:
    """A failure to save files. Training continues, and the files are written again later.

    Attributes:
        files: the files that are missing or out of date.
        reason: the system's error, as a phrase.
    """

    files: tuple[Path, ...]
    reason: str


@dataclass(frozen=True)
class SavedAtLast:
    """The success of a later attempt, after an `Unsaved`: all files are saved now."""


@dataclass(frozen=True)
class Started:
    """The start of a run, before its first step.

    Attributes:
        steps_per_epoch: the updates in one pass over the training part.
        threads: the number of CPU threads that was measured or set.
        progress: the share of the budget that is spent, in [0, 1]; above 0 if a run is resumed.
        protocol: the characters that each validation scores; "" without a validation part.
        step: the updates so far; above 0 if a run is resumed.
        processes: the number of processes that train the run.
    """

    steps_per_epoch: int
    threads: int
    progress: float
    protocol: str = ""
    step: int = 0
    processes: int = 1


@dataclass(frozen=True)
class Rethreaded:
    """A new number of CPU threads, because the load of the machine has changed.

    Attributes:
        threads: the number of CPU threads from now on.
    """

    threads: int


@dataclass(frozen=True)
class OutOfMemory:
    """A batch that does not fit into the memory of the device: its rows are trained in parts.

    Attributes:
        step: the number of the first update that is computed in this number of parts, from 1.
        parts: the number of parts from now on.
    """

    step: int
    parts: int


@dataclass(frozen=True)
class Hinted:
    """A hint that the budget is probably a mistake, given the speed of the first seconds.

    Attributes:
        hint: a text for the user, with the effect of the budget and a better option.
    """

    hint: str


@dataclass(frozen=True)
class Stepped:
    """The metrics of the last few updates.

    Attributes:
        step: the updates so far.
        loss: the mean training loss since the last `Stepped`, in nats per character.
        lr: the learning rate of the last update.
        grad_norm: the norm of the last gradient, before clipping.
        characters_per_second: the speed since the last `Stepped`, validation not included.
        progress: the share of the budget that is spent.
        seconds: the time spent on the run, the time before each resumption included.
        clipped: the share of the updates since the last `Stepped` whose gradient was clipped by its
            norm; 0 with `--clip-value`.
    """

    step: int
    loss: float
    lr: float
    grad_norm: float
    characters_per_second: float
    progress: float
    seconds: float
    clipped: float = 0.0


@dataclass(frozen=True)
class Validated:
    """The result of an evaluation on the validation part.

    Attributes:
        step: the updates so far.
        loss: the validation loss, in nats per character.
        is_best: whether it is the lowest loss so far.
        checkpoint: the present state of the run.
    """

    step: int
    loss: float
    is_best: bool
    checkpoint: Checkpoint


@dataclass(frozen=True)
class LogEnded:
    """The end of the log for TensorBoard, because it cannot be written. Training continues.

    Attributes:
        folder: the folder of the log.
        reason: the system's error, as a phrase.
    """

    folder: Path
    reason: str


@dataclass(frozen=True)
class Evaluating:
    """The progress of the evaluation of the best checkpoint, after the last step.

    Attributes:
        progress: the share of the evaluation that is done, in [0, 1].
    """

    progress: float


@dataclass(frozen=True)
class Finished:
    """The end of a run, after its last step.

    Attributes:
        reason: "done" (the budget is spent), "patience" or "interrupted".
        checkpoint: the file to sample from; None if none could be saved.
        best_loss: the loss of the best checkpoint without a fitted temperature, in nats per
            character; None without a validation.
        steps: the updates so far.
        seconds: the time spent on the run, the time before each resumption included.
        characters_per_second: the mean speed since the start or the resumption, validation not
            included.
        advice: one sentence on the loss curve and on options to change; None if the run was
            interrupted or has too few validations.
        unsaved: the files that could not be saved.
        protocol: the characters that `best_loss` counts; "" without a validation.
        calibration: the loss without and with a fitted softmax temperature; None if the run was
            interrupted, or if the held-out part is too short to fit one.
    """

    reason: str
    checkpoint: Path | None
    best_loss: float | None
    steps: int
    seconds: float
    characters_per_second: float
    advice: str | None
    unsaved: tuple[Path, ...] = ()
    protocol: str = ""
    calibration: Calibration | None = None


Event = (
    Preparing
    | Planned
    | Recovered
    | ShortOfSpace
    | Started
    | Rethreaded
    | OutOfMemory
    | Hinted
    | Stepped
    | Validated
    | Unsaved
    | SavedAtLast
    | LogEnded
    | Evaluating
    | Finished
)
Report = Callable[[Event], None]
