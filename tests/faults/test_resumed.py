"""A run that is killed and resumed equals an uninterrupted run, bit for bit."""

import json
import os
import random
import shutil
import signal
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from charnn.checkpoints.run_files import LAST, METRICS
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.sources import Corpus
from charnn.corpus.text import document
from charnn.errors import CheckpointError
from charnn.library import Model
from charnn.model.cells import CELLS
from charnn.training.training_config import Budget
from tests.faults.conftest import Trials
from tests.helpers import prepared_text, prose
from tests.training.conftest import one_thread as one_thread
from tests.training.helpers import Run, assert_same_run, untimed

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")


@pytest.fixture(scope="module")
def characters(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    # 19 segments an epoch; the validation part is small enough for frequent sweeps.
    return prepared_text(tmp_path_factory.mktemp("data"), prose(1250), val_fraction=0.03)


@pytest.fixture(scope="module")
def tunes(tmp_path_factory: pytest.TempPathFactory) -> Dataset:
    corpus = Corpus("tunes", [document("tune", tune(number)) for number in range(40)], tunes=True)
    return prepare(corpus, tmp_path_factory.mktemp("data"), 0.1, "abc", (-2, 2))


def tune(number: int) -> str:
    notes = "".join("GABcdefg"[(number * place) % 8] + "2 " for place in range(1, 20))
    return f"X:1\nT:No {number}\nM:6/8\nL:1/8\nK:G\n|:{notes}:|\n"


def run_in_a_child(work: Callable[[], object]) -> int:
    """Return the exit code of a child process that does the work: 0, or minus the number of its
    signal."""
    child = os.fork()
    if not child:
        code = 1
        try:
            work()
            code = 0
        finally:
            os._exit(code)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def train_until_killed(run: Run, steps: int, killed_after: int, **options: Any) -> None:
    """Train in a child process that is killed after `killed_after` steps."""

    def work() -> None:
        taken = 0

        def kill() -> bool:
            nonlocal taken
            taken += 1
            if taken == killed_after:
                os.kill(os.getpid(), signal.SIGKILL)
            return False

        resume = run.checkpoint() if (run.folder / LAST).exists() else None
        run.trainer(run.config(steps, **options), should_stop=kill, resume=resume).run()

    assert run_in_a_child(work) == -signal.SIGKILL


def metrics_without_times(run: Run) -> list[Any]:
    lines = (run.folder / METRICS).read_text(encoding="utf-8").splitlines()
    return [untimed(json.loads(line)) for line in lines]


def kill_and_resume(
    folder: Path, dataset: Dataset, shape: dict[str, Any], random: random.Random
) -> None:
    """Assert that a run that was killed and resumed equals a run in one piece."""
    steps = random.randint(2, 60)
    every = random.randint(1, steps - 1)
    options = {**shape, "seed": random.randrange(1000), "save_every": every}
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    at_once = Run(folder / "once", dataset, **options)
    at_once.train(steps)
    in_parts = Run(folder / "parts", dataset, **options)
    killed_after = random.randint(every + 1, steps)
    train_until_killed(in_parts, steps, killed_after)
    saved = in_parts.checkpoint().metadata["position"]["step"]
    assert 0 < saved < killed_after
    in_parts.train(steps)
    assert_same_run(at_once.checkpoint(), in_parts.checkpoint())
    assert metrics_without_times(at_once) == metrics_without_times(in_parts)
    texts = [
        Model(run.folder / LAST, run.checkpoint()).sample(length=80, seed=0)
        for run in (at_once, in_parts)
    ]
    assert texts[0] == texts[1]


@pytest.mark.parametrize("corpus", ["characters", "tunes"])
@pytest.mark.parametrize("cell", ["lstm", "gru"])
def test_a_killed_run_goes_on_exactly(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    trials: Trials,
    cell: str,
    corpus: str,
) -> None:
    dataset = request.getfixturevalue(corpus)

    def trial(random: random.Random) -> None:
        shape = {"cell": cell, "dropout": random.choice([0.0, 0.3])}
        kill_and_resume(tmp_path / "trial", dataset, shape, random)

    trials(f"killed and resumed: {cell}, with and without dropout, {corpus}", trial, few=1, many=40)


OTHER_OPTIONS = [
    *({"cell": cell} for cell in CELLS if cell not in ("lstm", "gru")),
    {"ema": 0.9},
    {"weight_drop": 0.3},
    {"embedding_dropout": 0.2},
    {"cell": "gru", "gradient_penalty": 0.1},
    {"num_layers": 2, "dropout": 0.3, "precision": "bf16"},
    {"embedding_size": None, "clip_value": 0.05},
]


@pytest.mark.parametrize("shape", OTHER_OPTIONS, ids=str)
def test_a_killed_run_goes_on_exactly_with_other_options(
    tmp_path: Path, trials: Trials, characters: Dataset, shape: dict[str, Any]
) -> None:
    if not trials.whole:
        pytest.skip("tests/training/test_resume.py stops all of these, too")
    trial = partial(kill_and_resume, tmp_path / "trial", characters, shape)
    name = ", ".join(f"{key} {value}" for key, value in shape.items())
    trials(f"killed and resumed: {name}", trial, few=1, many=5)


@pytest.mark.parametrize("stopped", ["killed", "interrupted"])
def test_a_budget_of_time_is_spent_once(
    tmp_path: Path, trials: Trials, characters: Dataset, stopped: str
) -> None:
    """The second part takes the time that was left at the last save."""
    seconds = 0.6

    def trial(random: random.Random) -> None:
        shutil.rmtree(tmp_path / "run", ignore_errors=True)
        run = Run(tmp_path / "run", characters, save_every=3)
        config = replace(run.config(1), budget=Budget(minutes=seconds / 60))
        until = time.perf_counter() + random.uniform(0.2, 0.7) * seconds

        def late() -> bool:
            return time.perf_counter() > until and (run.folder / LAST).exists()

        begin = time.perf_counter()
        if stopped == "killed":
            assert (
                run_in_a_child(lambda: run.trainer(config, should_stop=partial(die, late)).run())
                < 0
            )
        else:
            assert run.trainer(config, should_stop=late).run().reason == "interrupted"
        first = time.perf_counter() - begin
        saved = run.checkpoint().metadata["position"]["seconds"]
        assert 0 < saved <= first
        begin = time.perf_counter()
        finished = run.trainer(config, resume=run.checkpoint()).run()
        second = time.perf_counter() - begin
        assert finished.reason == "done"
        # A step and a sweep may exceed the budget.
        assert seconds <= finished.seconds <= saved + second

    trials(f"a budget of time, {stopped} and resumed", trial, few=1, many=20)


def die(late: Callable[[], bool]) -> bool:
    if late():
        os.kill(os.getpid(), signal.SIGKILL)
    return False


def test_a_corpus_with_a_changed_byte_is_refused(tmp_path: Path, trials: Trials) -> None:
    """The byte may be anywhere and have any value. The run stays unchanged."""
    text = prose(3000)
    run = Run(tmp_path / "run", prepared_text(tmp_path / "data", text))
    run.train(2)
    before = (run.folder / LAST).read_bytes()

    def trial(random: random.Random) -> None:
        place = random.randrange(len(text))
        other = random.choice([letter for letter in "etaoin\n☃" if letter != text[place]])
        changed = text[:place] + other + text[place + 1 :]
        run.dataset = prepared_text(tmp_path / "data", changed)
        with pytest.raises(CheckpointError, match=r"another corpus .* --name.*--init-from run"):
            run.train(4)
        assert (run.folder / LAST).read_bytes() == before

    trials("resumed with a corpus of which a byte was changed", trial, few=2, many=100)
