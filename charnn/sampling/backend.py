"""Which pen writes: the plain one at once, a faster one when much is to be written.

Where numba is not installed, the plain one writes everything.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from charnn.sampling.decoder import Decoder
from charnn.sampling.params import SamplingParams

# Seconds of writing after which it pays to import numba, some tenths of a second: most tunes and
# pages are written by then.
SOON = 0.5
# What the thread is called in which that happens.
COMPILER_THREAD_NAME = "charnn-compiling"
# Texts side by side from which on it pays to import torch as well, a second or two.
MANY = 32


class BackendSelector:
    """A pen, and a faster one in its place when there is much to write.

    Attributes:
        pen: for the next symbols.
    """

    def __init__(self, plain: Decoder) -> None:
        self.decoder = self._plain = plain
        self._spent = 0.0
        self._broad = False
        self._coming: Future[Decoder] | None = None

    def begin(self, rows: int) -> Decoder:
        """The pen for so many texts side by side."""
        if rows >= MANY and not self._broad:
            self.decoder, self._broad = broader(self._plain), True
        return self.decoder

    def go_on(self, seconds: float) -> Decoder:
        """The pen for the next symbols, after so many seconds of writing more."""
        self._spent += seconds
        if self._spent < SOON or self.decoder is not self._plain:
            return self.decoder
        if self._coming is None:
            self._coming = _in_background(faster, self._plain)
        elif self._coming.done():
            self.decoder = self._coming.result()
        return self.decoder


def faster(plain: Decoder) -> Decoder:
    """The pen for much text, tried out; the plain one where that fails."""
    try:
        from charnn.inference.numba_stepper import CompiledStepper
        from charnn.sampling.numba_decoder import NumbaDecoder

        return _warmed_up(NumbaDecoder(CompiledStepper(plain.stepper)), rows=1)
    except Exception:  # of numba, of its cache: whatever it is, text can be written without
        return plain


def broader(plain: Decoder) -> Decoder:
    """The pen for many texts, tried out; the plain one where that fails."""
    try:
        from charnn.inference.batched_stepper import BatchedStepper
        from charnn.sampling.numba_decoder import NumbaDecoder

        return _warmed_up(NumbaDecoder(BatchedStepper(plain.stepper)), rows=MANY)
    except Exception:  # as above
        return plain


def _warmed_up(decoder: Decoder, rows: int) -> Decoder:
    for count in (1, rows):
        symbols, state = np.zeros(count, np.int64), decoder.stepper.beginning(count)
        decoder.write(symbols, state, np.zeros((count, 1)), SamplingParams())
        decoder.draw(decoder.stepper.feed(symbols, state), np.zeros(count), SamplingParams())
    return decoder


def _in_background(work: Callable[[Decoder], Decoder], plain: Decoder) -> Future[Decoder]:
    executor = ThreadPoolExecutor(1, thread_name_prefix=COMPILER_THREAD_NAME)
    future = executor.submit(work, plain)
    executor.shutdown(wait=False)
    return future
