"""The display of a training run, event by event."""

import itertools
from types import SimpleNamespace

import pytest

from charnn.cli import train_view
from charnn.cli.train_view import TrainView
from charnn.training.events import Validated
from tests.helpers import reciting_checkpoint


def test_samples_are_ten_seconds_apart(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr(train_view, "time", SimpleNamespace(monotonic=lambda: clock.now))
    with TrainView(["corpus.txt"], {}, lambda: False, as_json=False) as view:
        view.live = True
        for step, now in enumerate((0.0, 3.0, 9.9, 10.0, 11.0, 20.5)):
            clock.now = now
            view.report(Validated(step, 1.0, False, reciting_checkpoint("abc")))
    lines = capsys.readouterr().err.splitlines()
    assert sum(line.startswith("step ") for line in lines) == 6
    sampled = [before for before, line in itertools.pairwise(lines) if "abc" in line]
    assert [line.split(":")[0] for line in sampled] == ["step 0", "step 3", "step 5"]
