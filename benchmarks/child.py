"""Measure in separate processes, so that threads, memory and imports do not influence each other.

`run` runs a whole command and measures its time and memory. `take_turns` compares speeds: each
contender is a process that has warmed up and waits for its turn. The contenders take turns many
times, so that a machine that slows down slows all of them.

The process that runs the benchmarks imports nothing large, because the peak memory of a child
includes the memory of its parent at the fork.
"""

import importlib
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from benchmarks.setting import Setting

PROJECT = Path(__file__).resolve().parent.parent
CHARNN = (sys.executable, "-m", "charnn")
WARM_UP = 3  # units of work


def environment(threads: int | None = None) -> dict[str, str]:
    """Return the environment of a child: it finds this package, and uses `threads` threads or,
    without a number, as many as its libraries choose."""
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    kept = {name: value for name, value in os.environ.items() if name not in limits}
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    return kept | dict.fromkeys(limits if threads else (), str(threads)) | {"PYTHONPATH": path}


def new_folder(setting: Setting) -> Path:
    """Return a new empty folder to run something in."""
    return Path(tempfile.mkdtemp(dir=setting.folder))


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its wall time, its peak memory and its output."""

    seconds: float
    peak_mb: float
    output: str


def run(command: Sequence[str | Path], folder: Path, threads: int | None = None) -> Ended:
    """Run a command in a folder to its end.

    The peak is the resident memory that the system counts, including pages of mapped files.

    Raises:
        RuntimeError: the command failed; the message is the end of its stderr.
    """
    errors = folder / "stderr.txt"
    begin = time.perf_counter()
    with errors.open("wb") as sink:
        process = subprocess.Popen(
            list(map(str, command)),
            cwd=folder,
            stdout=subprocess.PIPE,
            stderr=sink,
            env=environment(threads),
        )
        assert process.stdout is not None
        with process.stdout:
            output = process.stdout.read().decode()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - begin
    if process.returncode:
        raise RuntimeError(errors.read_text(encoding="utf-8", errors="replace")[-2000:])
    kilobyte = 1 if sys.platform == "darwin" else 1024
    return Ended(seconds, usage.ru_maxrss * kilobyte / 1e6, output)


def call(function: str, folder: Path, *arguments: str | int | Path) -> Ended:
    """Run a function of this package, "module:name", with strings as arguments; see `run`."""
    module, _, name = function.partition(":")
    program = f"import sys; from benchmarks.{module} import {name}; {name}(*sys.argv[1:])"
    return run([sys.executable, "-c", program, *map(str, arguments)], folder)


@contextmanager
def started(command: Sequence[str | Path], folder: Path) -> Iterator[IO[bytes]]:
    """Yield the stdout of a command while it runs; the command is ended with the block."""
    with subprocess.Popen(
        list(map(str, command)),
        cwd=folder,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=environment(),
    ) as process:
        assert process.stdout is not None
        try:
            yield process.stdout
        finally:
            process.kill()


def follow(command: Sequence[str | Path], folder: Path) -> Iterator[tuple[float, str]]:
    """Yield each line that a command writes, with the seconds since its start; the command is ended
    with the loop."""
    begin = time.perf_counter()
    with started(command, folder) as output:
        for line in output:
            yield time.perf_counter() - begin, line.decode()


class Pace:
    """The contender's end of the connection: it waits for a turn, and reports the speed to the
    parent.

    The contender works in a loop over this object, one unit an iteration, or calls
    `next_is_unwanted` after each unit until the result is true.

    Attributes:
        worth: the value of one unit of work in the unit of the figure; may change every time.
        settle: waits until the requested work is done (on a GPU).
    """

    worth = 1.0

    def __init__(self) -> None:
        self.settle: Callable[[], object] = lambda: None
        self._turns = self._take_turns()

    def __iter__(self) -> Iterator[None]:
        return self._turns

    def next_is_unwanted(self) -> bool:
        """Wait for the request of the next unit; return true when there is none."""
        return next(self._turns, True) is True

    def _take_turns(self) -> Iterator[None]:
        for _ in range(WARM_UP):
            yield
        print("ready", flush=True)
        for line in sys.stdin:
            yield  # not timed: the caches still hold data of the other contenders
            self.settle()
            done, begin = 0.0, time.perf_counter()
            while time.perf_counter() - begin < float(line):
                yield
                done += self.worth
            self.settle()
            print(done / (time.perf_counter() - begin), flush=True)


class Contender:
    """The parent's end of the connection: a process that works when its turn comes.

    Args:
        function: takes a `Pace` and the options, as "module:name" in this package.
        setting: the process runs in a new folder of this setting.
        options: the options of the function, JSON values.
        threads: the threads of its libraries; None lets the libraries choose.
    """

    def __init__(
        self,
        function: str,
        setting: Setting,
        options: Mapping[str, Any],
        *,
        threads: int | None = None,
    ) -> None:
        self.function = function
        folder = new_folder(setting)
        self._errors = folder / "errors.txt"
        self._ready = False
        with self._errors.open("wb") as sink:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "benchmarks.child", function, json.dumps(options)],
                cwd=folder,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=sink,
                env=environment(threads),
                text=True,
            )

    def begin_turn(self, seconds: float) -> None:
        """Let the contender work for `seconds`.

        Raises:
            RuntimeError: the process has ended.
        """
        self.wait_until_ready()
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()

    def end_turn(self) -> float:
        """Wait for the contender's speed in the turn, in its own units a second.

        Raises:
            RuntimeError: the process has ended.
        """
        return float(self._read())

    def turn(self, seconds: float) -> float:
        """Begin a turn, wait for its end, and return the speed."""
        self.begin_turn(seconds)
        return self.end_turn()

    def wait_until_ready(self) -> None:
        """Wait until the contender has warmed up.

        Raises:
            RuntimeError: the process has ended.
        """
        if not self._ready:
            self._read()
            self._ready = True

    def close(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.communicate()

    def _read(self) -> str:
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line
        words = self._errors.read_text(encoding="utf-8", errors="replace")
        raise RuntimeError(f"{self.function} has failed: {words[-2000:]}")


@contextmanager
def contenders(named: Mapping[str, Contender]) -> Iterator[Mapping[str, Contender]]:
    """Start contenders, which warm up side by side, and close them at the end of the block."""
    try:
        for contender in named.values():
            contender.wait_until_ready()
        yield named
    finally:
        for contender in named.values():
            contender.close()


def take_turns(named: Mapping[str, Contender], setting: Setting) -> dict[str, list[float]]:
    """Return the speed of each contender in every round, in the order A B C A B C ..."""
    speeds: dict[str, list[float]] = {name: [] for name in named}
    for _ in range(setting.rounds):
        for name, contender in named.items():
            speeds[name].append(contender.turn(setting.seconds))
    return speeds


if __name__ == "__main__":
    module, _, name = sys.argv[1].partition(":")
    getattr(importlib.import_module(f"benchmarks.{module}"), name)(
        Pace(), **json.loads(sys.argv[2])
    )
