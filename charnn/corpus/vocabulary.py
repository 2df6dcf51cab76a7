"""Which characters a model knows, and the number of each.

Ids are fixed by the set of characters alone, not by the order in which a text brings them: two
corpora with the same characters share their ids. Id 0 stands for any character outside the
vocabulary, id 1 ends a document; the characters follow from 2 in the order of Unicode.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

UNKNOWN = 0
SEPARATOR = 1
SPECIALS = 2


class Vocabulary:
    """The characters of a model.

    Attributes:
        kind: what a symbol is.
        symbols: the characters in the order of Unicode; `symbols[i]` has the id `i + 2`.
        dtype: the smallest unsigned integers that hold every id.
    """

    kind = "char"

    def __init__(self, symbols: Iterable[str]) -> None:
        """Take the distinct characters of `symbols`, which may be a text."""
        self.symbols: tuple[str, ...] = tuple(sorted(set(symbols)))
        if wrong := next((symbol for symbol in self.symbols if len(symbol) != 1), None):
            raise ValueError(f"a vocabulary is made of single characters, not {wrong!r}")
        self._points = code_points("".join(self.symbols))
        self.dtype: np.dtype[Any] = np.min_scalar_type(len(self) - 1)
        # One entry a code point, and one more at the end for all that lie beyond.
        self._ids = np.zeros(int(self._points.max(initial=0)) + 2, self.dtype)
        self._ids[self._points] = np.arange(SPECIALS, len(self))
        # Of Latin-1 alone, bytes become bytes, several times as fast.
        self._bytes = self._ids.take(range(256), mode="clip").tobytes()

    def __len__(self) -> int:
        """Count the ids, the two special ones included."""
        return len(self.symbols) + SPECIALS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Vocabulary) and self.symbols == other.symbols

    def __hash__(self) -> int:
        return hash(self.symbols)

    def __repr__(self) -> str:
        return f"Vocabulary({''.join(self.symbols)!r})"

    def __contains__(self, symbol: str) -> bool:
        return symbol in self.symbols

    def encode(self, text: str) -> NDArray[Any]:
        """Return the ids of a text, one a character, as an array of `dtype`."""
        if self.dtype == np.uint8 and (raw := latin_1(text)) is not None:
            return np.frombuffer(raw.translate(self._bytes), np.uint8)
        return self._ids.take(code_points(text), mode="clip")

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of a sequence of ids; the special ones give nothing.

        Raises:
            IndexError: an id is not below `len(self)`, or is negative.
        """
        numbers = np.asarray(ids, dtype=np.int64)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise IndexError(f"ids must lie in 0..{len(self) - 1}")
        points = self._points[numbers[numbers >= SPECIALS] - SPECIALS]
        return points.astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")

    def unknown(self, text: str) -> list[str]:
        """Return the distinct characters of a text that the vocabulary lacks, as they come."""
        known = set(self.symbols)
        return [symbol for symbol in dict.fromkeys(text) if symbol not in known]

    def characters(self, ids: NDArray[Any]) -> int:
        """Count the characters that ids stand for: one each, special ones included."""
        return ids.size

    def to_json(self) -> list[str]:
        """Return what `from_json` takes."""
        return list(self.symbols)

    @classmethod
    def from_json(cls, value: object) -> "Vocabulary":
        """Return the vocabulary that `to_json` described.

        Raises:
            ValueError: it is not a list of single characters, each once, in the order of Unicode.
        """
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError("a vocabulary is a list of characters")
        if not all(isinstance(symbol, str) and len(symbol) == 1 for symbol in value):
            raise ValueError("a vocabulary is made of single characters")
        if not all(earlier < later for earlier, later in pairwise(value)):
            raise ValueError("a vocabulary's characters are distinct and in the order of Unicode")
        return cls(value)


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the Unicode code points of a text, read-only, one a character."""
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def latin_1(text: str) -> bytes | None:
    """Return the text with a byte for each character; None if it has others than of Latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None
