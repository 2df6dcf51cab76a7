"""Work that ends early because its result is no longer wanted, such as that of a closed page.

The thread that works is not interrupted. It looks at `check_stopped` between two pieces of work.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_event: ContextVar[threading.Event | None] = ContextVar("stop", default=None)


class StoppedError(Exception):
    """The end of work whose result is no longer wanted."""


@contextmanager
def stopped_by(event: threading.Event) -> Iterator[None]:
    """Open a block in which `check_stopped` looks at an event."""
    before = _event.set(event)
    try:
        yield
    finally:
        _event.reset(before)


def check_stopped() -> None:
    """Raise an error if the result of this work is no longer wanted.

    Raises:
        StoppedError: the event of `stopped_by` is set.
    """
    event = _event.get()
    if event is not None and event.is_set():
        raise StoppedError
