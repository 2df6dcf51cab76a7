"""Hints on budgets that are hardly intended, and no hint on any other."""

from pathlib import Path

import pytest

from charnn.training import hints
from charnn.training.events import Hinted
from charnn.training.hints import on_speed
from charnn.training.options import TrainingOptions
from charnn.training.plan import plan_run
from charnn.training.training_config import Budget
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run

CPU = {"device": "cpu", "precision": "fp32"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, False),
        ({"epochs": 100}, False),
        ({"epochs": 1000}, True),
        ({"minutes": 1}, False),
        ({"minutes": 60}, True),
        ({"minutes": 60, "epochs": 40}, False),
        ({"steps": 2000}, False),
        ({"steps": 2000, "batch_size": 4, "seq_len": 16}, False),
        ({"steps": 20_000}, True),
    ],
    ids=str,
)
def test_many_epochs_give_a_note(tmp_path: Path, options: dict[str, int], said: bool) -> None:
    dataset = prepared_text(tmp_path, prose(30_000))
    notes = plan_run(dataset, TrainingOptions(**CPU, **options)).notes
    assert any("epochs of" in note and "--epochs 120" in note for note in notes) == said


def test_a_huge_vocabulary_gives_a_note(tmp_path: Path) -> None:
    for count, said in ((15_000, False), (25_000, True)):
        text = "".join(map(chr, range(0x20000, 0x20000 + count)))
        notes = plan_run(
            prepared_text(tmp_path, text, val_fraction=0), TrainingOptions(**CPU)
        ).notes
        assert (
            any("different characters" in note and "--encoding" in note for note in notes) == said
        )


@pytest.mark.parametrize(
    ("budget", "phrase"),
    [
        # An epoch has 1,000 steps of a tenth of a second: 100 seconds.
        (Budget(epochs=50), None),
        (Budget(epochs=500), "14 hours"),
        (Budget(steps=500_000), "14 hours"),
        (Budget(epochs=500, minutes=10), None),
        (Budget(minutes=10), None),
        (Budget(minutes=1), "60% of the corpus will be read. --minutes 2 "),
        (Budget(minutes=1, epochs=40), "60% of the corpus"),
        # The user asked for less than an epoch.
        (Budget(minutes=1, epochs=0.5), None),
        (Budget(epochs=0.1), None),
        (Budget(steps=20), None),
        (Budget(minutes=0.2), "about 120 updates, too few to learn"),
    ],
    ids=str,
)
def test_the_hint_on_the_speed(budget: Budget, phrase: str | None) -> None:
    hint = on_speed(budget, steps_per_epoch=1000, seconds_per_step=0.1)
    if phrase is None:
        assert hint is None
    else:
        assert hint is not None
        assert phrase in hint


def test_a_run_gives_its_hint_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dataset = prepared_text(tmp_path, prose(3000))
    quick = Run(tmp_path / "quick", dataset)
    quick.train(30)
    monkeypatch.setattr(hints, "HINT_AFTER", 0.0)
    run = Run(tmp_path / "run", dataset)
    run.train(10**9, stop_after=20)
    assert sum(isinstance(event, Hinted) for event in run.events) == 1
    assert not any(isinstance(event, Hinted) for event in quick.events)
