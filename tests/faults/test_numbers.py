"""NaN and infinity from any source: training stops before they do any harm."""

import math
import random
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.corpus.ids import Dataset
from charnn.errors import CharnnError, UsageError
from charnn.evaluation import sweep
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.model.network import Network
from charnn.training import trainer as trainer_module
from charnn.training import validation
from charnn.training.trainer import Trainer
from charnn.training.training_config import Budget, TrainingConfig
from charnn.training.validation_plan import ValidationPlan
from tests.faults.conftest import Trials
from tests.helpers import environment, prepared_text, prose
from tests.training.conftest import one_thread as one_thread
from tests.training.helpers import Run

STEPS = 40


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    # The validation part is large enough to fit a temperature.
    return prepared_text(tmp_path_factory.mktemp("data"), prose(4000), val_fraction=0.3)


def copies_of_state(trainer: Trainer) -> dict[str, torch.Tensor]:
    """Return copies of the tensors that an update changes."""
    tensors = dict(trainer.state.network.named_parameters())
    tensors |= {f"optimizer {name}": one for name, one in trainer.state.optimizer.tensors().items()}
    kept = {name: tensor.detach().clone() for name, tensor in tensors.items()}
    if trainer.config.ema:
        with trainer.state.average.in_place():
            for name, tensor in trainer.state.network.named_parameters():
                kept[f"average {name}"] = tensor.detach().clone()
    return kept


def into_loss(trainer: Trainer, patch: pytest.MonkeyPatch, value: float, at: int) -> None:
    """Multiply the loss of one step by a value."""
    losses_of = Network.losses

    def losses(*arguments: Any) -> Any:
        result, after = losses_of(*arguments)
        changes = arguments[0].training and trainer.state.position.step == at
        return result * (value if changes else 1.0), after

    patch.setattr(Network, "losses", losses)


def into_gradient(trainer: Trainer, patch: pytest.MonkeyPatch, value: float, at: int) -> None:
    """Put a value into the gradient of one step."""
    parameters = list(trainer.state.network.parameters())
    parameter = parameters[at % len(parameters)]

    def spoil(gradient: torch.Tensor) -> torch.Tensor:
        spoilt = gradient.clone()
        if trainer.state.position.step == at:
            spoilt.view(-1)[at % gradient.numel()] = value
        return spoilt

    parameter.register_hook(spoil)


def into_weight(trainer: Trainer, patch: pytest.MonkeyPatch, value: float, at: int) -> None:
    """Put a value into the head, which every step uses, unlike the row of an absent token."""
    losses = trainer.state.network.losses

    def spoilt(*arguments: Any) -> Any:
        if trainer.state.position.step == at and trainer.state.network.training:
            with torch.no_grad():
                trainer.state.network.head.weight[
                    at % len(trainer.state.network.head.weight), 0
                ] = value
        return losses(*arguments)

    patch.setattr(trainer.state.network, "losses", spoilt)


def into_rate(trainer: Trainer, patch: pytest.MonkeyPatch, value: float, at: int) -> None:
    """Replace the learning rate of one step."""
    rate_at = trainer_module.learning_rate

    def rate(*arguments: float) -> float:
        return value if trainer.state.position.step == at else rate_at(*arguments)

    patch.setattr(trainer_module, "learning_rate", rate)


PLACES = {
    "loss": into_loss,
    "gradient": into_gradient,
    "weight": into_weight,
    "learning rate": into_rate,
}


@pytest.mark.parametrize("place", PLACES)
def test_training_stops_before_the_update(
    tmp_path: Path, dataset: Dataset, trials: Trials, place: str
) -> None:
    """The saved checkpoints are finite, and the advice of the error can be followed."""

    def trial(random: random.Random) -> None:
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        run = Run(
            tmp_path / "run",
            dataset,
            # numba compiles each cell for seconds in a fresh copy of the repository.
            cell=random.choice(list(CELLS) if trials.whole else ["lstm"]),
            dropout=random.choice([0.0, 0.3]),
            ema=random.choice([0.0, 0.9]),
            save_every=random.randint(1, 9),
            seed=random.randrange(1000),
        )
        at = random.randrange(STEPS)
        before: dict[str, torch.Tensor] = {}

        def after_step() -> bool:
            if trainer.state.position.step == at:
                before.update(copies_of_state(trainer))
            return False

        trainer = run.trainer(run.config(STEPS), should_stop=after_step)
        after_step()
        with pytest.MonkeyPatch.context() as patch:
            value = random.choice([math.nan, math.inf, -math.inf])
            PLACES[place](trainer, patch, value, at)
            with pytest.raises(CharnnError) as caught:
                trainer.run()
        assert caught.value.exit_code == 1
        assert_helpful(str(caught.value), at + 1)
        for name, tensor in copies_of_state(trainer).items():
            changed = tensor[before[name] != tensor]
            # Only the weight that the test has spoilt may differ.
            assert changed.numel() <= (place == "weight" and name == "head.weight"), name
        assert_sound(run)
        lower = float(str(caught.value).rpartition("--lr ")[2])
        assert lower < trainer.config.lr
        assert run.train(STEPS, lr=lower).reason == "done"

    trials(f"no number in the {place}, at a random step", trial, few=1, many=30)


