"""What the trainer tells while it works: a terminal, a notebook, a test each draw it their way."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.ids import Dataset
from charnn.corpus.sources import Corpus

if TYPE_CHECKING:
    from charnn.training.plan import Plan  # which loads torch


@dataclass(frozen=True)
class Planned:
    """Before anything is computed.

    Args:
        run: the run's folder.
        corpus: what is learned.
        prepared: the same as ids.
        plan: the run's options, with the gaps filled in.
    """

    run: Path
    corpus: Corpus
    dataset: Dataset
    plan: "Plan"


@dataclass(frozen=True)
class Recovered:
    """Checkpoints of a run are damaged, and another one is used.

    Args:
        problems: what is wrong with each, naming it.
        aside: what those of the run that is resumed are called now.
        taken: the checkpoint that is used.
        step: the updates it has had.
    """

    problems: tuple[str, ...]
    aside: tuple[Path, ...]
    taken: Path
    step: int


@dataclass(frozen=True)
class ShortOfSpace:
    """The disk may be full before the run has saved all that it will.

    Args:
        folder: the run's.
        free: bytes that are free.
        needed: bytes that the run will write, about.
    """

    folder: Path
    free: int
    needed: int


@dataclass(frozen=True)
class Unsaved:
    """The disk does not take what should be saved; the training goes on, and tries again.

    Args:
        files: what is not saved.
        reason: why, in a phrase.
    """

    files: tuple[Path, ...]
    reason: str


@dataclass(frozen=True)
class SavedAtLast:
    """After `Unsaved`: all is on the disk."""


@dataclass(frozen=True)
class Started:
    """Before the first step.

    Args:
        steps_per_epoch: updates in one pass over the training part.
        threads: CPU threads, after they were measured.
        progress: share of the budget spent before, when a run is resumed.
    """

    steps_per_epoch: int
    threads: int
    progress: float


@dataclass(frozen=True)
class Rethreaded:
    """Another count of CPU threads is faster now.

    Args:
        threads: the count from now on.
    """

    threads: int


@dataclass(frozen=True)
class Hinted:
    """The budget is hardly what was meant, as the speed of the first seconds shows.

    Args:
        hint: why, and what to say instead, in one sentence.
    """

    hint: str


@dataclass(frozen=True)
class Stepped:
    """Every few updates.

    Args:
        step: updates so far.
        loss: mean training loss since the last such event, nats a character.
        lr: learning rate.
        grad_norm: norm of the last gradient, before clipping.
        characters_per_second: of training alone, since the last such event.
        progress: share of the budget that is spent.
        seconds: time spent on the run, its earlier parts included.
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
    """After a sweep over the validation part.

    Args:
        step: updates so far.
        loss: nats a character.
        is_best: lower than all before.
        checkpoint: the model as it is now.
    """

    step: int
    loss: float
    is_best: bool
    checkpoint: Checkpoint


@dataclass(frozen=True)
class Finished:
    """After the last step.

    Args:
        reason: "done" (the budget is spent), "patience" or "interrupted".
        checkpoint: the file to sample from; None if none could be saved.
        best_loss: lowest validation loss, nats a character; None without a validation part.
        steps: updates in all.
        seconds: time spent on the run, its earlier parts included.
        characters_per_second: mean of training alone, in this part of the run.
        advice: what the curve says and what to change, in one sentence; None for a run that was
            interrupted, or that was measured too little.
        unsaved: the files that should be on the disk, but could not be saved.
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
