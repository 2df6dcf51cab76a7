"""A trainer put together from its parts: the state, the saver, the validator."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.batches import Batches
from charnn.corpus.document_order import DocumentOrder
from charnn.corpus.ids import Dataset
from charnn.model.config import ModelConfig
from charnn.training.divergence import DivergenceCheck
from charnn.training.events import Report
from charnn.training.hints import SpeedHint
from charnn.training.processes import ALONE, Processes
from charnn.training.saver import CheckpointSaver
from charnn.training.silent_saver import SilentSaver
from charnn.training.thread_tuning import ThreadTuner
from charnn.training.trainer import Trainer
from charnn.training.trainer_state import TrainerState, expect_same_corpus, incomplete_checkpoint
from charnn.training.training_config import TrainingConfig
from charnn.training.validation import Validator


def build_trainer(
    dataset: Dataset,
    model_config: ModelConfig,
    config: TrainingConfig,
    run: Path,
    *,
    metadata: dict[str, Any],
    report: Report = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
    resume: Checkpoint | None = None,
    best: Checkpoint | None = None,
    claim_folder: Callable[[], object] | None = None,
    parent: Checkpoint | None = None,
    processes: Processes = ALONE,
) -> Trainer:
    """Return the trainer of a new run, or of one that is resumed.

    Args:
        dataset: the corpus as token ids.
        model_config: the shape of the model.
        config: the options of the run.
        run: the run's folder.
        metadata: further facts for the checkpoint, such as the corpus's name.
        report: a function that is called with every event of the run.
        should_stop: see `charnn.training.session.Callbacks`.
        resume: the checkpoint to resume from, with its training tensors; None for a new run.
        best: the best checkpoint of the run that is resumed, if there is one.
        claim_folder: see `CheckpointSaver`; with None, the folder is created but not locked.
        parent: the model to fine-tune. It must have the shape `model_config`; its vocabulary may
            differ from that of the dataset. None for random weights.
        processes: the processes that train the run.

    Raises:
        CheckpointError: `resume` belongs to another corpus, or lacks a part of the training state.
    """
    if resume is not None:
        # Checked first, because building a large network takes a while.
        expect_same_corpus(resume, dataset, config, run)
    batches = _batches(dataset, config, processes)
    state = TrainerState.initial(model_config, config, dataset, parent)
    if resume is not None:
        _restore(state, resume, len(batches), run)
    state.take_over(processes)
    claim_folder = claim_folder or partial(run.mkdir, parents=True, exist_ok=True)
    kind = CheckpointSaver if processes.leads else SilentSaver
    return Trainer(
        dataset=dataset,
        config=config,
        batches=batches,
        state=state,
        saver=kind(run, resume, best, claim_folder, report),
        validator=Validator(state, dataset, config, len(batches), processes),
        divergence=DivergenceCheck(run, config.lr),
        speed_hint=SpeedHint(config.budget, dataset.train_characters, len(batches)),
        thread_tuner=ThreadTuner(config.device, config.threads),
        metadata=metadata | _facts(dataset, model_config, processes),
        report=report,
        should_stop=should_stop,
        processes=processes,
    )


def _batches(dataset: Dataset, config: TrainingConfig, processes: Processes) -> Batches:
    order = DocumentOrder(dataset.train, config.seed) if config.shuffle else None
    rows = processes.rows(config.batch_size)
    numbers = range(rows.begin, rows.end)
    return Batches(dataset.train, config.batch_size, config.seq_len, order, numbers)


def _restore(state: TrainerState, checkpoint: Checkpoint, steps_per_epoch: int, run: Path) -> None:
    try:
        state.restore(checkpoint, steps_per_epoch)
    except (KeyError, TypeError, ValueError, RuntimeError) as problem:
        raise incomplete_checkpoint(run) from problem


def _facts(dataset: Dataset, model_config: ModelConfig, processes: Processes) -> dict[str, Any]:
    """Return the metadata that can be computed from what the trainer is built of."""
    facts = {"processes": processes.size} if processes.size > 1 else {}
    return facts | {
        "fingerprint": dataset.fingerprint,
        "documents": dataset.documents,
        "tokens": dataset.vocabulary.kind,
        "vocabulary_given": dataset.is_vocabulary_given,
        "transpose": list(dataset.keys),
        "characters": dataset.train_characters + dataset.val_characters,
        "parameters": model_config.parameter_count(),
    }
