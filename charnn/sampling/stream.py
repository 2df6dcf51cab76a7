"""One text in the making: what was drawn for it becomes characters until it ends."""

from collections.abc import Sequence

import numpy as np

from charnn.corpus.vocabulary import SEPARATOR
from charnn.sampling.constraint import ConstraintCursor


class SampleStream:
    """A text that is being written.

    Args:
        number: its place among others.
        seed: of its random numbers.
        symbol: the last one of what it begins with.
        length: most characters to write.
        stop: a text to stop after; empty for none.
        course: keeps it to a grammar, which then also says where it ends.
        texts: the characters of every symbol.

    Attributes:
        random: its random numbers.
        symbol: the last one.
        left: characters that may still be written.
        ended: whether it is complete.
    """

    def __init__(
        self,
        number: int,
        seed: int,
        symbol: int,
        length: int,
        stop: str,
        cursor: ConstraintCursor | None,
        texts: Sequence[str],
    ) -> None:
        self.number, self.symbol, self.left, self.cursor = number, symbol, length, cursor
        self.random = np.random.default_rng(seed)
        self.ended = False
        self._stop, self._texts, self._tail = stop, texts, ""

    def add(self, symbols: list[int]) -> str:
        """Go on by symbols that were drawn, as far as they belong to the text; their characters."""
        if not self._stop and self.cursor is None and SEPARATOR not in symbols:
            text = "".join([self._texts[symbol] for symbol in symbols])
            if len(text) < self.left:
                self.symbol = symbols[-1]
                self.left -= len(text)
                return text
        text = ""
        for symbol in symbols:
            if not self.ended:
                text += self._add(symbol)
        return text

    def _add(self, symbol: int) -> str:
        text = self._texts[symbol] if self.cursor is not None else self._texts[symbol][: self.left]
        self.symbol = symbol
        self.left -= len(text)
        self.ended = self._ends(symbol, text)
        if self.cursor is not None and not self.ended:
            self.cursor.feed(symbol)
        return text

    def _ends(self, symbol: int, text: str) -> bool:
        if symbol == SEPARATOR:
            return True
        if self._stop:
            self._tail = (self._tail + text)[-len(self._stop) - len(text) :]
            if self._stop in self._tail:
                return True
        return self.left <= 0 and self.cursor is None
