"""--quiet and --verbose, before and after the name of a command."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from charnn.cli.console import Verbosity, set_verbosity
from charnn.cli.train_view import TrainView
from charnn.training.events import Rethreaded
from tests.cli.conftest import Program
from tests.forks import Ended
from tests.helpers import prose


@pytest.fixture
def normal() -> Iterator[None]:
    """Restore the verbosity of this process after a test."""
    yield
    set_verbosity(Verbosity.NORMAL)


def test_quiet_shows_results_only(program: Program, trained: tuple[Path, Ended]) -> None:
    folder, _ = trained
    command = ("sample", "--length", "9", "--seed", "1")
    shown = program(folder, *command)
    assert shown.messages
    for words in (("-q", *command), (*command, "--quiet")):
        ended = program(folder, *words)
        assert (ended.returncode, ended.stdout, ended.stderr) == (0, shown.stdout, b"")


def test_quiet_training_shows_warnings(
    program: Program, tmp_path: Path, small: tuple[str, ...]
) -> None:
    (tmp_path / "corpus.txt").write_text(prose(3000), encoding="utf-8")
    command = ("train", "corpus.txt", "--steps", "2", "-q", *small)
    assert program(tmp_path, *command).stderr == b""
    # The name of the run is taken now.
    ended = program(tmp_path, *command)
    assert [line[:28] for line in ended.messages] == ["warning: checkpoints/corpus "[:28]]


def test_quiet_shows_errors(program: Program, tmp_path: Path) -> None:
    ended = program(tmp_path, "train", "missing.txt", "--quiet")
    assert (ended.returncode, ended.messages[0][:7]) == (1, "error: ")
    for words in (("train", "x", "-q", "--verbose"), ("-q", "--verbose", "train", "x")):
        ended = program(tmp_path, *words)
        assert (ended.returncode, len(ended.messages)) == (2, 1)
        assert "--quiet and --verbose" in ended.messages[0]


@pytest.mark.usefixtures("normal")
@pytest.mark.parametrize(
    ("level", "shown"),
    [(Verbosity.QUIET, False), (Verbosity.NORMAL, False), (Verbosity.VERBOSE, True)],
)
def test_a_change_of_threads_is_a_detail(
    capsys: pytest.CaptureFixture[str], level: Verbosity, shown: bool
) -> None:
    set_verbosity(level)
    with TrainView(["corpus.txt"], {}, lambda: False, as_json=False) as view:
        view.report(Rethreaded(2))
    assert ("2 threads" in capsys.readouterr().err) == shown
