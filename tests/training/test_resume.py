"""A run that is stopped and resumed equals one that was never stopped, bit for bit."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from charnn.checkpoints.run_files import BEST, LAST, METRICS
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.sources import Corpus
from charnn.corpus.text import document
from charnn.corpus.transpose_augmentation import ALL_KEYS
from charnn.errors import CheckpointError
from charnn.model.cells import CELLS
from charnn.training.events import Validated
from charnn.training.options import TrainingOptions
from charnn.training.plan import plan_resume
from charnn.training.training_config import MAX_GRADIENT, Budget, TrainingConfig
from tests.helpers import prepared_text, prose
from tests.training.helpers import Run, assert_same_run

SHAPES: list[dict[str, Any]] = [
    *({"cell": cell, "dropout": 0.3} for cell in CELLS),
    {"cell": "gru", "dropout": 0.3, "num_layers": 2},
    {"cell": "rnn", "dropout": 0.3, "embedding_size": None},
    {"cell": "peephole", "dropout": 0.3, "gradient_penalty": 0.1, "clip_value": 0.05},
    {"cell": "lstm", "num_layers": 2, "embedding_size": None, "dropout": 0.3},
    {"cell": "lstm", "dropout": 0.3, "pointer": 30},
    {"cell": "lstm", "dropout": 0.3, "ema": 0.9, "weight_drop": 0.2, "embedding_dropout": 0.1},
]


@pytest.fixture(scope="module")
def dataset(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    # 4 rows of 16 characters: 19 segments per epoch.
    # The validation part is small, so that sweeps are frequent.
    return prepared_text(tmp_path_factory.mktemp("data"), prose(1250), val_fraction=0.03)


def test_a_run_with_a_huge_clip_of_an_earlier_version_is_resumed(
    tmp_path: Path, dataset: Dataset
) -> None:
    """Earlier versions accepted any clip. The largest one of today clips nothing either."""
    run = Run(tmp_path / "run", dataset, clip=MAX_GRADIENT)
    run.train(9)
    run.train(20)
    was = Run(tmp_path / "was", dataset, clip=MAX_GRADIENT)
    was.train(9)
    before = was.checkpoint()
    training = {**before.metadata["training"], "clip": 1e30}
    replace(before, metadata={**before.metadata, "training": training}).save(was.folder / LAST)
    resume = was.checkpoint()
    plan = plan_resume(resume, dataset, TrainingOptions(steps=20))
    assert was.trainer(plan.training, resume=resume).run().reason == "done"
    assert_same_run(run.checkpoint(), was.checkpoint())


@pytest.mark.usefixtures("short_contexts")
@pytest.mark.parametrize(
    ("shape", "precision"),
    [(shape, "fp32") for shape in SHAPES] + [(shape, "bf16") for shape in SHAPES[-3:]],
    ids=str,
)
def test_stops_change_nothing(
    tmp_path: Path, dataset: Dataset, shape: dict[str, Any], precision: str
) -> None:
    """Stop in the first epoch, at its very end, just after it, and in the third epoch."""
    at_once = Run(tmp_path / "once", dataset, precision=precision, **shape)
    at_once.train(45)
    in_parts = Run(tmp_path / "parts", dataset, precision=precision, **shape)
    assert in_parts.train(45, stop_after=7).reason == "interrupted"
    stopped = in_parts.checkpoint()
    for before, stop in ((7, 19), (19, 20), (20, 40)):
        assert in_parts.train(45, stop_after=stop - before).reason == "interrupted"
        assert in_parts.checkpoint().metadata["position"]["step"] == stop
    assert in_parts.train(45).reason == "done"
    assert_same_run(at_once.checkpoint(), in_parts.checkpoint())
    # The compared run does change: its random state, its hidden state and its moments.
    last = in_parts.checkpoint()
    for name in ("random.cpu", "state.0.0", "optimizer.exp_avg.head.weight"):
        assert not np.array_equal(stopped.training[name], last.training[name]), name


def test_stops_change_nothing_in_tokens_and_other_keys(tmp_path: Path) -> None:
    corpus = Corpus("tunes", [document("tune", tune(number)) for number in range(30)], tunes=True)
    dataset = prepare(corpus, tmp_path / "data", 0.1, "abc", ALL_KEYS)
    at_once = Run(tmp_path / "once", dataset, dropout=0.3)
    at_once.train(30)
    in_parts = Run(tmp_path / "parts", dataset, dropout=0.3)
    in_parts.train(30, stop_after=11)
    in_parts.dataset = prepare(corpus, tmp_path / "new data", 0.1, "abc", ALL_KEYS)
    in_parts.train(30)
    last = in_parts.checkpoint()
    assert_same_run(at_once.checkpoint(), last)
    assert last.vocabulary == dataset.vocabulary
    assert (last.metadata["tokens"], last.metadata["transpose"]) == ("abc", [-5, 6])


def tune(number: int) -> str:
    notes = "".join("GABcdefg"[(number * place) % 8] + "2 " for place in range(1, 20))
    return f"X:1\nT:No {number}\nM:6/8\nL:1/8\nK:G\n|:{notes}:|\n"


@pytest.mark.usefixtures("short_contexts")
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_the_threads_change_nothing(tmp_path: Path, dataset: Dataset, cell: str) -> None:
    """The initial weights do not depend on the threads, which share only larger products."""
    options = {"cell": cell, "hidden_size": 160, "batch_size": 8, "precision": "bf16"}
    at_once = Run(tmp_path / "once", dataset, **options)
    at_once.train(4, threads=1)
    in_parts = Run(tmp_path / "parts", dataset, **options)
    in_parts.train(4, stop_after=2, threads=1)
    in_parts.train(4, threads=2)
    assert_same_run(at_once.checkpoint(), in_parts.checkpoint())


def test_the_seed_decides(tmp_path: Path, dataset: Dataset) -> None:
    same = [Run(tmp_path / name, dataset, seed=3, dropout=0.3) for name in "ab"]
    for run in same:
        run.train(12)
    assert_same_run(same[0].checkpoint(), same[1].checkpoint())
    other = Run(tmp_path / "c", dataset, seed=4, dropout=0.3)
    other.train(12)
    weights = [run.checkpoint().weights["head.weight"] for run in (same[0], other)]
    assert not np.array_equal(*weights)


def test_a_stop_where_a_validation_is_due_does_not_lose_it(
    tmp_path: Path, dataset: Dataset
) -> None:
    """The validation losses, and so the best model, do not depend on where a run was stopped."""
    at_once = Run(tmp_path / "once", dataset)
    at_once.train(40)
    due = [event.step for event in at_once.events if isinstance(event, Validated)]
    assert len(due) >= 4
    in_parts = Run(tmp_path / "parts", dataset)
    in_parts.train(40, stop_after=due[1])
    in_parts.train(40)
    histories = [
        [(entry["step"], entry["val_loss"]) for entry in run.checkpoint().metadata["history"]]
        for run in (at_once, in_parts)
    ]
    assert histories[0] == histories[1]


def test_a_stop_during_a_validation_does_not_lose_it(tmp_path: Path) -> None:
    """The whole sweep is repeated; the interrupted one leaves no trace."""
    dataset = prepared_text(tmp_path / "data", prose(25_000), val_fraction=0.9)
    options = {"ema": 0.9, "dropout": 0.3}
    at_once = Run(tmp_path / "once", dataset, **options)
    at_once.train(6)
    in_parts = Run(tmp_path / "parts", dataset, **options)
    trainer = in_parts.trainer(
        in_parts.config(6), should_stop=lambda: not trainer.state.network.training
    )
    assert trainer.run().reason == "interrupted"
    stopped = in_parts.checkpoint().metadata
    assert stopped["history"] == []
    assert stopped["position"]["validated_step"] == 0
    in_parts.train(6)
    assert_same_run(at_once.checkpoint(), in_parts.checkpoint())


def test_a_stop_at_the_last_step_does_not_lose_the_validation(
    tmp_path: Path, dataset: Dataset
) -> None:
    run = Run(tmp_path / "run", dataset)
    run.train(8, stop_after=8)
    assert run.train(8).reason == "done"
    assert run.checkpoint().metadata["history"][-1]["step"] == 8
    assert (run.folder / BEST).exists()


@pytest.mark.parametrize("val_fraction", [0.0, 0.03, 0.3])
@pytest.mark.parametrize("longer", [10, 12, 200])
def test_a_finished_run_is_resumed_with_a_larger_budget(
    tmp_path: Path, longer: int, val_fraction: float
) -> None:
    """The second part is validated and saved."""
    dataset = prepared_text(tmp_path / "data", prose(1250), val_fraction=val_fraction)
    run = Run(tmp_path / "run", dataset)
    run.train(8)
    before = run.checkpoint()
    finished = run.train(longer)
    assert (finished.reason, finished.steps) == ("done", longer)
    after = run.checkpoint()
    assert after.metadata["position"]["step"] == longer
    assert not np.array_equal(before.weights["head.weight"], after.weights["head.weight"])
    if val_fraction:
        assert after.metadata["history"][-1]["step"] == longer


def test_a_finished_run_has_nothing_left_to_do(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    run.train(8)
    before = (run.folder / LAST).read_bytes()
    finished = run.train(8)
    assert (finished.reason, finished.steps) == ("done", 8)
    assert (run.folder / LAST).read_bytes() == before


def test_another_corpus_is_refused(tmp_path: Path, dataset: Dataset) -> None:
    run = Run(tmp_path / "run", dataset)
    run.train(4)
    saved = (run.folder / LAST).read_bytes()
    # One letter differs; the vocabulary and all sizes are the same.
    text = prose(1250)
    changed = text[:99] + ("e" if text[99] != "e" else "a") + text[100:]
    for other in (
        prepared_text(tmp_path / "data", changed, val_fraction=0.03),
        prepared_text(tmp_path / "data", text, val_fraction=0.2),
    ):
        run.dataset = other
        with pytest.raises(CheckpointError, match="another corpus"):
            run.train(8)
    assert (run.folder / LAST).read_bytes() == saved


@pytest.mark.parametrize(
    "lost", ["random.cpu", "state.0.0", "optimizer.step.head.bias", "optimizer.exp_avg.head.weight"]
)
def test_a_checkpoint_without_its_training_state_is_refused(
    tmp_path: Path, dataset: Dataset, lost: str
) -> None:
    run = Run(tmp_path / "run", dataset)
    run.train(4)
    checkpoint = run.checkpoint()
    assert checkpoint.training.pop(lost) is not None
    config = TrainingConfig(Budget(steps=8), **run.options)
    with pytest.raises(CheckpointError, match="lacks what resuming needs"):
        run.trainer(config, resume=checkpoint)


def metrics(run: Run) -> list[dict[str, Any]]:
    lines = (run.folder / METRICS).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def test_a_smaller_corpus_than_the_batch_is_another_corpus(
    tmp_path: Path, dataset: Dataset
) -> None:
    run = Run(tmp_path / "run", dataset, batch_size=400)
    run.train(2)
    run.dataset = prepared_text(tmp_path, prose(300))
    with pytest.raises(CheckpointError, match="another corpus"):
        run.train(4)


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("random.cpu", lambda array: array[:-1]),
        ("random.cpu", lambda array: array.astype(np.int64)),
        ("state.0.1", lambda array: array[:1]),
        ("state.0.0", lambda array: array.astype(np.float64)),
        ("optimizer.exp_avg.head.weight", lambda array: array[0, 0]),
        ("optimizer.step.head.bias", lambda array: np.tile(array, 3)),
    ],
)
def test_a_training_state_of_another_shape_is_refused(
    tmp_path: Path, dataset: Dataset, name: str, change: Callable[[Any], Any]
) -> None:
    """It is neither broadcast to fit nor discovered in the middle of a step."""
    run = Run(tmp_path / "run", dataset)
    run.train(2)
    kept = run.checkpoint()
    wrong = replace(kept, training=kept.training | {name: change(kept.training[name])})
    with pytest.raises(CheckpointError, match="lacks what resuming needs"):
        run.trainer(run.config(4), resume=wrong)


@pytest.mark.parametrize(
    "position", [{"step": -1}, {"step": 2.5}, {"window": 10**6}, {"best_loss": "low"}], ids=str
)
def test_a_malformed_position_is_refused(
    tmp_path: Path, dataset: Dataset, position: dict[str, Any]
) -> None:
    run = Run(tmp_path / "run", dataset)
    run.train(2)
    kept = run.checkpoint()
    wrong = replace(
        kept, metadata=kept.metadata | {"position": kept.metadata["position"] | position}
    )
    with pytest.raises(CheckpointError, match="lacks what resuming needs"):
        run.trainer(run.config(4), resume=wrong)


def test_the_metrics_contain_every_step_once(tmp_path: Path, dataset: Dataset) -> None:
    """A run that was killed after its last save has recorded steps that it will repeat."""
    run = Run(tmp_path / "run", dataset)
    run.train(60, stop_after=25)
    kept = metrics(run)
    assert [line["step"] for line in kept if line["event"] == "step"] == [10, 20]
    with (run.folder / METRICS).open("a", encoding="utf-8") as file:
        file.write(json.dumps({"event": "step", "step": 30, "loss": 99}) + "\n")
        file.write('{"event": "step", "st')
    run.train(60)
    told = metrics(run)
    assert told[: len(kept)] == kept
    steps = [line["step"] for line in told if line["event"] == "step"]
    assert steps == [10, 20, 30, 40, 50, 60]
    assert 99 not in [line.get("loss") for line in told]
    validated = [line["step"] for line in told if line["event"] == "validation"]
    assert validated == sorted(set(validated))
    assert len(validated) >= 4


def test_the_clock_of_a_resumed_run_continues(tmp_path: Path, dataset: Dataset) -> None:
    """The time of both parts counts towards a budget in minutes."""
    run = Run(tmp_path / "run", dataset)
    first = run.train(1000, stop_after=30)
    second = run.train(1000, stop_after=5)
    assert second.seconds > first.seconds > 0
    assert second.seconds < 20 * first.seconds + 5
    spent = run.checkpoint()
    minutes = spent.metadata["position"]["seconds"] / 60.001
    config = TrainingConfig(Budget(minutes=minutes), **run.options)
    finished = run.trainer(config, resume=spent).run()
    assert (finished.reason, finished.steps) == ("done", 35)


@pytest.mark.parametrize("stop", [1, 5])
def test_the_speed_of_a_run_that_was_stopped_early(
    tmp_path: Path, dataset: Dataset, stop: int
) -> None:
    """It is the number of characters over the time of training, which is most of all time."""
    finished = Run(tmp_path / "run", dataset).train(1000, stop_after=stop)
    in_all = stop * 64 / finished.seconds
    assert 0.9 * in_all <= finished.characters_per_second <= 100 * in_all
