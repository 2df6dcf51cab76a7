"""Which pen writes: the plain one at once, a faster one when much is to be written.

Where numba is not installed, the plain one writes everything.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from charnn.sampling.choice import Choice
from charnn.sampling.pens import Pen

# Symbols after which it pays to import numba, some tenths of a second: more than a tune or a page.
MUCH = 4000
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
        self._left = MUCH
        self._broad = False
        self._coming: Future[Pen] | None = None

    def begin(self, rows: int) -> Pen:
        """The pen for so many texts side by side."""
        if rows >= MANY and not self._broad:
            self.pen, self._broad, self._coming = broader(self._plain), True, None
        return self.pen

    def go_on(self, symbols: int) -> Pen:
        """The pen to go on with after so many symbols more."""
        if self._broad or self._left < 0:
            return self.pen
        if self._left > 0:
            self._left = max(0, self._left - symbols)
        elif self._coming is None:
            self._coming = _in_background(_tried_out, self._plain)
        elif self._coming.done():
            pen, self._left = self._coming.result(), -1
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
