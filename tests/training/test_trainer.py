"""The training loop: it learns, carries its hidden state, validates, and stops in time."""

import itertools
import json
import math
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.run_files import BEST, LAST, METRICS
from charnn.corpus.batches import Batches
from charnn.corpus.ids import Dataset
from charnn.errors import CharnnError
from charnn.model.cells import CELLS
from charnn.model.network import Network
from charnn.training import trainer as trainer_module
from charnn.training import validation as validation_module
from charnn.training.events import Finished, Started, Stepped, Validated
from charnn.training.schedule import learning_rate
from charnn.training.training_config import Budget, TrainingConfig
from charnn.training.validation import Validator
from charnn.training.validation_plan import ValidationPlan
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run, assert_same_run, validation_loss


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    return prepared_text(tmp_path_factory.mktemp("data"), prose(1250), val_fraction=0.03)


@pytest.mark.parametrize("cell", CELLS)
@pytest.mark.parametrize(("width", "precision"), [(None, "fp32"), (8, "bf16")])
def test_every_cell_learns_a_text_by_heart(
    tmp_path: Path, cell: str, width: int | None, precision: str
) -> None:
    text = "The quick brown fox jumps over the lazy dog. " * 30
    dataset = prepared_text(tmp_path / "data", text)
    shape = {"cell": cell, "hidden_size": 32, "embedding_size": width}
    run = Run(tmp_path / "run", dataset, lr=0.02, precision=precision, **shape)
    finished = run.train(150)
    first = run.losses()[0]
    assert first > 1.5
    assert finished.best_loss is not None
    assert finished.best_loss < 0.15
    assert run.losses()[-1] < 0.2


