"""The choice of a decoder: NumPy to start at once, numba for long texts, torch for many.

Importing numba takes some tenths of a second, torch a second or two. The first character of a text
must not wait for numba, so a text begins with the plain decoder. After some tokens, the selector
estimates how long the plain decoder would take for the rest, and whether numba pays. If numba or
torch is missing or fails, the plain decoder generates everything.
"""

import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import numpy as np

from charnn.inference.quantised import Array
from charnn.inference.stepper import TokenIds
from charnn.inference.stepper_state import StepperState
from charnn.sampling.decoder import Decoder
from charnn.sampling.params import SamplingParams

# numba pays where the plain decoder would take this long, a little longer than importing numba and
# loading the machine code. Time, not tokens, because a large network generates few tokens in it.
NUMBA_SECONDS = 0.5
# The first tokens take longer than the others.
_TIMED_TOKENS = 8
# A text waits this long for machine code on the disk: Python runs one thread at a time, so
# generating meanwhile would delay numba more than it helps.
_WAIT_SECONDS = 1.0
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
        self._tokens, self._expected_tokens = 0, 0.0
        self._fastest = math.inf
        self._batched = False
        self._compiling: Future[Decoder] | None = None
        self._loaded_or_absent = threading.Event()

    def start(self, rows: int, expected_tokens: float) -> Decoder:
        """Return the decoder for the first tokens of `rows` texts side by side.

        Args:
            rows: the number of texts side by side.
            expected_tokens: the expected number of tokens of a row, with all texts that it will
                contain one after the other.
        """
        self._tokens, self._expected_tokens = 0, expected_tokens
        if rows >= MIN_BATCH_ROWS and not self._batched:
            self.decoder, self._batched = batched_decoder(self._plain), True
        return self.decoder

    def update(self, seconds: float) -> Decoder:
        """Return the decoder for the next tokens, after a call that took `seconds`.

        When the plain decoder has taken `NUMBA_SECONDS`, or would take them for the rest of the
        expected tokens, numba compiles in a background thread. The compiled decoder is returned as
        soon as it is ready.
        """
        if self.decoder is not self._plain:
            return self.decoder
        self._seconds += seconds
        self._tokens += 1
        self._fastest = min(self._fastest, seconds)
        if self._compiling is None:
            rest = self._fastest * (self._expected_tokens - self._tokens)
            is_long = self._tokens >= _TIMED_TOKENS and rest >= NUMBA_SECONDS
            if not is_long and self._seconds < NUMBA_SECONDS:
                return self.decoder
            self._compiling = _in_background(self._load_or_compile)
            self._loaded_or_absent.wait(_WAIT_SECONDS)
        if self._compiling.done():
            self.decoder = self._compiling.result()
        return self.decoder

    def feed(self, ids_B: TokenIds, state: StepperState) -> Array:
        """Read one token of each text as `Stepper.feed` does, and select the next decoder."""
        begin = time.perf_counter()
        logits_BV = self.decoder.stepper.feed(ids_B, state)
        self.update(time.perf_counter() - begin)
        return logits_BV

    def _load_or_compile(self) -> Decoder:
        if not _is_cached():
            self._loaded_or_absent.set()
        decoder = numba_decoder(self._plain)
        self._loaded_or_absent.set()
        return decoder


def _is_cached() -> bool:
    """Return whether numba finds machine code on the disk."""
    try:
        from charnn.sampling.numba_decoder import is_cached

        return is_cached()
    except Exception:  # as in `numba_decoder`
        return False


def numba_decoder(plain: Decoder) -> Decoder:
    """Return the compiled decoder for a long text, or the plain one if numba fails."""
    try:
        from charnn.inference.numba_stepper import CompiledStepper
        from charnn.sampling.compiler_warnings import separate_warnings
        from charnn.sampling.numba_decoder import NumbaDecoder

        with separate_warnings():  # usually in a thread beside the user's
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


def _in_background(make: Callable[[], Decoder]) -> Future[Decoder]:
    executor = ThreadPoolExecutor(1, thread_name_prefix=COMPILER_THREAD_NAME)
    future = executor.submit(make)
    executor.shutdown(wait=False)
    return future
