"""Which pen writes: the plain one at once, a faster one when much is to be written.

Where numba is not installed, the plain one writes everything.
"""

import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from charnn.sampling.choice import Choice
from charnn.sampling.pens import Pen

# Seconds of writing after which it pays to import numba, some tenths of a second: most tunes and
# pages are written by then.
SOON = 0.5
# Texts side by side from which on it pays to import torch as well, a second or two.
MANY = 32
# It is not installed, does not suit this Python, or finds no place to keep what it compiles.
_NO_NUMBA = (ImportError, RuntimeError)


def faster(plain: Pen) -> Pen:
    """The pen for much text; the plain one where there is no numba."""
    try:
        from charnn.sampling.compiled import CompiledPen
    except _NO_NUMBA:
        return plain
    return CompiledPen(plain.stepper)


def broader(plain: Pen) -> Pen:
    """The pen for many texts; the plain one where there is no numba."""
    try:
        from charnn.model.batched import BatchedStepper
        from charnn.sampling.compiled import CompiledPen
    except _NO_NUMBA:
        return plain
    return CompiledPen(BatchedStepper(plain.stepper))


class Desk:
    """A pen, and a faster one in its place when there is much to write.

    Attributes:
        pen: for the next symbols.
    """

    def __init__(self, plain: Pen) -> None:
        self.pen = self._plain = plain
        self._begun = 0.0
        self._broad = self._done = False
        self._coming: Future[Pen] | None = None

    def begin(self, rows: int) -> Pen:
        """The pen for so many texts side by side."""
        if rows >= MANY and not self._broad:
            self.pen, self._broad, self._done = broader(self._plain), True, True
        self._begun = self._begun or time.monotonic()
        return self.pen

    def go_on(self) -> Pen:
        """The pen for the next symbols."""
        if self._done:
            return self.pen
        if self._coming is None:
            if time.monotonic() - self._begun > SOON:
                self._coming = _in_background(_tried_out, self._plain)
        elif self._coming.done():
            pen, self._done = self._coming.result(), True
            pen.stepper.state = self.pen.stepper.state
            self.pen = pen
        return self.pen


def _tried_out(plain: Pen) -> Pen:
    pen = faster(plain)
    if pen is not plain:
        pen.stepper.read([])
        pen.write(np.zeros(1, np.int64), np.zeros((1, 1)), Choice())
        pen.draw(np.zeros((1, 2), np.float32), np.zeros(1), Choice())
    return pen


def _in_background(work: Callable[[Pen], Pen], plain: Pen) -> Future[Pen]:
    # No daemon: a program must not end while LLVM is at work in it.
    executor = ThreadPoolExecutor(1)
    future = executor.submit(work, plain)
    executor.shutdown(wait=False)
    return future
