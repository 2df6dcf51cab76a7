"""Texts that a model writes, each with the seed that writes it again."""

from collections.abc import Iterator
from typing import Self


class WrittenText(str):
    """A text that a model wrote.

    Attributes:
        seed: the seed of the text; the same call with this seed returns the same text.
    """

    seed: int

    def __new__(cls, text: str = "", seed: int = 0) -> Self:
        """Return the text with its seed."""
        written = super().__new__(cls, text)
        written.seed = seed
        return written


class TextPieces(Iterator[str]):
    """An iterator over the pieces of a text that a model is writing.

    Attributes:
        seed: the seed of the text.
    """

    def __init__(self, pieces: Iterator[str], seed: int) -> None:
        self._pieces = pieces
        self.seed = seed

    def __next__(self) -> str:
        """Return the next piece."""
        return next(self._pieces)
