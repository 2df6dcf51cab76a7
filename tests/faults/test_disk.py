"""Disks that become full, deleted or read-only during a training: earlier checkpoints stay intact,
the training continues, and the exit code shows whether everything was saved."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.run_files import LAST
from tests.faults.conftest import Trials
from tests.faults.runs import (
    RUN,
    TRAIN,
    assert_whole_metrics,
    leftover_files,
    newest_step,
    reported_step,
    working_folder,
)
from tests.forks import Ended, Forks

BEFORE, STEPS = 20, 120
RESUME = (*TRAIN, "--resume", "--steps", str(STEPS))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, forks: Forks) -> Path:
    """Return a folder with a run of a few steps."""
    folder = working_folder(tmp_path_factory.mktemp("trained"))
    assert forks(folder, *TRAIN, "--steps", str(BEFORE)).returncode == 0
    return folder


def begin(forks: Forks, folder: Path, random: random.Random) -> int:
    """Resume the run and let it train for a while; return the process."""
    before = (folder / RUN / LAST).stat().st_mtime_ns
    process = forks.begin(folder, *RESUME)
    until = time.monotonic() + 30
    while (folder / RUN / LAST).stat().st_mtime_ns == before and time.monotonic() < until:
        time.sleep(0.005)
    time.sleep(random.uniform(0, 0.4))
    return process


def has_steps_left(forks: Forks, process: int) -> bool:
    """Return whether the training still has steps to take that it will save."""
    return reported_step(forks.written(process)) <= STEPS - 20


def assert_saved_or_reported(ended: Ended, folder: Path) -> bool:
    """Assert that a training came to its end; return whether everything was saved."""
    shown = ended.stderr.decode()
    assert "Traceback" not in shown
    done = json.loads(ended.stdout.splitlines()[-1])
    assert (done["event"], done["reason"], done["steps"]) == ("done", "done", STEPS), shown
    warnings = [line for line in ended.messages if line.startswith("warning: ")]
    errors = [line for line in ended.messages if line.startswith("error: ")]
    assert len(warnings) <= 3
    if ended.returncode == 0:
        assert not errors
        assert load_checkpoint(folder / RUN / LAST).step == newest_step(folder) == STEPS
        assert_whole_metrics(folder)
        assert bool(warnings) == ("all is saved now" in ended.messages)
        return True
    assert ended.returncode == 1
    assert warnings
    assert errors == ended.messages[-1:]
    assert "could not be saved" in errors[0]
    assert "--resume" in errors[0]
    assert newest_step(folder) >= BEFORE
    assert_whole_metrics(folder)
    return False


@pytest.mark.skipif(os.name == "nt", reason="Windows limits no file's size")
def test_a_limit_of_file_size(trials: Trials, trained: Path, forks: Forks, tmp_path: Path) -> None:
    """A quota has the same effect."""

    def trial(random: random.Random) -> None:
        folder = copy_of(trained, tmp_path / "trial")
        size = (folder / RUN / LAST).stat().st_size
        max_bytes = random.randrange(10_000, size)
        limits = f"({max_bytes}, {max_bytes})"
        limit = f"import resource; resource.setrlimit(resource.RLIMIT_FSIZE, {limits})"
        ended = forks(folder, *RESUME, first=limit)
        assert not assert_saved_or_reported(ended, folder)
        assert newest_step(folder) == BEFORE
        assert leftover_files(folder) == []
        assert forks(folder, *RESUME).returncode == 0
        assert newest_step(folder) == STEPS

    trials("file size limit (as a quota) below a checkpoint's size", trial, few=1, many=10)


def test_a_stop_that_cannot_be_saved(trained: Path, forks: Forks, tmp_path: Path) -> None:
    """The exit code of a signal would mean that the run is saved."""
    folder = copy_of(trained, tmp_path / "trial")
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (9999, 9999))"
    process = forks.begin(folder, *TRAIN, "--resume", "--steps", "100000", first=limit)
    while b"unsaved" not in forks.written(process):
        time.sleep(0.01)
    os.kill(process, signal.SIGTERM)
    ended = forks.end(process)
    assert ended.returncode == 1
    assert ended.messages[-1].startswith("error: ")
    assert "could not be saved (File too large)" in ended.messages[-1]
    assert not [line for line in ended.messages if "stopped and saved" in line]
    assert newest_step(folder) == BEFORE


def copy_of(trained: Path, folder: Path) -> Path:
    shutil.rmtree(folder, ignore_errors=True)
    return Path(shutil.copytree(trained, folder))


@pytest.mark.skipif(os.name == "nt", reason="Windows deletes no folder of open files")
def test_a_folder_that_is_deleted(
    trials: Trials, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    def trial(random: random.Random) -> None:
        folder = copy_of(trained, tmp_path / "trial")
        process = begin(forks, folder, random)
        while (folder / RUN).exists():  # the training may write into it at this moment
            with suppress(OSError):
                (folder / RUN).rename(tmp_path / "gone")
        shutil.rmtree(tmp_path / "gone")
        assert assert_saved_or_reported(forks.end(process), folder)
        assert leftover_files(folder) == []

    trials("run folder deleted", trial, few=1, many=10)


class Mounted:
    """A small disk, which only root can mount.

    Args:
        folder: the mount point.
        size: bytes.
    """

    def __init__(self, folder: Path, size: int) -> None:
        self.folder = folder
        self._mount("-t", "tmpfs", "-o", f"size={size}", "tmpfs", folder)

    def _mount(self, *arguments: str | Path) -> None:
        subprocess.run(["mount", *arguments], check=True, capture_output=True)

    def protect(self, folder: Path) -> None:
        """Make a folder read-only."""
        self._mount("--bind", folder, folder)
        for _ in range(1000):  # fails while a file in it is being written
            with suppress(subprocess.CalledProcessError):
                self._mount("-o", "remount,bind,ro", folder)
                return
        raise AssertionError("always busy")

    def unmount(self, folder: Path) -> None:
        subprocess.run(["umount", "--lazy", folder], check=True, capture_output=True)


@pytest.fixture
def disk(trials: Trials, tmp_path: Path) -> Iterator[Mounted]:
    if not trials.whole or not shutil.which("mount") or os.geteuid() != 0:
        pytest.skip("mounts a disk, as root, with --whole")
    folder = tmp_path / "disk"
    folder.mkdir()
    disk = Mounted(folder, 2_000_000)
    yield disk
    disk.unmount(folder)


def test_a_full_disk(trials: Trials, trained: Path, forks: Forks, disk: Mounted) -> None:
    def trial(random: random.Random) -> None:
        folder = copy_of(trained, disk.folder / "trial")
        process = begin(forks, folder, random)
        filler = disk.folder / "filler"
        with suppress(OSError), filler.open("wb", buffering=0) as file:
            while True:
                file.write(bytes(random.randrange(1, 4096)))
        mended = random.random() < 0.5
        if mended:
            time.sleep(random.uniform(0, 0.4))
            filler.unlink()
            mended = has_steps_left(forks, process)
        ended = forks.end(process)
        filler.unlink(missing_ok=True)
        # The last save may have come before the disk was full.
        assert assert_saved_or_reported(ended, folder) or not mended
        assert leftover_files(folder) == []
        assert forks(folder, *RESUME).returncode == 0
        assert newest_step(folder) == STEPS

    trials("disk of 2 MB filled; space made again in half of the trials", trial, few=0, many=10)


def test_a_disk_that_becomes_read_only(
    trials: Trials, trained: Path, forks: Forks, disk: Mounted
) -> None:
    def trial(random: random.Random) -> None:
        folder = copy_of(trained, disk.folder / "trial")
        process = begin(forks, folder, random)
        disk.protect(folder / RUN)
        mended = random.random() < 0.5
        if mended:
            time.sleep(random.uniform(0, 0.4))
            disk.unmount(folder / RUN)
            mended = has_steps_left(forks, process)
        ended = forks.end(process)
        with suppress(subprocess.CalledProcessError):
            disk.unmount(folder / RUN)
        assert assert_saved_or_reported(ended, folder) or not mended
        assert forks(folder, *RESUME).returncode == 0
        assert leftover_files(folder) == []  # a read-only folder keeps them until it is writable
        assert newest_step(folder) == STEPS

    trials("folder made read-only; mended in half of the trials", trial, few=0, many=10)


@pytest.mark.parametrize("resume", [False, True])
def test_a_full_disk_when_a_run_begins(
    trained: Path, forks: Forks, tmp_path: Path, resume: bool
) -> None:
    """Nothing is lost yet: the error is one sentence, and existing files stay unchanged."""
    folder = copy_of(trained, tmp_path / "trial")
    before = {path: path.read_bytes() for path in (folder / RUN).iterdir()}
    full = """
