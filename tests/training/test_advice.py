"""The advice at the end of a run, for made-up histories and for small real runs."""

from pathlib import Path

import pytest

from charnn.model.config import ModelConfig
from charnn.training.advice import advise
from charnn.training.training_config import Budget
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run

MODEL = ModelConfig(60, hidden_size=384, dropout=0.3)
MINUTES = Budget(minutes=4)


def history(*losses: float, train: float | None = None) -> list[dict[str, float]]:
    """Return validations at every 100 steps of 0.3 seconds each."""
    known = {} if train is None else {"train_loss": train}
    return [
        {"step": 100 * number, "seconds": 30.0 * number, "val_loss": loss, **known}
        for number, loss in enumerate(losses, 1)
    ]


@pytest.mark.parametrize(
    ("entries", "passes", "begins", "phrases"),
    [
        # The loss still falls at the end and the training loss is close: train longer.
        (history(2.2, 1.9, 1.7, 1.6, train=1.5), 9, "still learning", ["--minutes 8"]),
        # With dropout the training loss may even be above the validation loss.
        (history(2.2, 1.9, 1.7, 1.6, train=1.8), 9, "still learning", []),
        # What annealing alone gains is no reason to train longer.
        (history(2.2, 1.62, 1.61, 1.6, train=1.6), 9, "done", ["1.2%", "--preset medium"]),
        (history(2.0, 1.6, 1.603, 1.602, train=1.6), 9, "done", []),
        # A run that patience ended should not continue, however much it gained before.
        (history(3.0, 2.2, 1.6, 1.603, 1.602, train=1.6), 9, "done", ["since step 300 of 500"]),
        # A text of a single character is learned completely.
        (history(0.2, 0.0, 0.0, 0.0, train=0.0), 9, "done", []),
        (history(0.2, 0.1, 0.0, train=0.0), 9, "still learning", []),
        # The loss was lowest long before the end: the text is learned by heart.
        (
            history(2.0, 1.6, 1.65, 1.8, train=1.0),
            20,
            "overfitting",
            ["step 200 of 400", "--dropout 0.5", "--preset tiny", "--epochs 10)"],
        ),
        # The text is learned by heart, although the validation loss never rose.
        (history(2.2, 1.62, 1.61, 1.6, train=0.9), 9, "overfitting", ["0.90", "--weight-drop"]),
        # As long as the validation loss falls, the run is not overfitting.
        (history(2.2, 1.9, 1.7, 1.6, train=0.9), 9, "still learning", []),
        # Nothing is learned by heart in two epochs: the held-out part is another kind of text.
        (history(2.2, 1.9, 1.7, 1.6, train=0.9), 2, "still learning", []),
        # With a single validation, the number of epochs decides.
        (history(2.2, train=2.2), 0.9, "still learning", []),
    ],
)
def test_the_advice_for_made_up_histories(
    entries: list[dict[str, float]], passes: float, begins: str, phrases: list[str]
) -> None:
    advice = advise(entries, passes, MINUTES, MODEL)
    assert advice is not None
    assert advice.startswith(begins)
    assert all(phrase in advice for phrase in phrases), advice


def test_too_few_validations_give_no_advice() -> None:
    assert advise([], 9, MINUTES, MODEL) is None
    assert advise(history(2.0), 9, MINUTES, MODEL) is None


@pytest.mark.parametrize(
    ("budget", "option"),
    [
        (Budget(minutes=2, epochs=40), "--minutes 4 "),
        (Budget(minutes=60, epochs=9), "--epochs 18 "),
        (Budget(steps=2_000_000), "--steps 4000000 "),
    ],
)
def test_the_limit_that_ended_the_run_is_doubled(budget: Budget, option: str) -> None:
    advice = advise(history(2.2, 1.9, 1.7, 1.6), 9, budget, MODEL)
    assert advice is not None
    assert option in advice


def test_the_smallest_and_the_largest_preset_have_no_neighbour() -> None:
    tiny, huge = ModelConfig(60, hidden_size=8), ModelConfig(60, hidden_size=4096)
    over = advise(history(2.0, 1.6, 1.65, 1.8), 20, MINUTES, tiny)
    done = advise(history(2.2, 1.62, 1.61, 1.6), 9, MINUTES, huge)
    assert over is not None
    assert done is not None
    assert "--preset" not in over + done


@pytest.mark.parametrize(
    ("options", "steps", "begins"),
    [
        ({"hidden_size": 64, "lr": 0.02}, 1000, "overfitting"),
        ({"hidden_size": 16, "lr": 0.005}, 60, "still learning"),
        ({"hidden_size": 1, "lr": 0.02}, 700, "done"),
    ],
    ids=str,
)
def test_the_advice_for_real_runs(
    tmp_path: Path, options: dict[str, float], steps: int, begins: str
) -> None:
    """One run learns its text by heart, one has just started, one is too small."""
    run = Run(tmp_path / "run", prepared_text(tmp_path, prose(3000)), **options)
    advice = run.train(steps).advice
    assert advice is not None
    assert advice.startswith(begins)


def test_an_interrupted_run_has_no_advice(tmp_path: Path) -> None:
    run = Run(tmp_path / "run", prepared_text(tmp_path, prose(3000)))
    assert run.train(200, stop_after=100).advice is None
