"""Ctrl-C in a notebook or an interactive Python: the run is saved before it is interrupted."""

import signal
import threading
from types import FrameType


class DeferredInterrupt:
    """A context that holds back one KeyboardInterrupt; a second one is raised at once.

    The context has no effect in two cases: if Ctrl-C has another handler, as in the program
    `charnn`, and outside of the main thread, where Python cannot install handlers.

    Attributes:
        requested: whether Ctrl-C was pressed.
    """

    requested = False

    def __enter__(self) -> "DeferredInterrupt":
        self._is_active = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if self._is_active:
            signal.signal(signal.SIGINT, self._request)
        return self

    def __exit__(self, *failure: object) -> None:
        if self._is_active:
            signal.signal(signal.SIGINT, signal.default_int_handler)

    def _request(self, number: int, frame: FrameType | None) -> None:
        # The next Ctrl-C is for a user who does not want to wait for the save.
        signal.signal(number, signal.default_int_handler)
        self.requested = True
