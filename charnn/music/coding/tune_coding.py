"""The coded text of a tune: notes relative to the tonic, and a label in each bar."""

import copy

from charnn.music.coding.bar_labels import insert_labels, strip_labels
from charnn.music.coding.tonic import TonicCoder, to_tonic


def code_tune(tune: str) -> str:
    """Return the coded text of a tune, or of the beginning of one."""
    return to_tonic(insert_labels(tune))


class TuneDecoder:
    """A decoder of one coded tune that arrives in chunks.

    Args:
        key: the value that replaces the first K: of the tune; `""` keeps the value. The notes move
            with it.
    """

    def __init__(self, key: str = "") -> None:
        self._coder = TonicCoder(decode=True, key=key)

    def feed(self, chunk: str) -> str:
        """Return the next characters of the tune, as far as `chunk` completes them."""
        return self._coder.feed(strip_labels(chunk))

    def peek(self) -> str:
        """Return the characters that `finish` would return now, and wait for more."""
        return copy.copy(self._coder).feed("", final=True)

    def finish(self) -> str:
        """Return the last characters of the tune."""
        return self._coder.feed("", final=True)
