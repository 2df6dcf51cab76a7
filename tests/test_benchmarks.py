"""The benchmarks are run by hand; here only that their command line stands."""

import subprocess
import sys

from tests.helpers import PROJECT


def test_help_names_every_subject() -> None:
    """And each is there, though none is imported: that would take seconds."""
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
