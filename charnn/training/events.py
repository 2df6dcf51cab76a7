"""The events that a run reports: a terminal, a notebook and a test each show them in their way."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.corpus.sources import Corpus

if TYPE_CHECKING:
    from charnn.training.plan import Plan  # which imports torch


@dataclass(frozen=True)
class Planned:
    """The plan of a run, before anything is computed.

    Attributes:
        run: the run's folder.
        corpus: the documents.
        dataset: the documents as ids.
        plan: the shape of the model and the options, defaults filled in.
    """

    run: Path
    corpus: Corpus
    dataset: Dataset
    plan: "Plan"


@dataclass(frozen=True)
class Recovered:
    """A run with damaged checkpoints, where another checkpoint of the run is used.

    Attributes:
        problems: an error for each damaged file.
        aside: the new names of the damaged files of a run that is resumed.
        taken: the checkpoint that is used.
        step: the number of updates before that checkpoint.
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
    """Files that cannot be saved. Training continues and tries again.

    Attributes:
        files: the files that are missing or too old.
        reason: the system's error, as a phrase.
    """

    files: tuple[Path, ...]
    reason: str


@dataclass(frozen=True)
class SavedAtLast:
    """The end of an `Unsaved` state: all files are saved now."""


@dataclass(frozen=True)
class Started:
    """The start of a run, before its first step.

    Attributes:
        steps_per_epoch: the updates in one pass over the training part.
        threads: the number of CPU threads that was measured or set.
        progress: the share of the budget that was spent before, if a run is resumed.
    """

    steps_per_epoch: int
    threads: int
    progress: float


@dataclass(frozen=True)
class Rethreaded:
    """A new number of CPU threads, because the load of the machine has changed.

    Attributes:
        threads: the number from now on.
    """

    threads: int


@dataclass(frozen=True)
class Hinted:
    """A hint that the budget is probably not the intended one, from the speed of the first seconds.

    Attributes:
        hint: what the budget amounts to, and what to set instead.
    """

    hint: str


@dataclass(frozen=True)
class Stepped:
    """The metrics of the last few updates.

    Attributes:
        step: the updates so far.
        loss: the mean training loss since the last such event, in nats per character.
        lr: the learning rate of the last update.
        grad_norm: the norm of the last gradient, before clipping.
        characters_per_second: the speed of training alone, since the last such event.
        progress: the share of the budget that is spent.
        seconds: the time spent on the run, in all its parts.
    """

    step: int
    loss: float
    lr: float
    grad_norm: float
    characters_per_second: float
    progress: float
    seconds: float


@dataclass(frozen=True)
class Validated:
    """The result of a sweep over the validation part.

    Attributes:
        step: the updates so far.
        loss: the validation loss, in nats per character.
        is_best: whether it is the lowest loss so far.
        checkpoint: the run as it is now.
    """

    step: int
    loss: float
    is_best: bool
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Finished:
    """The end of a run, after its last step.

    Attributes:
        reason: "done" (the budget is spent), "patience" or "interrupted".
        checkpoint: the file to sample from; None if none could be saved.
        best_loss: the lowest validation loss, in nats per character; None without a validation.
        steps: the updates so far.
        seconds: the time spent on the run, in all its parts.
        characters_per_second: the mean speed of training alone, in this part of the run.
        advice: what the curve shows and what to change, in one sentence; None for a run that was
            interrupted or hardly validated.
        unsaved: the files that could not be saved.
    """

    reason: str
    checkpoint: Path | None
    best_loss: float | None
    steps: int
    seconds: float
    characters_per_second: float
    advice: str | None
    unsaved: tuple[Path, ...] = ()


Event = (
    Planned
    | Recovered
    | ShortOfSpace
    | Started
    | Rethreaded
    | Hinted
    | Stepped
    | Validated
    | Unsaved
    | SavedAtLast
    | Finished
)
Report = Callable[[Event], None]
