"""A training that is killed at any moment goes on from its last save."""

import os
import random
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.faults.conftest import Trials
from tests.faults.runs import (
    EVERY_STEP,
    TRAIN,
    assert_whole_metrics,
    newest_step,
    strays,
    told_step,
    workplace,
)
from tests.forks import Forks
from tests.helpers import command, environment

LONG = ("--steps", "400")


def go_on(forks: Forks, folder: Path, told: int) -> None:
    """At most one save is lost; the next start resumes the run, and leaves nothing about."""
    newest = newest_step(folder)
    assert newest >= told - 1
    steps = ("--steps", str(newest + 3))
    ended = forks(folder, *TRAIN, *steps, *(("--resume",) if newest else ()))
    assert ended.returncode == 0, ended.stderr.decode()
    assert not [line for line in ended.messages if "damaged" in line]
    assert newest_step(folder) == newest + 3
    assert strays(folder) == []
    assert_whole_metrics(folder)


def test_killed_while_it_trains(trials: Trials, forks: Forks, tmp_path: Path) -> None:
    def trial(random: random.Random) -> None:
        folder = workplace(tmp_path / "work")
        told = 0
        for _ in range(random.choice((1, 1, 2, 3))):  # a run that goes on is killed again
            newest = newest_step(folder)
            resume = ("--resume",) if newest else ()
            pid = forks.begin(folder, *TRAIN, *LONG, *resume, first=EVERY_STEP)
            time.sleep(random.uniform(0, 1.5))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            ended = forks.end()
            assert ended.returncode in (-signal.SIGKILL, 0), ended.stderr.decode()
            told = max(told_step(ended.stdout), newest)
            assert newest_step(folder) >= told - 1
        go_on(forks, folder, told)

    trials("SIGKILL amid a training that saves at every step", trial, few=1, many=200)


def test_killed_while_the_program_starts(trials: Trials, forks: Forks, tmp_path: Path) -> None:
    """The program itself, whose first seconds go by before it trains."""
    if not trials.whole:
        pytest.skip("takes a dozen seconds")

    def trial(random: random.Random) -> None:
        folder = workplace(tmp_path / "work")
        process = subprocess.Popen(
            command(*TRAIN, *LONG),
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        time.sleep(random.uniform(0, 10))
        process.kill()
        out, _ = process.communicate()
        go_on(forks, folder, told_step(out))

    trials("SIGKILL amid the start of the program", trial, few=0, many=20)
