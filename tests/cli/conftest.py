"""Commands, and a run that they have made."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.forks import Ended
from tests.helpers import charnn, prose

Program = Callable[..., Ended]


@pytest.fixture(scope="session")
def program(request: pytest.FixtureRequest) -> Program:
    """`program(folder, *arguments, stdin=b"", **environment)` runs a command in `folder`. The tests
    of signals, terminals and start-up run the program itself."""
    found: Program = request.getfixturevalue("forks") if hasattr(os, "fork") else in_a_process
    return found


def in_a_process(folder: Path, *arguments: str | Path, **options: Any) -> Ended:
    ended = charnn(folder, *arguments, **options)
    return Ended(ended.returncode, ended.stdout, ended.stderr)


SMALL = (
    *("--hidden-size", "16", "--embedding-size", "8", "--batch-size", "4", "--seq-len", "16"),
    *("--threads", "1", "--precision", "fp32", "--device", "cpu"),
)


@pytest.fixture(scope="session")
def small() -> tuple[str, ...]:
    """Options of a model that trains in an instant."""
    return SMALL


@pytest.fixture(scope="session")
def trained(program: Program, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """A folder with `my corpus.txt` and one run, and the command that made it. Not to be changed:
    a test that writes takes a copy."""
    folder = tmp_path_factory.mktemp("trained")
    (folder / "my corpus.txt").write_text(prose(3000), encoding="utf-8")
    ended = program(folder, "train", "my corpus.txt", "--steps", "20", "--json", *SMALL)
    assert ended.returncode == 0, ended.stderr.decode()
    return folder, ended
