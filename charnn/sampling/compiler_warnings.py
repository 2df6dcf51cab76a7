"""Python warnings while numba compiles in the background.

numba calls `warnings.catch_warnings` for everything whose type it infers: 11,000 times for the
decoder. Each call replaces the filters of all threads, and puts the earlier ones back. Meanwhile, a
warning of another thread is lost; if that thread calls `catch_warnings` itself, either thread may
put back what the other one had set, and warnings stay lost.
"""

import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any

_separate = threading.local()


@contextmanager
def separate_warnings() -> Iterator[None]:
    """Make numba leave the filters alone in this thread; its own warnings are shown as usual."""
    _change_numba()
    _separate.here = True
    try:
        yield
    finally:
        _separate.here = False


@cache
def _change_numba() -> None:
    from numba.core import errors

    # The class is private, so another numba may lack it.
    fixer: Any = getattr(errors, "WarningsFixer", None)
    original = getattr(fixer, "catch_warnings", None)
    if original is None:
        return

    def catch_warnings(*position: Any, **named: Any) -> AbstractContextManager[None]:
        if getattr(_separate, "here", False):
            return nullcontext()
        caught: AbstractContextManager[None] = original(*position, **named)
        return caught

    fixer.catch_warnings = catch_warnings
