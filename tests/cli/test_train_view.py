"""The display of a training run, event by event."""

import itertools
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from charnn.cli import train_view
from charnn.cli.train_tables import result_table
from charnn.cli.train_view import TrainView
from charnn.corpus.byte_vocabulary import ByteVocabulary
from charnn.training.events import Finished, Preparing, Stepped, Validated
from tests.helpers import random_checkpoint, reciting_checkpoint


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


def test_lines_elsewhere_show_what_the_terminal_shows(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainView(["corpus.txt"], {}, lambda: False, as_json=False) as view:
        view.report(Stepped(10, 1.5, 0.002, 0.731, 12345.6, 0.5, 1.0, clipped=0.3))
        view.report(Validated(10, 1.25, True, reciting_checkpoint("abc")))
    assert capsys.readouterr().err == (
        "step 10: validation 1.2500 nats/char (1.803 bits/char)  training 1.5000  "
        "gradient 0.73 (30% clipped)  lr 0.002  12,346 chars/s  (best so far)\n"
    )


def test_a_large_corpus_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with TrainView(["corpus.txt"], {}, lambda: False, as_json=False) as view:
        first = view.bar
        for done in (10, 20):
            view.report(Preparing(done, 20))
        assert first.disable
        assert view.bar.total == 20
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("preparing the corpus; it is kept in data/")


def test_samples_have_the_same_seed(capsys: pytest.CaptureFixture[str]) -> None:
    samples = []
    for _ in range(2):
        with TrainView(["corpus.txt"], {}, lambda: False, as_json=False) as view:
            view.live = True
            view.report(Validated(10, 1.25, True, random_checkpoint("abcdefgh")))
        samples.append(capsys.readouterr().err)
    assert samples[0] == samples[1]
    assert len(samples[0]) > 200


def test_the_command_that_resumes_a_run_continues_its_log() -> None:
    finished = Finished("interrupted", None, None, 3, 1.0, 5.0, None)
    dataset = SimpleNamespace(vocabulary=ByteVocabulary())
    planned: Any = SimpleNamespace(run=Path("checkpoints/run"), dataset=dataset)
    _, rows = result_table(planned, finished, ["a.txt"], {"tensorboard": True})
    assert rows["steps"].endswith(" 5 bytes/s")
    assert rows["resume"] == "charnn train --resume --name run --tensorboard a.txt"
