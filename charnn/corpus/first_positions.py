"""The position at which each character of a text occurs first, collected chunk by chunk."""

import numpy as np

from charnn.corpus.char_vocabulary import code_points, latin_1

_UNICODE_SIZE = 0x110000
_SHORT = 1 << 14


class FirstPositions:
    """The position at which each character occurs first.

    Attributes:
        positions: for each character, the position of its first occurrence, counted in ids.
    """

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self._known = np.zeros(_UNICODE_SIZE, bool)
        self._known_latin_1 = b""

    def add(self, text: str, offset: int) -> None:
        """Record the characters of a text whose first character is at position `offset`."""
        raw = latin_1(text)
        # Nearly all chunks of a long text have no new character, and bytes.translate is the fastest
        # test for one.
        if raw is not None and not raw.translate(None, self._known_latin_1):
            return
        # Nearly all characters are new at the beginning, and sorting those of a megabyte takes 50
        # ms.
        short = min(len(text), _SHORT)
        self._add(text[:short], offset)
        self._add(text[short:], offset + short)

    def _add(self, text: str, offset: int) -> None:
        points = code_points(text)
        new = np.flatnonzero(~self._known.take(points, mode="clip"))
        if new.size:
            new_points, indices = np.unique(points[new], return_index=True)
            self._known[new_points] = True
            positions = (offset + new[indices]).tolist()
            self.positions.update(zip(map(chr, new_points), positions, strict=True))
            self._known_latin_1 = np.flatnonzero(self._known[:256]).astype(np.uint8).tobytes()
