"""Fixtures of the tests of commands: a way to run them, and a trained run."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.forks import Ended
from tests.helpers import charnn, prose

Program = Callable[..., Ended]


@pytest.fixture(scope="session")
def program() -> Program:
    """Return `program(folder, *arguments, stdin=b"", **environment)`, which runs a command."""
    return charnn


SMALL = (
    *("--hidden-size", "16", "--embedding-size", "8", "--batch-size", "4", "--seq-len", "16"),
    *("--threads", "1", "--precision", "fp32", "--device", "cpu"),
)


@pytest.fixture(scope="session")
def small() -> tuple[str, ...]:
    """Return options of a model that trains in an instant."""
    return SMALL


@pytest.fixture(scope="session")
def trained(program: Program, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Ended]:
    """Return a folder with `my corpus.txt` and one run, and the result of the command that made it.

    Tests share the folder. A test that writes must take a copy.
    """
    folder = tmp_path_factory.mktemp("trained")
    (folder / "my corpus.txt").write_text(prose(3000), encoding="utf-8")
    ended = program(folder, "train", "my corpus.txt", "--steps", "20", "--json", *SMALL)
    assert ended.returncode == 0, ended.stderr.decode()
    return folder, ended
