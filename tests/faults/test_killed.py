"""A training that is killed at any moment goes on from its last save."""

import os
import random
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
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
            ended = forks.end(pid)
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


def test_the_order_of_system_calls(trials: Trials, tmp_path: Path) -> None:
    """The power cannot be cut here; but nothing gets its name before it is on the disk."""
    if not trials.whole or not shutil.which("strace"):
        pytest.skip("traces the program, with --whole")
    folder = workplace(tmp_path / "work")
    traced = "openat,write,fsync,rename,renameat,renameat2,link,linkat"
    strace = ["strace", "-f", "-y", "-o", str(tmp_path / "log"), "-e", f"trace={traced}"]
    train = command(*TRAIN, "--steps", "9")
    subprocess.run(
        [*strace, *train], cwd=folder, env=environment(), check=True, capture_output=True
    )
    calls = list(saving_calls((tmp_path / "log").read_text(errors="replace")))
    fill = ["open .last.tmp", "write .last.tmp", "fsync .last.tmp"]
    keep = ["link last .previous.tmp", "rename .previous.tmp previous"]
    name = ["rename .last.tmp last", "fsync run"]
    # After the last step, whose validation is saved as well, the one before stays what it is.
    assert calls == fill + name + 8 * (fill + keep + name) + fill + name


def saving_calls(log: str) -> Iterator[str]:
    """What was done to `last` and `previous`, in short; a write in several parts counts as one."""
    latest = ""
    for line in log.splitlines():
        words = re.findall(r"run/(\.?(?:last|previous))\.safetensors(\.\w+\.tmp)?", line)
        call = line.split(maxsplit=1)[1].partition("(")[0]
        if words and (call != "openat" or "O_CREAT" in line):
            names = dict.fromkeys(name + ".tmp" * bool(left) for name, left in words)
            shown = " ".join([call.replace("openat", "open").removesuffix("at"), *names])
        elif (
            call == "fsync" and line.rstrip().endswith("checkpoints/run>) = 0") and "last" in latest
        ):
            shown = "fsync run"
        else:
            continue
        if shown != latest or not shown.startswith("write"):
            yield shown
        latest = shown
