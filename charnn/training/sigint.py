"""Ctrl-C where it is Python's own, as in a notebook: the run is saved before it is raised."""

import signal
import threading
from types import FrameType


class Interrupt:
    """Holds a KeyboardInterrupt back until the run is saved; a second one is not held back. Where
    Ctrl-C is not Python's own, as in the program `charnn`, or beside the main thread, it does
    nothing. A context.

    Attributes:
        asked: whether one came.
    """

    asked = False

    def __enter__(self) -> "Interrupt":
        self._ours = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._ours:
            signal.signal(signal.SIGINT, self._ask)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        signal.signal(number, signal.default_int_handler)
        self.asked = True
