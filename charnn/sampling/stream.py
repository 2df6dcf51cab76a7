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
        token_id: int,
        length: int,
        stop: str,
        cursor: ConstraintCursor | None,
        texts: Sequence[str],
    ) -> None:
        self.number, self.token_id, self.left, self.cursor = number, token_id, length, cursor
        self.random = np.random.default_rng(seed)
        self.ended = False
        self._stop, self._texts, self._tail = stop, texts, ""

    def add(self, symbols: list[int]) -> str:
        """Go on by symbols that were drawn, as far as they belong to the text; their characters."""
        if not self._stop and self.cursor is None and SEPARATOR not in symbols:
            text = "".join([self._texts[token_id] for token_id in symbols])
            if len(text) < self.left:
                self.token_id = symbols[-1]
                self.left -= len(text)
                return text
        text = ""
        for token_id in symbols:
            if not self.ended:
                text += self._add(token_id)
        return text

    def _add(self, token_id: int) -> str:
        text = (
            self._texts[token_id] if self.cursor is not None else self._texts[token_id][: self.left]
        )
        self.token_id = token_id
        self.left -= len(text)
        self.ended = self._ends(token_id, text)
        if self.cursor is not None and not self.ended:
            self.cursor.feed(token_id)
        return text

    def _ends(self, token_id: int, text: str) -> bool:
        if token_id == SEPARATOR:
            return True
        if self._stop:
            self._tail = (self._tail + text)[-len(self._stop) - len(text) :]
            if self._stop in self._tail:
                return True
        return self.left <= 0 and self.cursor is None
