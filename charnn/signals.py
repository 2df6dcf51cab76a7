"""The signals that end the program: SIGINT (Ctrl-C), SIGTERM, SIGHUP (a closed terminal).

On such a signal the program ends with the exit code 128 + the signal's number, without a traceback
and without half a line on the terminal. Two ways to end are defined here; training has a third one,
which saves the run first (`charnn.cli.stop_signal`).

This module imports nothing slow, because a signal may arrive while the program starts. A signal
that arrives even earlier, while Python itself starts, has Python's own effect.
"""

# The C module: `signal` wraps it in enumerations, whose import takes longer than all else here.
import _signal as signal  # type: ignore[import-not-found]
import os
import sys

# `typing` takes milliseconds to import; type checkers treat any variable of this name as True.
TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType
    from typing import Any, NoReturn

    Handler = Callable[[int, FrameType | None], object]

# Windows has no SIGHUP.
STOP_SIGNALS = tuple(
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
)


def install_handlers(handler: "Handler") -> "dict[int, Any]":
    """Install a handler for the stop signals, except those that are ignored (as under nohup).

    Returns:
        The previous handlers, for `restore_handlers`.
    """
    before = {number: signal.getsignal(number) for number in STOP_SIGNALS}
    # getsignal returns None for a handler that was not installed from Python.
    replaced = {
        number: previous
        for number, previous in before.items()
        if previous not in (signal.SIG_IGN, None)
    }
    for number in replaced:
        signal.signal(number, handler)
    return replaced


def restore_handlers(handlers: "dict[int, Any]") -> None:
    """Put back the handlers that `install_handlers` returned."""
    for number, handler in handlers.items():
        signal.signal(number, handler)


def exit_now(number: int, frame: "FrameType | None" = None) -> "NoReturn":
    """Exit at once, without clean-up; for use before any work, or during a running clean-up."""
    _end_line()
    os._exit(128 + number)


def exit_after_cleanup(number: int, frame: "FrameType | None" = None) -> "NoReturn":
    """Exit through every `finally` and context manager; the next signal exits at once.

    Raises:
        SystemExit: always. It is raised at the line that the program has reached.
    """
    install_handlers(exit_now)
    sys.unraisablehook = _exit_if_dropped
    _end_line()
    raise SystemExit(128 + number)


def _exit_if_dropped(unraisable: "sys.UnraisableHookArgs") -> None:
    """Exit although Python dropped the SystemExit, as it does in callbacks and destructors."""
    if isinstance(unraisable.exc_value, SystemExit):
        os._exit(unraisable.exc_value.code)  # type: ignore[arg-type]
    sys.__unraisablehook__(unraisable)


def _end_line() -> None:
    # Unbuffered: the signal may interrupt a print, whose buffer must not be entered again.
    if os.isatty(2):
        os.write(2, b"\n")
