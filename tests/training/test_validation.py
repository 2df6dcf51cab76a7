"""Validations of a large held-out part, and the evaluation of the best checkpoint at the end."""

from pathlib import Path

import numpy as np
import pytest

from charnn.checkpoints.run_files import BEST, LAST
from charnn.corpus.ids import Dataset
from charnn.corpus.vocabulary import UNKNOWN
from charnn.evaluation import sweep
from charnn.training import validation
from charnn.training.events import Evaluating, Started
from charnn.training.training_config import Budget
from charnn.training.validation import Validator
from charnn.training.validation_plan import ValidationPlan
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    """A held-out part of 9,000 characters, some of which the training part does not contain."""
    folder = tmp_path_factory.mktemp("data")
    return prepared_text(folder, prose(29_500) + "ŵ" * 40 + prose(460), val_fraction=0.3)


def test_the_best_checkpoint_gets_its_temperature_at_the_end(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CHUNK", 512)
    run = Run(tmp_path / "run", dataset)
    finished = run.train(400)
    best, last = run.checkpoint(BEST), run.checkpoint(LAST)
    calibration = finished.calibration
    assert calibration is not None
    assert best.temperature == calibration.temperature != 1
    assert calibration.calibrated_nats_per_char == pytest.approx(
        calibration.nats_per_char, abs=0.01
    )
    assert best.metadata["calibration"] == vars(calibration)
    assert best.metadata["nats_per_char"] == finished.best_loss
    assert best.metadata["protocol"] == finished.protocol
    # Training goes on without it.
    assert last.temperature == 1
    assert "calibration" not in last.metadata
    shares = [event.progress for event in run.events if isinstance(event, Evaluating)]
    assert shares == sorted(shares)
    assert 0.5 < shares[-1] <= 1


def test_a_large_part_is_sampled_and_the_protocol_says_so(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    finished = run.train(100)
    started = run.events[0]
    assert isinstance(started, Started)
    assert started.protocol.startswith("sample of 4,096 of 9,000 held-out tokens")
    assert run.checkpoint().metadata["position"]["val_tokens"] == 4096
    assert finished.protocol == started.protocol  # 100 steps pay for no more at the end either
    assert finished.calibration is not None
    assert finished.calibration.protocol.startswith("second half of the sample")
    assert len(run.checkpoint().metadata["history"]) == 1


def test_a_resumed_run_scores_the_same_tokens_and_fits_again(
    tmp_path: Path, dataset: Dataset
) -> None:
    run = Run(tmp_path / "run", dataset)
    run.train(100)
    first = run.checkpoint(BEST)
    resumed = run.trainer(run.config(400), resume=run.checkpoint(), best=first)
    finished = resumed.run()
    assert [event.protocol for event in run.events if isinstance(event, Started)] == (
        2 * [first.metadata["protocol"]]
    )
    assert finished.calibration is not None
    assert run.checkpoint(BEST).temperature == finished.calibration.temperature
    assert run.checkpoint(BEST).temperature != first.temperature


def test_a_stop_during_the_last_evaluation_leaves_no_temperature(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep, "CHUNK", 512)
    run = Run(tmp_path / "run", dataset)
    trainer = run.trainer(run.config(400))
    trainer.should_stop = lambda: any(isinstance(event, Evaluating) for event in run.events)
    assert trainer.run().reason == "interrupted"
    assert run.checkpoint(BEST).temperature == 1
    # The resumed run has no step left, and fits the temperature.
    resumed = run.trainer(run.config(400), resume=run.checkpoint(), best=run.checkpoint(BEST))
    assert resumed.run().steps == 400
    assert run.checkpoint(BEST).temperature != 1


def test_patience_ends_with_the_same_evaluation(
    tmp_path: Path, dataset: Dataset, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = Run(tmp_path / "run", dataset, patience=1)
    monkeypatch.setattr(Validator, "sweep", lambda *arguments: 3.0)
    plan = ValidationPlan(validations=50, tokens=9000, final_tokens=9000)
    monkeypatch.setattr(validation, "plan_validation", lambda *arguments: plan)
    finished = run.train(500)
    assert (finished.reason, finished.best_loss) == ("patience", 3.0)
    assert finished.calibration is not None


def test_the_last_evaluation_is_inside_the_budget(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    finished = run.trainer(run.config(1, budget=Budget(minutes=0.02))).run()
    assert finished.calibration is not None
    assert finished.seconds < 2.4


def test_unknown_characters_do_not_count(tmp_path: Path, dataset: Dataset) -> None:
    """A character that no model can predict would raise the loss by a fixed amount."""
    assert dataset.val_unknown >= 40
    run = Run(tmp_path / "run", dataset)
    trainer = run.trainer(run.config(1))
    trainer.validator.prepare()
    held_out = trainer.validator.held_out
    part = held_out.choose_part(held_out.tokens)
    assert held_out.count_characters(part) == 9000 - dataset.val_unknown
    assert np.count_nonzero(part.tokens(dataset.ids) == UNKNOWN) == dataset.val_unknown
