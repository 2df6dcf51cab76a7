"""Several processes that train one run: the same run as one process trains, whatever happens."""

import os
import signal
import time
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.checkpoints.run_files import LAST
from tests.cli.conftest import SMALL
from tests.forks import Forks
from tests.helpers import prose
from tests.team import Team
from tests.training.helpers import assert_same_run

CORPUS = ("corpus.txt", "--val-fraction", "0.05", *SMALL)
RUN = (
    *(*CORPUS, "--json", "--save-every", "2", "--pointer", "8", "--num-layers", "2"),
    *("--dropout", "0.3", "--embedding-dropout", "0.2", "--weight-drop", "0.3", "--ema", "0.9"),
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "corpus.txt").write_text(prose(2600), encoding="utf-8")
    return tmp_path


@pytest.fixture
def team(forks: Forks, folder: Path) -> Team:
    return Team(forks, folder)


def checkpoint(folder: Path, run: str) -> Checkpoint:
    return load_checkpoint(folder / "checkpoints" / run / LAST, training=True)


def test_two_processes_train_the_run_of_one(forks: Forks, team: Team, folder: Path) -> None:
    """Sums of two numbers have no order, so even the last bits agree with those of two parts."""
    # On one machine, the corpus is read by process 0 only.
    reads_none = "import charnn.training.preparation as module; module.prepare = None"
    leader, follower = team(*RUN, "--name", "two", "--steps", "12", first=reads_none)
    assert leader.returncode == follower.returncode == 0, leader.stderr.decode()
    assert any("2 processes with 1 thread each" in line for line in leader.messages)
    assert follower.stdout == follower.stderr == b""
    forks(folder, "train", *RUN, "--name", "one", "--steps", "12", "--accumulate", "2")
    assert_same_run(checkpoint(folder, "two"), checkpoint(folder, "one"))

    # One process goes on with the run of two, and two with the run of one.
    alone = ("--name", "two", "--steps", "18", "--resume", "--accumulate", "2")
    ended = forks(folder, "train", *RUN, *alone)
    assert any("trained by 2 processes and goes on with 1 process" in m for m in ended.messages)
    both = ("--name", "one", "--steps", "18", "--resume", "--accumulate", "1")
    Team(forks, folder)(*RUN, *both)
    assert_same_run(checkpoint(folder, "one"), checkpoint(folder, "two"))


def test_restarted_processes_take_up_their_run(team: Team, folder: Path) -> None:
    long = (*RUN, "--steps", "30")
    team.begin(*long)
    wait_for_step(team)
    os.kill(team.processes[1], signal.SIGKILL)
    leader, _ = team.end()
    assert leader.returncode == 1
    assert "another process of this training has ended" in leader.messages[-1]
    leader, follower = team(*long)
    assert leader.returncode == follower.returncode == 0, leader.stderr.decode()
    assert "resuming" in leader.messages[0]
    Team(team.forks, folder)(*long, "--name", "undisturbed")
    assert_same_run(checkpoint(folder, "corpus"), checkpoint(folder, "undisturbed"))


def test_a_signal_to_one_process_stops_all(team: Team, folder: Path) -> None:
    team.begin(*RUN, "--steps", "100000")
    wait_for_step(team)
    os.kill(team.processes[1], signal.SIGTERM)
    leader, follower = team.end()
    assert (leader.returncode, follower.returncode) == (0, 128 + signal.SIGTERM)
    assert any("stopped" in line for line in leader.messages)
    assert checkpoint(folder, "corpus").step >= 10


def wait_for_step(team: Team) -> None:
    end = time.monotonic() + 30
    while b'"step"' not in team.written():
        assert time.monotonic() < end
        time.sleep(0.02)


NAN_LATER = """
from charnn.training import backpropagation
train, calls = backpropagation._train_rows, []
def broken(state, *arguments):
    result = train(state, *arguments)
    calls.append(1)
    if len(calls) == 7:
        state.network.head.bias.grad[0] = float("nan")
    return result
backpropagation._train_rows = broken
"""


def test_a_number_that_is_not_finite_stops_all(team: Team, folder: Path) -> None:
    leader, follower = team(*RUN, "--steps", "20", first=NAN_LATER)
    assert leader.returncode == follower.returncode == 1
    (error,) = [line for line in leader.messages if line.startswith("error: ")]
    assert "training diverged at step 7" in error
    assert follower.stderr == b""
    assert checkpoint(folder, "corpus").step == 6


@pytest.mark.parametrize(
    ("options", "other", "words"),
    [
        (("--batch-size", "5"), (), "2 processes cannot share the 5 rows"),
        (("--threads", "500"), (), "2 processes with --threads 500 need 1000 cores"),
        (("--accumulate", "4"), (), "more than the 2 rows that each of 2 processes has"),
        ((), ("--lr", "0.001"), "with the same words everywhere"),
        (("--name", "a/b"), (), "is not the name of a folder"),
    ],
)
def test_a_bad_set_up_gets_one_line(
    team: Team, options: tuple[str, ...], other: tuple[str, ...], words: str
) -> None:
    leader, follower = team(*CORPUS, "--steps", "2", *options, other=other)
    assert leader.returncode == 2
    assert follower.returncode in (1, 2)
    assert follower.stdout == follower.stderr == b""
    assert sum(line.startswith("error: ") for line in leader.messages) == 1
    assert words in " ".join(leader.messages)