import charnn.files, errno, os
def fsync(descriptor):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
charnn.files.os.fsync = fsync
"""
    arguments = RESUME if resume else (*TRAIN, "--name", "other", "--steps", "2")
    ended = forks(folder, *arguments, first=full)
    assert ended.returncode == 1
    assert ended.messages[-1].startswith("error: ")
    assert str(RUN.parent) in ended.messages[-1]
    assert "No space left on device" in ended.messages[-1]
    assert "Traceback" not in ended.stderr.decode()
    assert {path: path.read_bytes() for path in (folder / RUN).iterdir()} == before
    # A run that has not begun does not occupy the name.
    assert forks(folder, *arguments).returncode == 0


def piped(forks: Forks, folder: Path, pipe: Path, *arguments: str) -> Ended:
    """Run a command whose reader leaves after the first bytes, as in `| head`."""
    pipe.unlink(missing_ok=True)
    os.mkfifo(pipe)
    reading = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    process = forks.begin(folder, *arguments, stdout=pipe)
    os.set_blocking(reading, True)
    while not os.read(reading, 10):  # no process writes yet
        time.sleep(0.005)
    os.close(reading)
    return forks.end(process)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no /dev/full")
def test_full_and_closed_streams(
    trials: Trials, trained: Path, forks: Forks, tmp_path: Path
) -> None:
    def train_into(run: Callable[..., Ended]) -> Callable[[random.Random], None]:
        def trial(random: random.Random) -> None:
            folder = copy_of(trained, tmp_path / "trial")
            steps = random.randrange(BEFORE + 1, BEFORE + 40)
            ended = run(folder, *TRAIN, "--resume", "--steps", str(steps))
            assert ended.returncode == 0
            assert b"Traceback" not in ended.stderr
            assert newest_step(folder) == steps

        return trial

    def full(folder: Path, *arguments: str) -> Ended:
        return forks(folder, *arguments, stdout=Path("/dev/full"))

    def closed(folder: Path, *arguments: str) -> Ended:
        return piped(forks, folder, tmp_path / "pipe", *arguments)

    def sample_into_full(random: random.Random) -> None:
        ended = full(trained, *sample(random))
        assert ended.returncode == 1
        assert [line[:6] for line in ended.messages].count("error:") == 1
        assert "No space left" in ended.messages[-1]

    def sample_into_closed(random: random.Random) -> None:
        ended = closed(trained, *sample(random))
        assert ended.returncode == 0
        assert not [line for line in ended.messages if "rror" in line]

    trials("train --json: stdout full", train_into(full), few=1, many=10)
    trials("train --json: stdout closed (| head)", train_into(closed), few=1, many=10)
    trials("sample: stdout full", sample_into_full, few=1, many=10)
    trials("sample: stdout closed (| head)", sample_into_closed, few=1, many=10)


def sample(random: random.Random) -> tuple[str, ...]:
    json_too = ("--json", "--num", "5") if random.random() < 0.5 else ()
    return ("sample", "run", "--length", "300", "--seed", str(random.randrange(99)), *json_too)
