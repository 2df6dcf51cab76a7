"""The learning curves of a run, from its metrics and from the history of its checkpoint."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.checkpoints.run_files import METRICS
from charnn.errors import CheckpointError
from charnn.insight.curve_series import Series
from charnn.insight.learning_curves import read_learning_curves
from charnn.library import load
from tests.helpers import charnn, random_checkpoint, save_run

HISTORY = [
    {"step": 20, "seconds": 1.0, "val_loss": 2.5, "train_loss": 2.75},
    {"step": 40, "seconds": 2.0, "val_loss": 2.0, "train_loss": 2.25},
    {"step": 60, "seconds": 3.0, "val_loss": 2.25, "train_loss": 1.75},
]
CHECKPOINT = replace(random_checkpoint("abc"), metadata={"corpus": "c", "history": HISTORY})


def step_line(step: int, **changes: Any) -> dict[str, Any]:
    line = {"event": "step", "step": step, "loss": 3 - step / 50, "lr": 0.002, "grad_norm": 0.5}
    return line | {"clipped": 0.1} | changes


def make_run(folder: Path, name: str, *lines: Any) -> Path:
    """Save a run with these lines of metrics: objects, or texts as they are."""
    path = save_run(folder, name, CHECKPOINT)
    texts = (line if isinstance(line, str) else json.dumps(line) + "\n" for line in lines)
    if lines:
        path.with_name(METRICS).write_text("".join(texts), encoding="utf-8")
    return path


def test_a_run_without_metrics_has_the_curves_of_its_history(tmp_path: Path) -> None:
    curves = read_learning_curves(make_run(tmp_path, "run"))
    assert (curves.name, curves.best, curves.last_step) == ("run", (40, 2.0), 60)
    assert curves.training.to_json() == {"step": [20, 40, 60], "value": [2.75, 2.25, 1.75]}
    assert len(curves.lr) == len(curves.grad_norm) == len(curves.clipped) == 0
    exported = tmp_path / "checkpoints" / "run" / "small.safetensors"
    CHECKPOINT.save(exported)
    exported.with_name(METRICS).write_text(json.dumps(step_line(5)))  # of the run, not of the file
    assert load(exported).learning_curves().best == (40, 2.0)


def test_metrics_are_newer_than_the_checkpoint(tmp_path: Path) -> None:
    validation = {"event": "validation", "step": 80, "val_nats_per_char": 1.5}
    lines = [step_line(10), step_line(80, clipped=0.3), validation]
    curves = read_learning_curves(make_run(tmp_path, "run", *lines))
    assert curves.training.steps.tolist() == [10, 80]
    assert curves.validation.steps.tolist() == [20, 40, 60, 80]
    assert curves.best == (80, 1.5)
    assert curves.clipped.values.tolist() == [0.1, 0.3]
    assert curves.figure().axes[0].get_title() == "Learning curves of run"


def test_damaged_lines_are_left_out_and_counted(tmp_path: Path) -> None:
    old = {key: value for key, value in step_line(10).items() if key != "clipped"}
    damaged = [
        "\n",
        "[]\n",
        '{"event": "step"}\n',
        "[" * 9_000 + "\n",
        "x" * 30_000 + "\n",
        step_line(12, loss=float("nan")),
        step_line(13, lr="1"),
        step_line(2**70),
        '{"event": "st',
    ]
    path = make_run(tmp_path, "run", old, *damaged[:-1], step_line(20), damaged[-1])
    curves = read_learning_curves(path)
    assert curves.left_out == len(damaged)
    assert curves.lr.steps.tolist() == [10, 20]
    assert curves.clipped.steps.tolist() == [20]
    ended = charnn(tmp_path, "inspect", "--compare", "run", "run")
    assert ended.returncode == 0
    assert f"{len(damaged)} damaged or incomplete lines" in ended.messages[0]


@given(st.lists(st.binary(max_size=60), max_size=5))
def test_any_bytes_may_stand_in_the_metrics(
    tmp_path_factory: pytest.TempPathFactory, lines: list[bytes]
) -> None:
    path = make_run(tmp_path_factory.mktemp("run"), "run")
    path.with_name(METRICS).write_bytes(b"\n".join(lines))
    assert read_learning_curves(path).best == (40, 2.0)


def test_a_model_without_any_loss_has_no_curve(tmp_path: Path) -> None:
    path = save_run(tmp_path, "run", random_checkpoint("abc"))
    with pytest.raises(CheckpointError, match="run has no learning curve"):
        read_learning_curves(path)


def test_the_smoothed_curve_keeps_a_straight_line() -> None:
    line = Series.of({10 * n: 3 - n / 50 for n in range(500)})
    assert np.allclose(line.smoothed().values, line.values)
    noisy = replace(line, values=line.values + np.random.default_rng(0).normal(0, 0.1, 500))
    assert np.abs(noisy.smoothed().values - line.values)[5:-5].mean() < 0.04


def test_curves_are_drawn(tmp_path: Path) -> None:
    make_run(tmp_path, "$a_{$", step_line(30), step_line(60))
    for name in ("a.png", "a.svg", "a.html"):
        ended = charnn(tmp_path, "inspect", "$a_{$", "--plot", name)
        assert (ended.returncode, ended.stdout) == (0, b"")
        assert ended.messages[-1].startswith(f"wrote {name}")
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert "best 2.0000 at step 40" in (tmp_path / "a.svg").read_text("utf-8")
    page = (tmp_path / "a.html").read_text("utf-8")
    assert "<h1>Learning curves of $a_{$</h1>" in page
    assert '<th scope="row">40</th><td>2.0000</td>' in page
    found = json.loads(charnn(tmp_path, "inspect", "--plot", "a.png", "--json").stdout)
    assert found["curves"]["grad_norm"] == {"step": [30, 60], "value": [0.5, 0.5]}
    assert found["curves"]["best_step"] == 40


def test_runs_are_compared(tmp_path: Path) -> None:
    make_run(tmp_path, "one", step_line(30))
    make_run(tmp_path, "two", {"event": "validation", "step": 100, "val_nats_per_char": 1.75})
    ended = charnn(tmp_path, "inspect", "--compare", "one", "two")
    rows = [line.split() for line in ended.stdout.decode().splitlines()[1:]]
    assert (rows[0], ended.stderr) == (["step", "one", "two"], b"")
    assert ["60", "2.2500", "2.2500"] in rows
    assert ["100", "-", "1.7500"] in rows
    assert rows[-3:-1] == [["best", "2.0000", "1.7500"], ["at", "step", "40", "100"]]
    ended = charnn(tmp_path, "inspect", "--compare", "one", "folk", "--json", "--plot", "a.html")
    found = json.loads(ended.stdout)
    assert [run["name"] for run in found["runs"]] == ["one", "folk"]
    assert not found["comparable"]
    assert "held-out" in ended.messages[-1]
    page = (tmp_path / "a.html").read_text("utf-8")
    assert "one and folk</h1>" in page
    assert "different held-out parts" in page


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("one", "two"), "--compare"),
        (("--compare", "one"), "--compare RUN RUN"),
        (("--plot", "a.gif"), "--plot a.gif: name a file that ends in .png"),
        (("--plot", "no/a.png"), "there is no folder no"),
        (("--verify", "--plot", "a.png"), "leave out"),
    ],
)
def test_wrong_usage(tmp_path: Path, words: tuple[str, ...], message: str) -> None:
    ended = charnn(tmp_path, "inspect", *words)
    assert (ended.returncode, ended.stdout, len(ended.messages)) == (2, b"", 1)
    assert message in ended.messages[0]
