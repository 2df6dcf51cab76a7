"""The vocabulary of single characters: each character is a token."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import DOCUMENT_END, SEPARATOR, SPECIALS, Vocabulary


class CharVocabulary(Vocabulary):
    """A vocabulary of characters in the order of Unicode."""

    kind = "char"
    unit = "characters"
    single_characters = True
    requires_tunes = False

    def __init__(self, characters: Iterable[str]) -> None:
        """Take the distinct characters of an iterable, such as a text.

        Raises:
            ValueError: a token is not a single character.
        """
        super().__init__(sorted(set(characters)))
        if wrong := next((token for token in self.tokens if len(token) != 1), None):
            raise ValueError(f"a vocabulary is made of single characters, not {wrong!r}")
        self._points = code_points("".join(self.tokens))
        # One entry a code point up to the largest one, and a last entry (UNKNOWN) that `take` with
        # mode="clip" returns for every code point beyond.
        self._ids = np.zeros(int(self._points.max(initial=0)) + 2, self.dtype)
        self._ids[ord(DOCUMENT_END)] = SEPARATOR
        self._ids[self._points] = np.arange(SPECIALS, len(self))
        # bytes.translate is several times as fast as an indexed array, and most text is Latin-1.
        self._latin_1_ids = self._ids.take(range(256), mode="clip").tobytes()

    def __repr__(self) -> str:
        return f"CharVocabulary({''.join(self.tokens)!r})"

    def encode(self, text: str) -> NDArray[Any]:
        """Return the ids of a text, one id for each character, as an array of `dtype`.

        `DOCUMENT_END` has the id `SEPARATOR`.
        """
        if self.dtype == np.uint8 and (raw := latin_1(text)) is not None:
            return np.frombuffer(raw.translate(self._latin_1_ids), np.uint8)
        return self._ids.take(code_points(text), mode="clip")

    def encode_chunks(self, chunks: Iterable[str]) -> Iterator[NDArray[Any]]:
        """Yield one array for each chunk of a text: the ids of the chunk."""
        return map(self.encode, chunks)

    def _join(self, indices: NDArray[np.int64]) -> str:
        return self._points[indices].astype("<u4").tobytes().decode("utf-32-le", "surrogatepass")

    def count_characters(self, ids: NDArray[Any]) -> int:
        """Return the number of ids: each id, even a special one, stands for one character."""
        return ids.size

    def preview(self) -> Iterator[str]:
        """Yield the characters in the order of Unicode."""
        return iter(self.tokens)

    def to_json(self) -> list[str]:
        """Return the characters, in the order of Unicode."""
        return list(self.tokens)

    @classmethod
    def from_json(cls, value: object) -> "CharVocabulary":
        """Return the vocabulary that `to_json` described.

        Raises:
            ValueError: `value` is not a list of distinct characters in the order of Unicode.
        """
        if not isinstance(value, Sequence) or isinstance(value, str):
            raise ValueError("a vocabulary is a list of characters")
        if not all(isinstance(token, str) and len(token) == 1 for token in value):
            raise ValueError("a vocabulary is made of single characters")
        # Not sorted here: the rows of the weights have the order of the file, so sorting would
        # assign them to other characters.
        if not all(earlier < later for earlier, later in pairwise(value)):
            raise ValueError("a vocabulary's characters are distinct and in the order of Unicode")
        return cls(value)


def code_points(text: str) -> NDArray[np.uint32]:
    """Return the Unicode code points of a text, one for each character, as a read-only array."""
    # surrogatepass: some codecs decode to lone surrogates, which UTF-32 does not allow.
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), "<u4")


def latin_1(text: str) -> bytes | None:
    """Return the text as Latin-1, one byte a character; None if a character is not in Latin-1."""
    try:
        return text.encode("latin-1")
    except UnicodeEncodeError:
        return None