def assert_helpful(message: str, step: int) -> None:
    assert "\n" not in message
    for phrase in (f"at step {step} ", "learning rate ", "gradient norm ", "--lr "):
        assert phrase in message, message


def assert_sound(run: Run) -> None:
    """Assert that every number in the checkpoints of a run is finite."""
    for path in run.folder.glob("*.safetensors"):
        checkpoint = load_checkpoint(path, training=True)
        for name, array in (checkpoint.weights | checkpoint.training).items():
            assert np.isfinite(array).all(), (path.name, name)
        assert 0 < checkpoint.temperature < math.inf


def test_training_stops_at_a_validation_that_is_not_finite(
    tmp_path: Path, dataset: Dataset, trials: Trials
) -> None:
    """The training itself goes well."""

    def trial(random: random.Random) -> None:
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        run = Run(tmp_path / "run", dataset, save_every=random.randint(1, 9))
        sweeps = random.randint(0, 1)
        losses_of = sweep.segment_losses
        trainer = run.trainer(run.config(STEPS))

        def losses(*arguments: Any) -> Any:
            each, state = losses_of(*arguments)
            if len(trainer.state.history) == sweeps:
                each[:, -1] = random.choice(
                    [math.nan, math.inf]
                )  # the first positions are not scored
            return each, state

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sweep, "segment_losses", losses)
            patch.setattr(validation, "plan_validation", lambda *_: ValidationPlan(2, 10**9, 1000))
            with pytest.raises(CharnnError) as caught:
                trainer.run()
        assert_helpful(str(caught.value), STEPS // 2 * (sweeps + 1))
        assert_sound(run)
        assert run.train(STEPS).reason == "done"

    trials("no number in a validation", trial, few=1, many=30)


def test_divergence_is_an_error_of_one_line(tmp_path: Path) -> None:
    (tmp_path / "corpus.txt").write_text(prose(3000), encoding="utf-8")
    spoilt = (
        "from charnn.training import trainer; trainer.learning_rate = lambda *arguments: 1e37\n"
        "from charnn.cli import main; main()"
    )
    options = ("--steps", "20", "--threads", "1", "--hidden-size", "8")
    ended = subprocess.run(
        [sys.executable, "-c", spoilt, "train", "corpus.txt", *options],
        cwd=tmp_path,
        env=environment(),
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 1
    last = ended.stderr.decode().splitlines()[-1]
    assert last.startswith("error: training diverged at step ")
    assert "Traceback" not in ended.stderr.decode()
    assert not list((tmp_path / "checkpoints").rglob("*.safetensors"))


ABSURD = (math.nan, math.inf, -math.inf, -1.0, 1e308, 10**32, -(10**32))


@pytest.mark.parametrize("value", ABSURD)
@pytest.mark.parametrize(
    "option",
    [
        *("lr", "clip", "clip_value", "gradient_penalty", "weight_decay", "ema", "patience"),
        *("batch_size", "seq_len", "save_every", "seed", "threads"),
    ],
)
def test_absurd_options_of_training_are_refused(option: str, value: float) -> None:
    with pytest.raises(UsageError, match="--" + option.replace("_", "-")):
        TrainingConfig(Budget(steps=1), **{option: value})


@pytest.mark.parametrize("value", [*ABSURD, 0])
@pytest.mark.parametrize("limit", ["minutes", "epochs", "steps"])
def test_absurd_budgets_are_refused(limit: str, value: float) -> None:
    with pytest.raises(UsageError, match=f"--{limit}"):
        Budget(**{limit: value})


@pytest.mark.parametrize("value", [*ABSURD, 1.0])
@pytest.mark.parametrize("option", ["dropout", "embedding_dropout", "weight_drop"])
def test_absurd_probabilities_are_refused(option: str, value: float) -> None:
    with pytest.raises(UsageError, match=option.replace("_", "-")):
        ModelConfig(10, **{option: value})


@pytest.mark.parametrize(
    "options",
    [
        *({"lr": lr} for lr in (1e-45, 1.0)),
        *({name: value} for name in ("clip", "clip_value") for value in (1e-45, 1e-320, 1e9)),
        *({name: 1 - 1e-11} for name in ("weight_decay", "ema", "dropout", "weight_drop")),
    ],
    ids=str,
)
def test_extremes_that_are_allowed_work(
    tmp_path: Path, dataset: Dataset, options: dict[str, Any]
) -> None:
    run = Run(tmp_path / "run", dataset, **options)
    assert run.train(4).reason == "done"
    assert_sound(run)
    run.train(6)
