"""The signals that end the program: Ctrl-C, a polite kill, a closed terminal.

Whenever one comes, from the first moment to the last, the program ends quietly, with exit code 128
and its number: no traceback, and on a terminal no half line. Two ways to end are here; training
knows a third, which saves the run first (see `charnn.cli.stop_signal`).

Nothing is imported that takes time: the program begins with this, and a signal may come at once.
(One that comes still earlier, while Python itself begins, has Python's own effect.)
"""

# What `signal` wraps in enumerations, which take longer to import than all else here.
import _signal as signal  # type: ignore[import-not-found]
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any, NoReturn

    Handler = Callable[[int, FrameType | None], object]

STOPS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def answer(handler: "Handler") -> "dict[int, Any]":
    """Let `handler` have the signals, but for those that are ignored, as under nohup.

    Returns:
        What had them before, for `give_back`.
    """
    before = {number: signal.getsignal(number) for number in STOPS}
    heeded = {number: was for number, was in before.items() if was not in (signal.SIG_IGN, None)}
    for number in heeded:
        signal.signal(number, handler)
    return heeded


def give_back(handlers: "dict[int, Any]") -> None:
    """Put back what `answer` has returned."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


def leave(number: int, frame: "FrameType | None" = None) -> "NoReturn":
    """End at once: nothing has begun that must be cleaned up, or there was time enough for it."""
    _end_line()
    os._exit(128 + number)


def unwind(number: int, frame: "FrameType | None" = None) -> "NoReturn":
    """End by way of all that cleans up behind itself; the next signal ends at once.

    Raises:
        SystemExit: wherever the program happens to be.
    """
    answer(leave)
    sys.unraisablehook = _leave_after_all
    _end_line()
    raise SystemExit(128 + number)


def _leave_after_all(unraisable: "sys.UnraisableHookArgs") -> None:
    """The signal came where Python drops an exception: in a callback, say, or when it ends."""
    if isinstance(unraisable.exc_value, SystemExit):
        os._exit(unraisable.exc_value.code)  # type: ignore[arg-type]
    sys.__unraisablehook__(unraisable)


def _end_line() -> None:
    # By no buffer: the signal may have come amid a print.
    if os.isatty(2):
        os.write(2, b"\n")
