"""Which stepper writes: the plain one at once, a faster one where much is to be written.

All of them give the same results to the last bit, so a text does not show where one takes over from
another. Where numba is not installed, the plain one does it all.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from charnn.model.matrices import Array, EightBit
from charnn.model.stepper import Stepper, Symbols

# Symbols after which it pays to import numba, some tenths of a second: more than a tune or a page.
MUCH = 4000
# Texts side by side from which on it pays to import torch as well, a second or two.
MANY = 32
# It is not installed, does not suit this Python, or finds no place to keep what it compiles.
_NO_NUMBA = (ImportError, RuntimeError)

_Work = Callable[[Stepper[EightBit]], Stepper[EightBit]]


class Engine:
    """A stepper that becomes faster while it writes.

    Args:
        stepper: the plain one.

    Attributes:
        stepper: what reads the next symbols; another one, at times, after a `feed`.
    """

    def __init__(self, stepper: Stepper[EightBit]) -> None:
        self.stepper = self._plain = stepper
        self._left = MUCH
        self._batched = False
        self._compiled: Future[Stepper[EightBit]] | None = None

    def begin(self, rows: int) -> None:
        """Forget everything; from now on write so many texts side by side."""
        if rows >= MANY and not self._batched:
            self.stepper, self._left, self._batched = _batched(self._plain), 0, True
        self.stepper.begin(rows)

    def feed(self, symbols_B: Symbols) -> Array:
        """See `Stepper.feed`."""
        scores = self.stepper.feed(symbols_B)
        if self._left > 0:
            self._left -= 1
            if self._left == 0:
                self._compiled = _in_background(_compiled, self._plain)
        elif self._compiled is not None and self._compiled.done():
            faster = self._compiled.result()
            faster.state = self.stepper.state
            self.stepper, self._compiled = faster, None
        return scores


def _batched(plain: Stepper[EightBit]) -> Stepper[EightBit]:
    try:
        from charnn.model.batched import BatchedStepper
    except _NO_NUMBA:
        return plain
    return BatchedStepper(plain)


def _compiled(plain: Stepper[EightBit]) -> Stepper[EightBit]:
    try:
        from charnn.model.compiled import CompiledStepper
    except _NO_NUMBA:
        return plain
    stepper = CompiledStepper(plain)
    stepper.begin(1)
    stepper.feed(np.zeros(1, np.int64))
    return stepper


def _in_background(work: _Work, plain: Stepper[EightBit]) -> Future[Stepper[EightBit]]:
    # No daemon: a program must not end while LLVM is at work in it.
    executor = ThreadPoolExecutor(1)
    future = executor.submit(work, plain)
    executor.shutdown(wait=False)
    return future
