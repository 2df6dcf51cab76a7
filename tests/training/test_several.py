"""Several processes that train one run: the same run as one process trains, whatever happens."""

import json
import os
import signal
import time
from pathlib import Path

import pytest
from torch.distributed import TCPStore  # type: ignore[attr-defined]

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
    assert not any("goes on with" in m for m in ended.messages)
    both = ("--name", "one", "--steps", "18", "--resume", "--accumulate", "1")
    Team(forks, folder)(*RUN, *both)
    assert_same_run(checkpoint(folder, "one"), checkpoint(folder, "two"))
    ended = forks(folder, "train", *RUN, *both, "--accumulate", "4")
    words = "trained by 2 processes and goes on with 1 process in 4 parts: sums"
    assert any(words in message for message in ended.messages)


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

    # A restart would end in the same way.
    for ended in team(*RUN, "--steps", "20"):
        assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


TOO_SMALL = """
import torch
from charnn.training import backpropagation
train = backpropagation._train_rows
def limited(state, config, inputs, *rest):
    if inputs.shape[1] > {rows}:
        raise torch.OutOfMemoryError("CUDA out of memory")
    return train(state, config, inputs, *rest)
backpropagation._train_rows = limited
"""


def test_the_memory_of_one_process_is_too_small(team: Team, folder: Path) -> None:
    leader, follower = team(*RUN, "--steps", "4", first=TOO_SMALL.format(rows=1))
    assert leader.returncode == follower.returncode == 0, leader.stderr.decode()
    assert sum("its rows are trained in 2 parts" in line for line in leader.messages) == 1
    assert checkpoint(folder, "corpus").metadata["training"]["accumulate"] == 2


def test_an_error_of_one_process_is_shown_once(team: Team, folder: Path) -> None:
    """The console belongs to process 0, which shows the error of another one after a restart."""
    file = folder / "error.json"
    broken = {"first": TOO_SMALL.format(rows=0), "TORCHELASTIC_ERROR_FILE": str(file)}
    words = ("another process of this training has ended", "a single row of a segment", "")
    for attempt, expected in enumerate(words):
        leader, follower = team(*RUN, "--steps", "4", **broken)
        assert (leader.returncode, follower.returncode) == (1, 1)
        errors = [line for line in leader.messages if line.startswith("error: ")]
        assert len(errors) == bool(expected)
        assert expected in "".join(errors)
        assert not follower.stderr
        assert "a single row" in json.loads(file.read_text())["message"], attempt
        file.unlink()


ALONE = {
    **{"RANK": "0", "WORLD_SIZE": "2", "MASTER_ADDR": "localhost", "MASTER_PORT": "1"},
    **{"TORCHELASTIC_RUN_ID": "test", "TORCHELASTIC_USE_AGENT_STORE": "True"},
}
SHORT = """
from datetime import timedelta
from charnn.training import meeting
meeting.{limit} = timedelta(seconds=0.2)
"""
SIGNAL = """
import os, signal, threading
threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGTERM)).start()
"""


def test_a_store_that_does_not_answer(forks: Forks, folder: Path) -> None:
    ended = forks(folder, "train", *CORPUS, first=SHORT.format(limit="CONNECT"), **ALONE)
    assert ended.returncode == 2
    assert "error: no store answers at localhost:1 " in " ".join(ended.messages)
    ended = forks(folder, "train", *CORPUS, first=SIGNAL, **ALONE)
    assert (ended.returncode, ended.stderr) == (128 + signal.SIGTERM, b"")


@pytest.mark.parametrize(
    ("first", "code"), [(SHORT.format(limit="MEET"), 2), (SIGNAL, 128 + signal.SIGTERM)]
)
@pytest.mark.parametrize("rank", [0, 1])
def test_a_process_that_does_not_come(
    forks: Forks, folder: Path, first: str, code: int, rank: int
) -> None:
    store = TCPStore("localhost", 0, 2, is_master=True, wait_for_workers=False)
    place = ALONE | {"RANK": str(rank), "MASTER_PORT": str(store.port)}
    assert forks(folder, "train", *CORPUS, first=first, **place).returncode == code


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
