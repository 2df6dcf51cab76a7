"""Check the benchmarks, which are run by hand: the command line, and what they count."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks import gpu
from benchmarks.finished_runs import FinishedRuns
from benchmarks.form import form_rows
from benchmarks.markov import Source
from charnn.music.form.compare_form import FormJudge
from tests.helpers import PROJECT
from tests.music.tunes import read


def test_help_names_every_subject() -> None:
    """Every subject has a module. None is imported, because that takes seconds."""
    program = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--help"],
        cwd=PROJECT,
        check=True,
        capture_output=True,
        text=True,
    )
    subjects = [
        path.stem
        for path in sorted((PROJECT / "benchmarks").glob("*.py"))
        if "\ndef measure(setting: Setting)" in path.read_text(encoding="utf-8")
    ]
    assert len(subjects) >= 9
    assert all(f"\n{name}  " in program.stdout for name in subjects)


def test_the_table_of_a_gpu_names_what_failed() -> None:
    rows = [gpu.Row("speed", "9"), gpu.Row("loss", "1.5", "at most 1", holds=False)]
    assert gpu.table("a card", [*rows, gpu.Row("tests", "5", "all")]).splitlines() == [
        *("a card", "", "| what | found | bar | |", "| --- | --- | --- | --- |"),
        *(
            "| speed | 9 |  |  |",
            "| loss | 1.5 | at most 1 | FAILS |",
            "| tests | 5 | all | holds |",
        ),
    ]


def test_the_rows_about_form() -> None:
    jig = "X:1\nT:T\nR:jig\nM:6/8\nL:1/8\nK:D\n|:def gab|d6:|\n"
    rows = dict(
        form_rows([jig.replace("d6", "e6"), "X:2\nK:D\nno tune {"], FormJudge([read(jig)] * 10))
    )
    assert rows["ends on its tonic"] == "0.0% (100.0%)"
    assert rows["bar 5 = bar 1"] == "- (-)"
    assert rows["jigs"] == "100.0% (100.0%)"
    assert rows["can be read"] == "50.0%"
    assert rows["no problem"] == "50.0%"
    assert rows["AUC"] == "-"


def test_a_grid_continues_after_a_stop(tmp_path: Path) -> None:
    """A finished run is found again, a run whose line was cut off is not, and can be added."""
    path = tmp_path / "data" / "runs.jsonl"
    first, second = ({"options": ["--steps", "3"], "seed": seed} for seed in (0, 1))
    finished = FinishedRuns(path)
    finished.add(first, {"sweep": 1.5})
    finished.add(second, {"sweep": 1.4})
    path.write_bytes(path.read_bytes()[:-9])
    finished = FinishedRuns(path)
    assert finished.find(first) == {"sweep": 1.5}
    assert finished.find(second) is None
    finished.add(second, {"sweep": 1.4})
    assert FinishedRuns(path).find(second) == {"sweep": 1.4}


def test_the_entropy_of_a_markov_source() -> None:
    even = np.array([[0.9, 0.1], [0.1, 0.9]])
    assert Source(even, 1).entropy() == pytest.approx(-0.9 * np.log(0.9) - 0.1 * np.log(0.1))
    # After aa and bb, the next letter is certain; so the text is aabbaabb, which has no entropy.
    turning = np.array([[0.0, 1.0], [0.0, 1.0], [1.0, 0.0], [1.0, 0.0]])
    assert Source(turning, 2).entropy() == pytest.approx(0, abs=1e-12)
    # The stationary distribution of this one is 5/6, 1/6.
    leaning = np.array([[0.9, 0.1], [0.5, 0.5]])
    halves = (-0.9 * np.log(0.9) - 0.1 * np.log(0.1), np.log(2))
    assert Source(leaning, 1).entropy() == pytest.approx(5 / 6 * halves[0] + 1 / 6 * halves[1])
    losses = Source(leaning, 1).losses(np.array([0, 0, 1, 1]))
    assert np.exp(-losses) == pytest.approx([0.9, 0.1, 0.5])
