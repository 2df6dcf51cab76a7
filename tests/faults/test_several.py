"""Two processes that train one run: one is killed, stopped, out of numbers or out of disk."""

import json
import logging
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.run_files import LAST
from tests.faults.conftest import Trials
from tests.faults.runs import RUN, assert_whole_metrics, newest_step, working_folder
from tests.forks import Forks
from tests.helpers import command, environment
from tests.team import Team
from tests.training.helpers import assert_same_run

LOG = logging.getLogger(__name__)
SHAPE = (
    *("--hidden-size", "48", "--embedding-size", "16", "--batch-size", "8", "--seq-len", "32"),
    *("--dropout", "0.2", "--pointer", "16", "--precision", "fp32", "--device", "cpu"),
    *("--name", "run", "--save-every", "10", "--json"),
)
STEPS = 200
TRAIN = ("train", "corpus.txt", *SHAPE, "--steps", str(STEPS))
# A trial on a busy machine; most of the time two processes import torch, once or twice.
PATIENCE = 180

pytestmark = pytest.mark.skipif(os.name == "nt", reason="torch's Windows builds lack libuv")


class Torchrun:
    """A torchrun of two processes, with the Python of the tests."""

    def __init__(self, folder: Path, *arguments: str, restarts: int = 0) -> None:
        self.begin = time.monotonic()
        torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
        torchrun += ["--nproc-per-node", "2", "--max-restarts", str(restarts)]
        self._out, self._err = folder / "out", folder / "err"
        with self._out.open("wb") as out, self._err.open("wb") as err:
            self.process = subprocess.Popen(
                [*torchrun, *command(*arguments)[1:]],
                cwd=folder,
                env=environment(OMP_NUM_THREADS="1"),
                stdout=out,
                stderr=err,
                start_new_session=True,
            )

    @property
    def steps(self) -> int:
        """Return the last step that was reported."""
        lines = self._out.read_bytes().split(b"\n")[:-1]
        return max((json.loads(line).get("step", 0) for line in lines), default=0)

    @property
    def messages(self) -> list[str]:
        return self._err.read_text(errors="replace").splitlines()

    def wait_for_step(self, step: int) -> None:
        until = time.monotonic() + PATIENCE
        while self.steps < step:
            assert self.process.poll() is None, self.messages
            assert time.monotonic() < until
            time.sleep(0.02)

    def workers(self) -> list[int]:
        """Return the process numbers of the two processes that train."""
        listed = subprocess.run(
            ["pgrep", "-P", str(self.process.pid), "-f", "charnn"],
            capture_output=True,
            text=True,
            check=False,
        )
        return [int(number) for number in listed.stdout.split()]

    def end(self) -> int:
        """Wait for the end, and return the exit code."""
        try:
            return self.process.wait(PATIENCE)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.seconds = time.monotonic() - self.begin


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    """Return the folder of a run of one process, which adds up as two do."""
    folder = working_folder(tmp_path_factory.mktemp("undisturbed"))
    assert forks(folder, *TRAIN, "--accumulate", "2").returncode == 0
    return folder


def assert_as_undisturbed(folder: Path, undisturbed: Path) -> None:
    mine, theirs = (
        load_checkpoint(each / RUN / LAST, training=True) for each in (folder, undisturbed)
    )
    assert_same_run(mine, theirs)
    assert_whole_metrics(folder)


def test_a_process_that_is_killed(trials: Trials, tmp_path: Path, undisturbed: Path) -> None:
    if not trials.whole:
        pytest.skip("takes a dozen seconds; test_several.py of tests/training emulates torchrun")

    def trial(random: random.Random) -> None:
        folder = working_folder(tmp_path / "work")
        torchrun = Torchrun(folder, *TRAIN, restarts=3)
        torchrun.wait_for_step(random.randrange(10, 150))
        time.sleep(random.uniform(0, 0.1))
        os.kill(random.choice(torchrun.workers()), signal.SIGKILL)
        killed = time.monotonic()
        before = torchrun.steps
        torchrun.wait_for_step(before + 1)
        lost = time.monotonic() - killed
        assert torchrun.end() == 0, torchrun.messages
        titles = (f"training {RUN}", f"resuming {RUN}")
        assert sum(line in titles for line in torchrun.messages) == 2, torchrun.messages
        assert_as_undisturbed(folder, undisturbed)
        LOG.info("killed after step %d: trained further %.1f s later", before, lost)

    trials("SIGKILL of one of two processes under torchrun --max-restarts", trial, few=0, many=20)


def test_a_signal_to_torchrun(trials: Trials, tmp_path: Path, undisturbed: Path) -> None:
    def trial(random: random.Random) -> None:
        folder = working_folder(tmp_path / "work")
        torchrun = Torchrun(folder, *TRAIN)
        torchrun.wait_for_step(random.randrange(10, 120))
        torchrun.process.send_signal(random.choice((signal.SIGINT, signal.SIGTERM)))
        signalled = time.monotonic()
        assert torchrun.end() == 1  # torchrun's own code after a signal
        assert time.monotonic() - signalled < 30  # before torchrun kills
        assert sum(line.startswith("stopped at step") for line in torchrun.messages) == 1
        assert newest_step(folder) >= torchrun.steps
        if trials.whole:
            again = Torchrun(folder, *TRAIN, "--resume")
            assert again.end() == 0, again.messages
            assert_as_undisturbed(folder, undisturbed)

    trials("SIGINT or SIGTERM to torchrun with two processes", trial, few=1, many=20)


def test_a_number_that_is_not_finite(trials: Trials, forks: Forks, tmp_path: Path) -> None:
    def trial(random: random.Random) -> None:
        folder, step = working_folder(tmp_path / "work"), random.randrange(1, 50)
        value, rank = random.choice(("nan", "inf")), random.randrange(2)
        broken = f"""
from charnn.training import backpropagation
train, calls = backpropagation._train_rows, []
def broken(state, *arguments):
    result = train(state, *arguments)
    calls.append(1)
    if len(calls) == {step}:
        state.network.head.bias.grad[0] = float("{value}")
    return result
backpropagation._train_rows = broken
"""
        ended = Team(forks, folder)(*TRAIN[1:], odd=rank, first=broken)
        assert [each.returncode for each in ended] == [1, 1]
        (error,) = [line for line in ended[0].messages if line.startswith("error: ")]
        assert f"training diverged at step {step} " in error
        assert not ended[1].stderr
        assert 0 < step - newest_step(folder) <= 10

    trials("NaN or infinity in a gradient of one of two processes", trial, few=0, many=30)


def test_a_disk_that_is_full(trials: Trials, forks: Forks, tmp_path: Path) -> None:
    """The limit of a file's size has the effect of a quota."""

    def trial(random: random.Random) -> None:
        folder = working_folder(tmp_path / "work")
        limits = (random.randrange(10_000, 100_000),) * 2
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, {limits})"
        leader, follower = Team(forks, folder)(*TRAIN[1:], odd=0, first=limit)
        assert leader.returncode == 1
        assert json.loads(leader.stdout.splitlines()[-1])["steps"] == STEPS
        assert "could not be saved" in leader.messages[-1]
        assert not follower.stderr
        assert follower.returncode == 1
        assert not (folder / RUN / LAST).exists()

    trials("a disk that is full for process 0 of two", trial, few=0, many=10)
