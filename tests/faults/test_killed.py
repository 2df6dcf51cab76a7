"""A training that is killed at any moment resumes from its last save."""

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
    leftover_files,
    newest_step,
    reported_step,
    working_folder,
)
from tests.forks import Forks
from tests.helpers import command, environment

LONG = ("--steps", "400")


def resume_run(forks: Forks, folder: Path, reported: int) -> None:
    """Assert that at most one save is lost, and that resuming leaves no extra files."""
    newest = newest_step(folder)
    assert newest >= reported - 1
    steps = ("--steps", str(newest + 3))
    ended = forks(folder, *TRAIN, *steps, *(("--resume",) if newest else ()))
    assert ended.returncode == 0, ended.stderr.decode()
    assert not [line for line in ended.messages if "damaged" in line]
    assert newest_step(folder) == newest + 3
    assert leftover_files(folder) == []
    assert_whole_metrics(folder)


def test_a_kill_during_training(trials: Trials, forks: Forks, tmp_path: Path) -> None:
    def trial(random: random.Random) -> None:
        folder = working_folder(tmp_path / "work")
        reported = 0
        for _ in range(random.choice((1, 1, 2, 3))):  # a resumed run is killed again
            newest = newest_step(folder)
            resume = ("--resume",) if newest else ()
            pid = forks.begin(folder, *TRAIN, *LONG, *resume, first=EVERY_STEP)
            time.sleep(random.uniform(0, 1.5))
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
            ended = forks.end(pid)
            assert ended.returncode in (-signal.SIGKILL, 0), ended.stderr.decode()
            reported = max(reported_step(ended.stdout), newest)
            assert newest_step(folder) >= reported - 1
        resume_run(forks, folder, reported)

    trials("SIGKILL amid a training that saves at every step", trial, few=1, many=200)


def test_a_kill_during_start_up(trials: Trials, forks: Forks, tmp_path: Path) -> None:
    """The program itself, whose first seconds pass before it trains."""
    if not trials.whole:
        pytest.skip("takes a dozen seconds")

    def trial(random: random.Random) -> None:
        folder = working_folder(tmp_path / "work")
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
        resume_run(forks, folder, reported_step(out))

    trials("SIGKILL amid the start of the program", trial, few=0, many=20)


def test_the_order_of_system_calls(trials: Trials, tmp_path: Path) -> None:
    """A test cannot cut the power, but no file gets its name before its content is on the disk."""
    if not trials.whole or not shutil.which("strace"):
        pytest.skip("traces the program, with --whole")
    folder = working_folder(tmp_path / "work")
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
    # After the last step, whose validation is saved too, the previous checkpoint stays.
    assert calls == fill + name + 8 * (fill + keep + name) + fill + name


def saving_calls(log: str) -> Iterator[str]:
    """Yield short forms of the calls that save `last` and `previous`; a write in several parts
    counts as one."""
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
