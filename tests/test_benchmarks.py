"""Check the command line of the benchmarks, which are run by hand."""

import subprocess
import sys

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
