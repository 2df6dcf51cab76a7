"""The log of a run for TensorBoard."""

import errno
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charnn.checkpoints.run_changes import remove_run
from charnn.checkpoints.run_files import EVENTS, LAST, TENSORBOARD
from charnn.checkpoints.run_summary import summarise_run
from charnn.corpus.sources import find_sources
from charnn.errors import CharnnError
from charnn.insight.event_file import EventFile
from charnn.library import load, train
from charnn.training.events import Event, LogEnded, Stepped, Validated
from tests.helpers import prose, random_checkpoint, save_run

OPTIONS: dict[str, Any] = {
    **{"hidden_size": 12, "embedding_size": 6, "batch_size": 4, "seq_len": 16, "dropout": 0.3},
    **{"pointer": 0, "threads": 1, "precision": "fp32", "device": "cpu", "name": "run"},
}


@pytest.fixture
def corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "corpus.txt"
    path.write_text(prose(2000), encoding="utf-8")
    return path


def read_log(run: Path) -> Any:
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    return EventAccumulator(str(run / TENSORBOARD)).Reload()


def trained(corpus: Path, **options: Any) -> list[Event]:
    events: list[Event] = []
    train(corpus, report=events.append, **{**OPTIONS, **options})
    return events


def test_the_log_has_every_event_and_changes_nothing(corpus: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs charnn[tensorboard]")
    events = trained(corpus, steps=50, tensorboard=True)
    run = corpus.parent / "checkpoints" / "run"
    log = read_log(run)
    for tag, name in {
        "loss/training": "loss",
        "optimizer/learning_rate": "lr",
        "optimizer/gradient_norm": "grad_norm",
        "optimizer/clipped_share": "clipped",
        "time/characters_per_second": "characters_per_second",
        "time/progress": "progress",
        "time/seconds": "seconds",
    }.items():
        logged = [(each.step, each.value) for each in log.Scalars(tag)]
        steps = [event for event in events if isinstance(event, Stepped)]
        assert np.allclose(logged, [(event.step, getattr(event, name)) for event in steps])
    validations = [event for event in events if isinstance(event, Validated)]
    logged = [(each.step, each.value) for each in log.Scalars("loss/validation")]
    assert np.allclose(logged, [(event.step, event.loss) for event in validations])
    assert {each.step for each in log.Scalars("loss/best_validation")} <= {
        step for step, _ in logged
    }
    names = {f"gates/{gate}/layer0" for gate in ("input", "forget", "cell", "output")}
    assert set(log.Tags()["histograms"]) == names
    histogram = log.Histograms("gates/forget/layer0")[-1]
    assert histogram.step == validations[-1].step
    assert 0 < histogram.histogram_value.min < histogram.histogram_value.max < 1
    samples = log.Tensors("sample/text_summary")
    assert len(samples) == len(validations)
    assert samples[-1].tensor_proto.string_val[0].startswith(b"    ")
    # The log draws no random numbers of the training.
    trained(corpus, steps=50, name="plain")
    weights = [load(run.with_name(name) / LAST).checkpoint.weights for name in ("run", "plain")]
    assert all(np.array_equal(weights[0][name], weights[1][name]) for name in weights[0])


def test_a_resumed_run_has_no_step_twice(corpus: Path) -> None:
    pytest.importorskip("tensorboard", reason="needs charnn[tensorboard]")
    run = corpus.parent / "checkpoints" / "run"
    trained(corpus, steps=30, tensorboard=True)
    early = {path: path.read_bytes() for path in run.glob("*.safetensors")}
    trained(corpus, steps=60, tensorboard=True, resume=True)
    # As after a kill: the log is ahead of the checkpoints.
    for path in run.glob("*.safetensors"):
        path.unlink()
    for path, content in early.items():
        path.write_bytes(content)
    trained(corpus, steps=60, tensorboard=True, resume=True)
    log = read_log(run)
    assert [each.step for each in log.Scalars("loss/training")] == [10, 20, 30, 40, 50, 60]
    validated = [each.step for each in log.Scalars("loss/validation")]
    assert validated == sorted(set(validated))
    assert len(list((run / TENSORBOARD).iterdir())) == 3


def test_a_log_that_cannot_be_written_does_not_end_the_training(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("tensorboard", reason="needs charnn[tensorboard]")
    run = corpus.parent / "checkpoints" / "run"
    trained(corpus, steps=10)
    (run / TENSORBOARD).write_text("a file in the place of the folder")
    ended = trained(corpus, steps=20, tensorboard=True, resume=True)
    (run / TENSORBOARD).unlink()

    def fail(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(EventFile, "add_scalars", fail)
    ended += trained(corpus, steps=30, tensorboard=True, resume=True)
    reasons = [event.reason for event in ended if isinstance(event, LogEnded)]
    assert reasons == ["File exists", "No space left on device"]
    assert load(run / LAST).checkpoint.step == 30


def test_a_missing_package_is_named_before_the_training(
    corpus: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CharnnError, match=r"pip install 'charnn\[tensorboard\]'"):
        trained(corpus, steps=10, tensorboard=True)
    assert not (corpus.parent / "checkpoints").exists()


def test_the_log_belongs_to_the_run(corpus: Path) -> None:
    run = save_run(corpus.parent, "run", random_checkpoint("abc")).parent
    size = summarise_run(run).size
    (run / TENSORBOARD).mkdir()
    (run / TENSORBOARD / f"{EVENTS}123.host").write_bytes(b"0" * 50)
    assert summarise_run(run).size == size + 50
    for name in (".", "**/*"):
        read = find_sources([name])
        assert [Path(document.name).name for document in read.collector.texts] == [corpus.name]
    assert remove_run(run)
