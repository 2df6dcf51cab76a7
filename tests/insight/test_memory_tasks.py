"""The memory tasks: their sequences and baselines, and what `charnn tasks` shows of cells."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

from charnn.insight.memory_tasks import COPIED, TASKS, Adding, Copy, Order
from charnn.insight.task_picture import results_page
from charnn.insight.task_training import TaskOptions, climb, train_on_task
from tests.helpers import charnn

OPTIONS = TaskOptions(steps=300, hidden_size=24, lr=1e-2)


def test_the_answer_of_adding_is_the_sum_of_the_marked_numbers() -> None:
    batch = Adding(9).batch(500, np.random.default_rng(0))
    numbers, marks = batch.inputs_TBI[..., 0], batch.inputs_TBI[..., 1]
    assert set(marks[:4].sum(0)) == set(marks[4:].sum(0)) == {1}
    for row in range(500):
        marked = numbers[:, row][marks[:, row] == 1]
        assert marked.sum() == pytest.approx(batch.targets[row], abs=1e-6)


def test_the_answer_of_copy_is_what_was_read() -> None:
    batch = Copy(5).batch(50, np.random.default_rng(0))
    read = batch.inputs_TBI.argmax(-1)
    assert read.shape == (25, 50)
    assert (read[:COPIED] == batch.targets[-COPIED:]).all()
    assert not batch.targets[:-COPIED].any()
    assert (read == 9).sum(0).tolist() == [1] * 50
    # The mark stands one step before the answer, so that the network is told when to begin.
    assert (read[-COPIED - 1] == 9).all()


def test_the_answer_of_order_names_the_two_symbols() -> None:
    batch = Order(40).batch(200, np.random.default_rng(0))
    read = batch.inputs_TBI.argmax(-1)
    for row in range(200):
        first, second = (symbol - 4 for symbol in read[:, row] if symbol >= 4)
        assert 2 * first + second == batch.targets[row]
    assert set(batch.targets) == {0, 1, 2, 3}


@pytest.mark.parametrize(
    ("name", "baseline"),
    [("adding", 1 / 6), ("copy", 10 * math.log(8) / 40), ("order", math.log(4))],
)
def test_the_baseline_is_the_loss_of_the_best_constant_answer(name: str, baseline: float) -> None:
    task = TASKS[name](20)
    targets = task.batch(20_000, np.random.default_rng(1)).targets
    if name == "adding":
        loss = float(targets.var())
    else:
        # Where the answer differs from sequence to sequence, guess by its frequencies.
        rows = targets if targets.ndim == 2 else targets[None]
        shares = [np.unique(row, return_counts=True)[1] / row.size for row in rows]
        loss = float(np.mean([-(share * np.log(share)).sum() for share in shares]))
    assert task.baseline == pytest.approx(baseline)
    assert task.baseline == pytest.approx(loss, rel=0.02)


@pytest.mark.parametrize("cell", ["gru", "lstm"])
def test_cells_with_gates_solve_a_short_task(cell: str) -> None:
    result = train_on_task(Order(12), cell, OPTIONS)
    assert result.solved
    assert result.steps[-1] < 300


def test_a_cell_stops_at_the_length_that_it_fails() -> None:
    few = TaskOptions(steps=60, hidden_size=8, lr=1e-2)
    results = list(climb(Adding, ["rnn"], [4, 30, 60], few))
    assert [result.task.length for result in results][-1] < 60
    assert not results[-1].solved


def test_the_same_seed_gives_the_same_losses() -> None:
    few = TaskOptions(steps=50, hidden_size=8)
    assert train_on_task(Copy(2), "gru", few).losses == train_on_task(Copy(2), "gru", few).losses


def test_the_command_shows_a_table_and_writes_a_picture(tmp_path: Path) -> None:
    short = ("tasks", "order", "--cell", "gru", "--length", "12", "--steps", "100")
    ended = charnn(tmp_path, *short, "--lr", "0.01", "-o", "order.png")
    assert ended.returncode == 0
    assert b"gru solves every length up to 12." in ended.stdout
    assert (tmp_path / "order.png").read_bytes().startswith(b"\x89PNG")
    found = json.loads(charnn(tmp_path, *short, "--json").stdout)
    assert found["results"][0]["baseline"] == pytest.approx(math.log(4))
    assert found["results"][0]["steps"][0] == 0


def test_the_page_has_the_picture_and_the_table() -> None:
    results = [train_on_task(Adding(6), "rnn", TaskOptions(steps=50, hidden_size=4))]
    page = results_page(results).decode()
    assert "rnn fails at length 6." in page
    assert "<img src=" in page
    assert "gru 5.3e-05" in page
    assert "<script" not in page


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("adding", "--length", "1"), "--length must be from 2"),
        (("copy", "--cell", "lstmm"), "Did you mean lstm?"),
        (("order", "--steps", "0"), "--steps must be from 1"),
        (("order", "--lr", "nan"), "--lr must be a number above 0"),
        (("order", "-o", "order.pdf"), "name a file that ends in .png"),
        (("order", "-o", "missing/order.png"), "Create it first"),
        (("sorting",), "unknown"),
    ],
)
def test_wrong_usage_is_one_sentence(
    tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    ended = charnn(tmp_path, "tasks", *arguments)
    assert ended.returncode == 2
    assert len(ended.messages) == 1
    assert message in ended.messages[0]
    assert not list(tmp_path.iterdir())
