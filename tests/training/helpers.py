"""Helpers: short real runs of the trainer."""

from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.checkpoints.run_files import LAST
from charnn.corpus.ids import Dataset
from charnn.evaluation.sweep import evaluate
from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights
from charnn.training.assembly import build_trainer
from charnn.training.events import Event, Finished, Stepped
from charnn.training.trainer import Trainer
from charnn.training.training_config import Budget, TrainingConfig

MODEL = {"cell": "lstm", "num_layers": 1, "hidden_size": 12, "embedding_size": 6}
TRAINING = {"batch_size": 4, "seq_len": 16, "threads": 1, "patience": 0}


class Run:
    """A run in its own folder, trained in one or several parts."""

    def __init__(self, folder: Path, dataset: Dataset, **options: Any) -> None:
        self.folder = folder
        self.folder.mkdir()
        self.dataset = dataset
        named = [field.name for field in fields(ModelConfig)]
        shape = {**MODEL, **{name: options.pop(name) for name in named if name in options}}
        self.model = ModelConfig(vocab_size=len(dataset.vocabulary), **shape)
        self.options = {**TRAINING, **options}
        self.events: list[Event] = []

    def train(self, steps: int, *, stop_after: int | None = None, **options: Any) -> Finished:
        """Train to `steps`, or stop after `stop_after` more steps; resume the run if it exists."""
        resume = self.checkpoint() if (self.folder / LAST).exists() else None
        trainer = self.trainer(self.config(steps, **options), resume=resume)
        if stop_after is not None:
            last_step = trainer.state.position.step + stop_after
            trainer.should_stop = lambda: trainer.state.position.step == last_step
        return trainer.run()

    def config(self, steps: int, **options: Any) -> TrainingConfig:
        return TrainingConfig(**{"budget": Budget(steps=steps), **self.options, **options})

    def trainer(
        self,
        config: TrainingConfig,
        *,
        should_stop: Callable[[], bool] = lambda: False,
        resume: Checkpoint | None = None,
        best: Checkpoint | None = None,
        claim_folder: Callable[[], object] | None = None,
    ) -> Trainer:
        return build_trainer(
            self.dataset,
            self.model,
            config,
            self.folder,
            metadata={"corpus": "corpus"},
            report=self.events.append,
            should_stop=should_stop,
            resume=resume,
            best=best,
            claim_folder=claim_folder,
        )

    def checkpoint(self, name: str = LAST) -> Checkpoint:
        return load_checkpoint(self.folder / name, training=True)

    def losses(self) -> list[float]:
        return [event.loss for event in self.events if isinstance(event, Stepped)]


def validation_loss(model: ModelConfig, weights: dict[str, np.ndarray], dataset: Dataset) -> float:
    """Return the loss of a model over the validation part."""
    network = Network(model)
    import_weights(network, weights)
    before = dataset.train[-257:]
    return evaluate(network, np.concatenate([before, dataset.val]), len(before))


def assert_same_run(one: Checkpoint, other: Checkpoint) -> None:
    """Assert that two checkpoints agree in every bit that the next step depends on."""
    for mine, theirs in ((one.weights, other.weights), (one.training, other.training)):
        assert mine.keys() == theirs.keys()
        for name, array in mine.items():
            assert array.dtype == theirs[name].dtype
            np.testing.assert_array_equal(array, theirs[name], err_msg=name)
    told = ("position", "tallies", "history")
    mine, theirs = (
        untimed([checkpoint.metadata[name] for name in told]) for checkpoint in (one, other)
    )
    assert mine == theirs


def untimed(value: Any) -> Any:
    """Return a JSON value without the times in it."""
    if isinstance(value, list):
        return [untimed(one) for one in value]
    if isinstance(value, dict):
        timed = ("seconds", "validated_seconds", "chars_per_second")
        return {name: untimed(one) for name, one in value.items() if name not in timed}
    return value
