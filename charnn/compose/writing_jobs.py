"""Writing in the background: up to four models write at once, each in a thread of its own.

A model writes a tune in pieces. A thread draws them, and the page receives each one at once. When
the page goes away, its thread stops at the next piece.
"""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

from charnn.errors import CharnnError

MAX_JOBS = 4

Result = dict[str, Any]
# What the thread adds after the last result.
_END = object()


class BusyError(Exception):
    """As many models as allowed are writing."""


class WritingJobs:
    """The jobs that run at the moment.

    Args:
        limit: the number of jobs at once.
    """

    def __init__(self, limit: int = MAX_JOBS) -> None:
        self._places = threading.BoundedSemaphore(limit)
        self._stopped = threading.Event()

    def start(self, work: Callable[[], Iterator[Result]]) -> AsyncIterator[Result]:
        """Start a job, and return an iterator over its results.

        An error that a user can mend is a result, `{"error": sentence}`.

        Args:
            work: a function that returns an iterator over the results. A thread runs it.

        Raises:
            BusyError: as many jobs as allowed are running.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError
        return self._results(work)

    def stop(self) -> None:
        """Let all jobs end at their next result."""
        self._stopped.set()

    async def _results(self, work: Callable[[], Iterator[Result]]) -> AsyncIterator[Result]:
        """Yield the results of a job that has a place already."""
        loop = asyncio.get_running_loop()
        queue: asyncio.Queue[object] = asyncio.Queue()
        gone = threading.Event()

        def put(item: object) -> None:
            # The loop is closed when the program ends.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(queue.put_nowait, item)

        def run() -> None:
            try:
                for result in work():
                    put(result)
                    if gone.is_set() or self._stopped.is_set():
                        break
            except CharnnError as problem:
                put({"error": str(problem)})
            except Exception as problem:
                put(problem)
            finally:
                self._places.release()
                put(_END)

        # A daemon: Ctrl-C does not wait for a model.
        threading.Thread(target=run, name="charnn-writing", daemon=True).start()
        try:
            while (item := await queue.get()) is not _END:
                if isinstance(item, Exception):
                    raise item
                yield item  # type: ignore[misc]
        finally:
            gone.set()
