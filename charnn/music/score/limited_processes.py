"""Programs of this folder in processes of their own, with limits of time and memory.

verovio has crashed on some scores and never finished on others, so it runs outside charnn. Its
start takes three times as long as a tune. So a process that has answered is kept for the next
question; one that failed is not.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from charnn.stopping import check_stopped

# Processes that wait for a question: one for each tune that the local page draws at a time.
MAX_IDLE = 4
# Answers of a process before another takes its place, in case verovio keeps memory.
MAX_ANSWERS = 200
# Between two looks at a program that runs.
_LOOK_SECONDS = 0.2

_RUNNER = Path(__file__).with_name("limited_run.py")


class ProcessError(Exception):
    """The failure of a process, as words that complete the sentence "the engraver ..."."""


class _Answerer(NamedTuple):
    """A process that answers questions, and the number of its answers."""

    process: subprocess.Popen[bytes]
    answers: int


_idle: dict[tuple[Path, int], list[_Answerer]] = {}
_lock = threading.Lock()


def run_program(program: Path, *arguments: str, seconds: int, timeout: float) -> None:
    """Run a program once.

    Args:
        program: the path of the program.
        arguments: its arguments.
        seconds: the limit of its computing time.
        timeout: the limit of the time that passes.

    Raises:
        ProcessError: the program failed, crashed or took too long.
        StoppedError: the result is no longer wanted.
    """
    latest = time.monotonic() + timeout
    process = subprocess.Popen(  # noqa: S603 - this Python, our own program
        [*_command(program, seconds, "run"), *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    messages = b""
    try:
        while process.returncode is None:
            check_stopped()
            if time.monotonic() > latest:
                raise ProcessError(f"took over {timeout:g} s")
            with suppress(subprocess.TimeoutExpired):
                _, messages = process.communicate(timeout=_LOOK_SECONDS)
    finally:
        if process.returncode is None:
            _close(process)
    _check_signal(process.returncode, seconds)
    if process.returncode:
        lines = messages.decode("utf-8", "replace").strip().splitlines()
        raise ProcessError(f"failed ({lines[-1].strip()})" if lines else "failed")


def ask_program(program: Path, question: object, *, seconds: int, timeout: float) -> Any:
    """Return the answer of a program that is kept for further questions.

    Args:
        program: the path of the program, which has a function `answer`.
        question: a JSON value, the argument of the function.
        seconds: the limit of the computing time.
        timeout: the limit of the time that passes.

    Raises:
        ProcessError: the function failed, or the process crashed or took too long.
        StoppedError: the answer is no longer wanted.
    """
    check_stopped()
    answerer = _take(program, seconds)
    process = answerer.process
    late = threading.Event()

    def end() -> None:
        late.set()
        process.kill()

    timer = threading.Timer(timeout, end)
    timer.daemon = True
    timer.start()
    answer = b""
    try:
        with suppress(OSError):  # the process has ended before it read the question
            assert process.stdin is not None  # noqa: S101 - for mypy
            assert process.stdout is not None  # noqa: S101
            process.stdin.write(json.dumps(question).encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
    finally:
        timer.cancel()
        if not answer:
            # A process that crashes closes its streams a moment before it is gone.
            status = _close(process, patience=1)
    if not answer:
        if late.is_set():
            raise ProcessError(f"took over {timeout:g} s")
        _check_signal(status, seconds)
        raise ProcessError("failed")
    result = json.loads(answer)
    if "error" in result:
        _close(process)
        raise ProcessError(f"failed ({result['error']})")
    _give_back(program, seconds, _Answerer(process, answerer.answers + 1))
    return result["result"]


def _take(program: Path, seconds: int) -> _Answerer:
    """Return a process that waits for a question."""
    with _lock:
        waiting = _idle.get((program, seconds), [])
        while waiting:
            answerer = waiting.pop()
            if answerer.process.poll() is None:
                return answerer
    process = subprocess.Popen(  # noqa: S603 - this Python, our own program
        _command(program, seconds, "answer"),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    return _Answerer(process, 0)


def _give_back(program: Path, seconds: int, answerer: _Answerer) -> None:
    """Keep a process for the next question."""
    with _lock:
        waiting = _idle.setdefault((program, seconds), [])
        if answerer.answers < MAX_ANSWERS and len(waiting) < MAX_IDLE:
            waiting.append(answerer)
            return
    _close(answerer.process)


def _command(program: Path, seconds: int, mode: str) -> list[str]:
    # -P keeps Python from importing a verovio.py in the user's working folder.
    return [sys.executable, "-P", str(_RUNNER), str(seconds), mode, str(program)]


def _close(process: subprocess.Popen[bytes], patience: float = 0.0) -> int:
    """End a process that does not end by itself within `patience` seconds; return its status."""
    with suppress(subprocess.TimeoutExpired):
        process.wait(patience)
    process.kill()
    for stream in (process.stdin, process.stdout, process.stderr):
        if stream is not None:
            with suppress(OSError):
                stream.close()
    return process.wait()


def _check_signal(status: int, seconds: int) -> None:
    """Raise ProcessError if a signal has ended a process."""
    # A negative status is the number of the signal. Windows has no SIGXCPU; -0 < 0 is false, so the
    # test fails there.
    if status == -getattr(signal, "SIGXCPU", 0) < 0:
        raise ProcessError(f"took over {seconds} s")
    if status < 0:
        raise ProcessError("crashed")


def _forget() -> None:
    """Leave the processes to the parent of a fork: two must not ask the same one."""
    global _lock
    _lock = threading.Lock()
    _idle.clear()


if hasattr(os, "register_at_fork"):  # Windows has no forks
    os.register_at_fork(after_in_child=_forget)
