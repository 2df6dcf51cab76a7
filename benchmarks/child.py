"""Measuring in processes of their own, so that threads, memory and imports stay apart.

Whole commands are run and weighed (`run`). What is compared at speed are contenders: processes that
have warmed up and wait, and have their turns one after the other, again and again (`take_turns`),
so that a machine which slows down slows all of them.

The process that runs the benchmarks imports nothing large: the peak memory of a child counts what
its parent held when it began.
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
    """The environment of a child: it finds these files, and has so many threads, or as many as its
    libraries like."""
    limits = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    kept = {name: value for name, value in os.environ.items() if name not in limits}
    path = os.pathsep.join(filter(None, (str(PROJECT), os.environ.get("PYTHONPATH"))))
    return kept | dict.fromkeys(limits if threads else (), str(threads)) | {"PYTHONPATH": path}


def new_folder(setting: Setting) -> Path:
    """An empty folder to run something in."""
    return Path(tempfile.mkdtemp(dir=setting.folder))


@dataclass(frozen=True)
class Ended:
    """A process that has ended: its wall time, the most memory it held, what it wrote."""

    seconds: float
    peak_mb: float
    output: str


def run(command: Sequence[str | Path], folder: Path, threads: int | None = None) -> Ended:
    """Run a command in a folder to its end.

    Its peak is the resident memory that the system counts, pages of mapped files included.

    Raises:
        RuntimeError: it failed; the message is what it said.
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
    """Run a function of this package, "module:name", with words as its arguments; see `run`."""
    module, _, name = function.partition(":")
    program = f"import sys; from benchmarks.{module} import {name}; {name}(*sys.argv[1:])"
    return run([sys.executable, "-c", program, *map(str, arguments)], folder)


@contextmanager
def started(command: Sequence[str | Path], folder: Path) -> Iterator[IO[bytes]]:
    """What a command writes to stdout, as it comes; it is ended with the block."""
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
    """Each line that a command writes, with the seconds since it was started; it is ended with
    the loop over them."""
    begin = time.perf_counter()
    with started(command, folder) as output:
        for line in output:
            yield time.perf_counter() - begin, line.decode()


class Pace:
    """The contender's side: tells it when to work, and tells the parent how fast it was.

    Work is a loop over this object, one unit a time round, or calls of `next_is_unwanted` after
    each unit, until that is true.

    Attributes:
        worth: what a unit counts, in whatever the figure's unit is; may change with every unit.
        settle: waits until the work that was asked for is done (on a GPU).
    """

    worth = 1.0

    def __init__(self) -> None:
        self.settle: Callable[[], object] = lambda: None
        self._turns = self._take_turns()

    def __iter__(self) -> Iterator[None]:
        return self._turns

    def next_is_unwanted(self) -> bool:
        """Wait for the next unit to be wanted; true when there is none."""
        return next(self._turns, True) is True

    def _take_turns(self) -> Iterator[None]:
        for _ in range(WARM_UP):
            yield
        print("ready", flush=True)
        for line in sys.stdin:
            yield  # not timed: the caches hold what the others have left
            self.settle()
            done, begin = 0.0, time.perf_counter()
            while time.perf_counter() - begin < float(line):
                yield
                done += self.worth
            self.settle()
            print(done / (time.perf_counter() - begin), flush=True)


class Contender:
    """The parent's side: a process that works when it is its turn.

    Args:
        function: takes a `Pace` and the options, as "module:name" in this package.
        setting: it runs in a folder of its own there.
        options: of the function, JSON values.
        threads: of its libraries; None for what they choose.
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
        """Let it work for so long.

        Raises:
            RuntimeError: it has ended.
        """
        self.wait_until_ready()
        assert self._process.stdin is not None
        self._process.stdin.write(f"{seconds}\n")
        self._process.stdin.flush()

    def end_turn(self) -> float:
        """Wait for its speed in the turn, in what it counts a second.

        Raises:
            RuntimeError: it has ended.
        """
        return float(self._read())

    def turn(self, seconds: float) -> float:
        """Both."""
        self.begin_turn(seconds)
        return self.end_turn()

    def wait_until_ready(self) -> None:
        """Return when it has warmed up.

        Raises:
            RuntimeError: it has ended.
        """
        if not self._ready:
            self._read()
            self._ready = True

    def close(self) -> None:
        """End it, whatever it does."""
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
    """Close them in the end; they have started to warm up side by side, and are ready now."""
    try:
        for contender in named.values():
            contender.wait_until_ready()
        yield named
    finally:
        for contender in named.values():
            contender.close()


def take_turns(named: Mapping[str, Contender], setting: Setting) -> dict[str, list[float]]:
    """A B C A B C ...: the speed of each in every round."""
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
