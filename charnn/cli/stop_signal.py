"""Ctrl-C in training: the run is saved first."""

import signal
import socket
import threading
import time
from types import FrameType
from typing import Any

from charnn import signals
from charnn.cli.console import show_message

# Seconds after a second signal in which the program may end in order.
GRACE = 0.25


class StopSignal:
    """From the first question on, a signal asks for a stop as soon as the run can be saved, and a
    second one ends the program at once. Before that there is nothing to save.

    As a context it gives the signals back.

    Attributes:
        number: of the signal that came; None if none did.
    """

    number: int | None = None
    _wakes: socket.socket | None = None
    _before: dict[int, Any]

    def __enter__(self) -> "StopSignal":
        return self

    def __exit__(self, *failure: object) -> None:
        if self._wakes is not None:
            signals.give_back(self._before)
            signal.set_wakeup_fd(-1)
            self._wakes.close()

    def requested(self) -> bool:
        """Whether to stop; the trainer wants to know after every step."""
        if self._wakes is None:
            heard, self._wakes = socket.socketpair()
            self._wakes.setblocking(False)
            signal.set_wakeup_fd(self._wakes.fileno())
            threading.Thread(target=_watch, args=(heard,), daemon=True).start()
            self._before = signals.answer(self._ask)
        return self.number is not None

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self.number is not None:
            signals.unwind(number)
        self.number = number


def _watch(heard: socket.socket) -> None:
    """Answer at once, though a long step may keep the main thread, which runs the handlers, busy.

    Args:
        heard: brings the number of every signal that has a handler, a byte each.
    """
    stops = 0
    while number := heard.recv(1):
        stops += number[0] in signals.STOPS
        if stops == 1:
            show_message("\nstopping: the run is saved first (once more to leave at once)")
        elif stops:
            time.sleep(GRACE)
            signals.leave(number[0])
