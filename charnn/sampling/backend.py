"""The choice of a decoder: NumPy to start at once, numba for long texts, torch for many.

Importing numba takes some tenths of a second, torch a second or two. The first character of a text
must not wait for numba, so a text begins with the plain decoder. If numba or torch is missing or
fails, the plain decoder generates everything.
"""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from charnn.sampling.decoder import Decoder
from charnn.sampling.params import SamplingParams

# Time, not tokens, because a large network generates few tokens while numba is imported. Most tunes
# and pages are complete before this time.
NUMBA_AFTER_SECONDS = 0.5
# At the end of a command, the command line looks for a thread of this name and does not wait for
# it: the text is finished, whether or not the compiler is.
COMPILER_THREAD_NAME = "charnn-compiling"
# With this number of texts side by side or more, the speed of torch makes up for its import.
MIN_BATCH_ROWS = 32


class BackendSelector:
    """A selector of the decoder: the plain one first, a faster one for long or many texts.

    Args:
        plain: the decoder that is used first.

    Attributes:
        decoder: the decoder in use.
    """

    def __init__(self, plain: Decoder) -> None:
        self.decoder = self._plain = plain
        self._seconds = 0.0
        self._batched = False
        self._compiling: Future[Decoder] | None = None

    def start(self, rows: int) -> Decoder:
        """Return the decoder for the first tokens of `rows` texts side by side."""
        if rows >= MIN_BATCH_ROWS and not self._batched:
            self.decoder, self._batched = batched_decoder(self._plain), True
        return self.decoder

    def update(self, seconds: float) -> Decoder:
        """Add `seconds` to the generating time, and return the decoder for the next tokens.

        When the generating time reaches `NUMBA_AFTER_SECONDS`, numba compiles in a background
        thread. The compiled decoder is returned as soon as it is ready.
        """
        self._seconds += seconds
        if self._seconds < NUMBA_AFTER_SECONDS or self.decoder is not self._plain:
            return self.decoder
        if self._compiling is None:
            self._compiling = _in_background(numba_decoder, self._plain)
        elif self._compiling.done():
            self.decoder = self._compiling.result()
        return self.decoder


def numba_decoder(plain: Decoder) -> Decoder:
    """Return the compiled decoder for a long text, or the plain one if numba fails."""
    try:
        from charnn.inference.numba_stepper import CompiledStepper
        from charnn.sampling.numba_decoder import NumbaDecoder

        return _warmed_up(NumbaDecoder(CompiledStepper(plain.stepper)), rows=1)
    # numba, LLVM and the cache on the disk fail with errors of many kinds; the plain decoder needs
    # none of the three.
    except Exception:
        return plain


def batched_decoder(plain: Decoder) -> Decoder:
    """Return the decoder for many texts side by side, or the plain one if torch or numba fails."""
    try:
        from charnn.inference.batched_stepper import BatchedStepper
        from charnn.sampling.numba_decoder import NumbaDecoder

        return _warmed_up(NumbaDecoder(BatchedStepper(plain.stepper)), rows=MIN_BATCH_ROWS)
    except Exception:  # as in `numba_decoder`
        return plain


def _warmed_up(decoder: Decoder, rows: int) -> Decoder:
    """Run each method for one text and for `rows` texts, and return the decoder.

    So the methods are compiled now, and a failure shows before the decoder is in use.
    """
    params = SamplingParams()
    for count in (1, rows):
        ids_B, state = np.zeros(count, np.int64), decoder.stepper.initial_state(count)
        decoder.generate(ids_B, state, np.zeros((count, 1)), params)
        decoder.draw(decoder.stepper.feed(ids_B, state), np.zeros(count), params)
    return decoder


def _in_background(make: Callable[[Decoder], Decoder], plain: Decoder) -> Future[Decoder]:
    executor = ThreadPoolExecutor(1, thread_name_prefix=COMPILER_THREAD_NAME)
    future = executor.submit(make, plain)
    executor.shutdown(wait=False)
    return future
