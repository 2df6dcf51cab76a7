"""Ctrl-C during training: save the run, then stop."""

import signal
import socket
import sys
import threading
import time
from types import FrameType
from typing import Any

from tqdm import tqdm

from charnn import signals
from charnn.cli.console import show_message

# After a second signal, the program has this many seconds to clean up and end by itself.
GRACE_SECONDS = 0.25
_STOPPING = "stopping: the run is saved first (press Ctrl-C again to stop at once)"


class StopSignal:
    """A context that turns a signal into a request to stop.

    Before the first call of `requested` there is nothing to save, so a signal has its usual effect.
    After that call, the first signal requests a stop, and the run is saved before it ends; a second
    signal ends the program at once. On exit, the context restores the handlers.

    Attributes:
        number: the number of the latest signal; None before a signal.
    """

    number: int | None = None
    _wakeup: socket.socket | None = None
    _handlers_before: dict[int, Any]

    def __enter__(self) -> "StopSignal":
        return self

    def __exit__(self, *failure: object) -> None:
        if self._wakeup is not None:
            signals.restore_handlers(self._handlers_before)
            signal.set_wakeup_fd(-1)
            self._wakeup.close()

    def requested(self) -> bool:
        """Return whether a signal has requested a stop. The trainer calls this after every step."""
        if self._wakeup is None:
            # A socket, since set_wakeup_fd takes no pipe on Windows; it must not block.
            numbers, self._wakeup = socket.socketpair()
            self._wakeup.setblocking(False)
            # Python runs handlers in the main thread, which a long step may keep busy. The file
            # descriptor receives the number of each signal at once, and a thread reads it.
            signal.set_wakeup_fd(self._wakeup.fileno())
            threading.Thread(target=_answer_signals, args=(numbers,), daemon=True).start()
            self._handlers_before = signals.install_handlers(self._request)
        return self.number is not None

    def _request(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            signals.exit_after_cleanup(number)
        self.number = number


def _answer_signals(numbers: socket.socket) -> None:
    """Show a message for the first stop signal, and end the program after the second.

    Args:
        numbers: a socket that receives the number of every signal with a handler, one byte each.
    """
    # As https://clig.dev recommends: answer Ctrl-C at once, and let a second one skip the clean-up.
    stops = 0
    while number := numbers.recv(1):
        stops += number[0] in signals.STOP_SIGNALS
        if stops == 1:
            # The terminal has written ^C into the progress bar, so the bar is drawn anew.
            with tqdm.external_write_mode(file=sys.stderr):
                show_message(f"\n{_STOPPING}")
        elif stops:
            time.sleep(GRACE_SECONDS)
            signals.exit_now(number[0])
