"""The processes that work on the pieces of a corpus.

A worker is this file, run by Python: it reads its task and then one piece a line from stdin, and
writes one result a line to stdout, all as JSON. Unlike a worker of `multiprocessing`, it never
imports the script of the user again, which may lack a guard, and it ends with the process that
started it, even if that one is killed.
"""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import IO, Any, cast

from charnn.corpus.piece_tasks import EncodeTask, ScanTask
from charnn.errors import CharnnError, CorpusError

_TASKS = {"scan": ScanTask, "encode": EncodeTask}


# Below this size, starting processes takes longer than they save.
MIN_SHARED_BYTES = 1 << 29
MAX_WORKERS = 8


def choose_workers(wanted: int, size: int) -> int:
    """Return the number of processes for a corpus of `size` bytes; `wanted` unless it is 0."""
    if wanted:
        return wanted
    if size < MIN_SHARED_BYTES:
        return 1
    affinity = getattr(os, "sched_getaffinity", None)
    processors = len(affinity(0)) if affinity else os.cpu_count() or 1
    # Each process that torchrun has started on this machine reads the corpus.
    share = processors // int(os.environ.get("LOCAL_WORLD_SIZE", 1))
    return max(1, min(share, MAX_WORKERS))


class PieceWorkers(AbstractContextManager["PieceWorkers"]):
    """A context with processes that work on pieces; without any for one worker.

    Args:
        workers: the number of processes; 1 works in this process.
        task: "scan" or "encode".
        settings: the arguments of the task's class.
    """

    def __init__(self, workers: int, task: str, **settings: Any) -> None:
        self._workers, self._task, self._settings = workers, task, settings
        self._own = threading.local()
        self._started: list[_Worker] = []

    def __exit__(self, kind: object, *failure: object) -> None:
        for worker in self._started:
            worker.close(at_once=kind is not None)

    def map(self, pieces: Iterable[Any]) -> Iterator[dict[str, Any]]:
        """Yield the result of each piece, in the order of the pieces.

        Raises:
            CorpusError: a file cannot be read, or a worker has ended.
            OSError: the ids cannot be written.
        """
        if self._workers == 1:
            yield from map(_TASKS[self._task](**self._settings), pieces)
            return
        # A thread waits for each process.
        with ThreadPoolExecutor(self._workers) as threads:
            try:
                yield from threads.map(self._ask, pieces)
            except BaseException:
                threads.shutdown(wait=False, cancel_futures=True)
                for worker in self._started:
                    worker.close(at_once=True)
                raise

    def _ask(self, piece: Any) -> dict[str, Any]:
        """Return the result of a piece from the process of this thread."""
        if not hasattr(self._own, "worker"):
            self._own.worker = _Worker([self._task, self._settings])
            self._started.append(self._own.worker)
        worker: _Worker = self._own.worker
        result = worker.ask(piece)
        if "corpus_error" in result:
            raise CorpusError(result["corpus_error"])
        if "os_error" in result:
            raise OSError(*result["os_error"])
        return result


class _Worker:
    """A process that works on pieces.

    Args:
        setup: the name of the task and its settings.
    """

    def __init__(self, setup: object) -> None:
        # The package may have been found by other means than the environment.
        package = str(Path(__file__).parents[2])
        paths = [package, *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(  # noqa: S603 - our own file
            # -P: the user's folder may have modules with the names of those of Python.
            [sys.executable, "-P", "-m", __name__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            encoding="ascii",
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        )
        self._requests = cast(IO[str], self._process.stdin)
        self._answers = cast(IO[str], self._process.stdout)
        self._setup = setup

    def ask(self, piece: Any) -> dict[str, Any]:
        """Return the result of a piece.

        Raises:
            CorpusError: the process has ended.
        """
        answer = ""
        with suppress(OSError, ValueError):  # the pipe is closed at one end
            if self._setup is not None:
                _send(self._requests, self._setup)
                self._setup = None
            _send(self._requests, piece)
            answer = self._answers.readline()
        if not answer.endswith("\n"):
            raise CorpusError(
                f"a process that prepares the corpus has ended (exit code {self._process.wait()}): "
                "the memory may be full. Try --workers 1; what is done already is kept"
            )
        result: dict[str, Any] = json.loads(answer)
        return result

    def close(self, *, at_once: bool) -> None:
        """End the process, and wait for its end."""
        if at_once:
            self._process.kill()
        with suppress(OSError):
            self._requests.close()
        self._process.wait()


def _send(stream: IO[str], value: object) -> None:
    stream.write(json.dumps(value) + "\n")
    stream.flush()


def main() -> None:
    """Work on pieces until the process that started this one closes its pipe."""
    # Ctrl-C in a terminal reaches all processes, but only the first one decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with os.fdopen(0) as requests, os.fdopen(1, "w") as answers:
        name, settings = json.loads(requests.readline())
        task = _TASKS[name](**settings)
        for line in requests:
            try:
                result = task(json.loads(line))
            except CharnnError as error:
                result = {"corpus_error": str(error)}
            except OSError as error:
                result = {"os_error": [error.errno, error.strerror, error.filename]}
            try:
                _send(answers, result)
            except OSError:
                os._exit(1)  # the process that waited for the answer was killed


if __name__ == "__main__":
    main()
