"""Check the benchmarks, which are run by hand: the command line, and what they count."""

import subprocess
import sys
from pathlib import Path

from benchmarks.finished_runs import FinishedRuns
from benchmarks.form import ROWS, form
from tests.helpers import PROJECT


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


def test_form_counts_the_bars_of_parts_without_pickups_and_ornaments() -> None:
    """In part A, bar 5 is bar 1, bar 6 differs from bar 2; part B has the last bar of A."""
    tune = (
        "X:1\nT:T\nM:2/4\nL:1/8\nK:D\n"
        "A|d2 f2|e2 g2|d2 A2|c4|d2 {g}f2|e2 f2|e2 c2|d3:|\n"
        "A|f2 a2|g2 b2|f2 e2|d2 c2|B2 c2|g2 b2|A2 g2|d3:|\n"
    )
    found = dict(zip(ROWS, form([tune, "X:2\nK:D\nno tune {"]), strict=True))
    assert found == {
        "bar 5 = bar 1": (1, 2),
        "bar 6 = bar 2": (1, 2),
        "a bar occurs twice in a part": (2, 2),
        "part B has a bar of part A": (1, 1),
        "last bars of A and B equal": (1, 1),
        "the last note is the tonic": (1, 1),
        "parts of 8 bars": (2, 2),
        "tunes that can be read": (1, 2),
    }


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