def test_the_events_of_a_run(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    finished = run.train(45)
    assert isinstance(run.events[0], Started)
    assert run.events[0].steps_per_epoch == 19
    assert run.events[0].threads == 1
    assert run.events[-1] is finished
    steps = [event for event in run.events if isinstance(event, Stepped)]
    assert [event.step for event in steps] == [10, 20, 30, 40, 45]
    assert all(0 < event.loss < 6 and event.grad_norm > 0 for event in steps)
    assert [event.progress for event in steps] == [pytest.approx(e.step / 45) for e in steps]
    validations = [event for event in run.events if isinstance(event, Validated)]
    assert validations[-1].step == 45
    best = min(event.loss for event in validations)
    assert finished == Finished(
        "done",
        run.folder / BEST,
        best,
        45,
        finished.seconds,
        finished.characters_per_second,
        finished.advice,
        protocol="whole sweep, every character once, state carried (1 row)",
    )
    lowest = itertools.accumulate([event.loss for event in validations], min, initial=math.inf)
    assert [event.is_best for event in validations] == [
        event.loss < before for event, before in zip(validations, lowest, strict=False)
    ]


def test_the_best_checkpoint_has_the_best_loss(tmp_path: Path, dataset: Dataset) -> None:
    """The learning rate is so high that the last model is not the best one."""
    run = Run(tmp_path / "run", dataset, lr=0.3)
    finished = run.train(60)
    best, last = run.checkpoint(BEST), run.checkpoint()
    assert best.metadata["position"]["best_loss"] == finished.best_loss
    history = last.metadata["history"]
    assert min(entry["val_loss"] for entry in history) == finished.best_loss
    assert best.metadata["position"]["step"] < last.metadata["position"]["step"] == 60
    measured = validation_loss(best.config, best.weights, dataset)
    assert measured == pytest.approx(finished.best_loss, abs=1e-6)


def test_validation_does_not_change_the_training(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Weights, hidden state and random state are the same with and without sweeps."""
    often = Run(tmp_path / "often", dataset, dropout=0.3)
    often.train(45)
    assert len(often.checkpoint().metadata["history"]) > 3
    never = Run(tmp_path / "never", dataset, dropout=0.3)
    monkeypatch.setattr(Validator, "sweep", lambda *arguments: 1.0)
    never.train(45)
    one, other = often.checkpoint(), never.checkpoint()
    one.metadata["position"]["best_loss"] = other.metadata["position"]["best_loss"]
    one.metadata["position"]["stale"] = other.metadata["position"]["stale"]
    one.metadata["history"] = other.metadata["history"]
    assert_same_run(one, other)


def test_the_hidden_state_is_carried_through_an_epoch(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every segment starts from the state that the last one ended with, or from zeros."""
    seen: list[tuple[torch.Tensor, torch.Tensor]] = []
    losses = Network.losses

    def watched(
        self: Network, ids: torch.Tensor, targets: torch.Tensor, state: Any, traces: Any = None
    ) -> Any:
        result, after = losses(self, ids, targets, state, traces)
        if self.training:
            assert not any(part.requires_grad for layer in state.layers for part in layer)
            seen.append((state.layers[0][1].clone(), after.layers[0][1].detach().clone()))
        return result, after

    monkeypatch.setattr(Network, "losses", watched)
    Run(tmp_path / "run", dataset).train(60)
    windows = len(Batches(dataset.train, 4, 16))
    assert windows == 19
    assert len(seen) == 60
    for number, (begin, _) in enumerate(seen):
        if number % windows == 0:
            assert not begin.any()
        else:
            # Each of the 4 rows is reset once in 64 segments.
            fresh = [row for row in range(4) if (number + 16 * row) % 64 == 0]
            expected = seen[number - 1][1].clone()
            assert expected.any(dim=1).all()
            expected[fresh] = 0
            assert torch.equal(begin, expected)


def test_patience_ends_a_run(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    losses = iter([3.0, 2.0, 2.5, 2.0, 2.1, 1.0, 1.0, 1.0])
    monkeypatch.setattr(Validator, "sweep", lambda *arguments: next(losses))
    run = Run(tmp_path / "run", dataset, patience=3)
    finished = run.train(1000)
    # The fifth sweep is the third without a new best: 2.0 is no better than 2.0.
    assert finished.reason == "patience"
    assert finished.best_loss == 2.0
    history = run.checkpoint().metadata["history"]
    assert [entry["val_loss"] for entry in history] == [3.0, 2.0, 2.5, 2.0, 2.1]
    assert run.checkpoint(BEST).metadata["position"]["step"] == history[1]["step"]
    assert finished.steps == history[-1]["step"] < 1000


def test_patience_0_never_stops(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Validator, "sweep", lambda *arguments: 2.0)
    assert Run(tmp_path / "run", dataset, patience=0).train(100).reason == "done"


def finite(folder: Path) -> bool:
    return all(
        np.isfinite(array).all()
        for path in folder.glob("*.safetensors")
        for array in load_checkpoint(path).weights.values()
    )


@pytest.mark.parametrize("value", [math.nan, math.inf])
@pytest.mark.parametrize("place", ["loss", "gradient"])
def test_a_number_that_is_not_finite_ends_the_run_before_the_update(
    tmp_path: Path,
    dataset: Dataset,
    monkeypatch: pytest.MonkeyPatch,
    value: float,
    place: str,
) -> None:
    run = Run(tmp_path / "run", dataset, save_every=1)
    config = TrainingConfig(Budget(steps=60), **run.options)
    trainer = run.trainer(config)
    losses_of = Network.losses
    parameter = trainer.state.network.head.bias
    weights_before: list[torch.Tensor] = []

    def losses(*arguments: Any) -> Any:
        result, after = losses_of(*arguments)
        if trainer.state.position.step == 22:
            weights_before.append(parameter.detach().clone())
            if place == "loss":
                return result * value, after
            parameter.register_hook(lambda gradient: gradient * value)
        return result, after

    monkeypatch.setattr(Network, "losses", losses)
    with pytest.raises(CharnnError, match=r"step 23.*--lr") as caught:
        trainer.run()
    assert caught.value.exit_code == 1
    assert torch.equal(parameter.detach(), weights_before[0])
    assert run.checkpoint().metadata["position"]["step"] == 22
    assert finite(run.folder)
    # The advice of the error works.
    monkeypatch.setattr(Network, "losses", losses_of)
    lower = float(str(caught.value).rpartition("--resume --lr ")[2])
    assert run.train(60, lr=lower).steps == 60
    rates = {event.step: event.lr for event in run.events if isinstance(event, Stepped)}
    assert rates[30] == learning_rate(29 / 60, lower)


@pytest.mark.parametrize(("lr", "steps"), [(1e37, 2), (1e20, 3), (1e37, 40)])
def test_a_learning_rate_that_is_far_too_high_ruins_no_checkpoint(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch, lr: float, steps: int
) -> None:
    """A validation loss that is not finite is never saved as the best one."""
    run = Run(tmp_path / "run", dataset)
    monkeypatch.setattr(trainer_module, "learning_rate", lambda *arguments: lr)
    with pytest.raises(CharnnError, match="--lr"):
        run.train(steps)
    assert finite(run.folder)
    for path in run.folder.glob("*.safetensors"):
        best = load_checkpoint(path).metadata["position"]["best_loss"]
        assert best is None or math.isfinite(best)
    for line in (run.folder / METRICS).read_text(encoding="utf-8").splitlines():
        json.loads(line, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))


def test_save_every_few_steps(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset, save_every=4)
    saved: list[int] = []

    def should_stop() -> bool:
        if (run.folder / LAST).exists():
            step = run.checkpoint().metadata["position"]["step"]
            saved.extend([step] if step not in saved else [])
        return False

    config = TrainingConfig(Budget(steps=30), **run.options)
    run.trainer(config, should_stop=should_stop).run()
    assert {4, 8, 12, 16, 20, 24, 28} <= set(saved)


def test_a_run_without_a_validation_part(tmp_path: Path) -> None:
    dataset = prepared_text(tmp_path / "data", prose(1250), val_fraction=0)
    run = Run(tmp_path / "run", dataset)
    finished = run.train(12)
    assert finished.best_loss is None
    assert finished.checkpoint == run.folder / LAST
    assert run.checkpoint().metadata["position"]["step"] == 12
    assert not (run.folder / BEST).exists()


def test_without_a_validation_part_a_budget_of_time_saves_no_more_often(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = []
    trainer = trainer_module.Trainer
    monkeypatch.setattr(trainer, "_save", lambda self: saved.append(self.state.position.step))
    dataset = prepared_text(tmp_path / "data", prose(1250), val_fraction=0)
    run = Run(tmp_path / "run", dataset)
    run.trainer(TrainingConfig(Budget(minutes=0.02), **run.options)).run()
    assert 1 <= len(saved) <= 3


def test_measuring_threads_leaves_no_trace(tmp_path: Path, dataset: Dataset) -> None:
    measured = Run(tmp_path / "measured", dataset, dropout=0.3)
    finished = measured.train(12, threads=0)
    assert finished.reason == "done"
    started = measured.events[0]
    assert isinstance(started, Started)
    assert started.threads >= 1
    told = Run(tmp_path / "told", dataset, dropout=0.3)
    told.train(12, threads=started.threads)
    assert_same_run(measured.checkpoint(), told.checkpoint())


def test_a_budget_of_time(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    config = TrainingConfig(Budget(minutes=0.5 / 60), **run.options)
    finished = run.trainer(config).run()
    assert finished.reason == "done"
    assert finished.steps > 5
    assert 0.5 <= finished.seconds < 2
    rates = [event.lr for event in run.events if isinstance(event, Stepped)]
    assert rates[-1] < 0.1 * config.lr
    assert run.checkpoint().metadata["history"]


def test_a_budget_of_epochs(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    assert run.trainer(TrainingConfig(Budget(epochs=2), **run.options)).run().steps == 2 * 19


def test_a_slow_sweep_is_not_followed_by_another_without_a_step(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sweep takes time of a budget in minutes, so it may itself pass the next milestone."""

    def slow(*arguments: Any) -> float:
        time.sleep(0.3)
        return 2.0

    monkeypatch.setattr(Validator, "sweep", slow)
    plan = ValidationPlan(8, len(dataset.val), len(dataset.val))
    monkeypatch.setattr(validation_module, "plan_validation", lambda *arguments: plan)
    run = Run(tmp_path / "run", dataset)
    run.trainer(TrainingConfig(Budget(minutes=0.8 / 60), **run.options)).run()
    steps = [entry["step"] for entry in run.checkpoint().metadata["history"]]
    assert len(steps) >= 2
    assert steps == sorted(set(steps))
