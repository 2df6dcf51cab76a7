"""The vocabulary of a model: its tokens and their ids.

Four kinds exist. In `charnn.corpus.char_vocabulary` a token is a character, in
`charnn.corpus.byte_vocabulary` a byte, in `charnn.corpus.abc_vocabulary` a musical element of ABC
notation, in `charnn.corpus.music_vocabulary` a character of a coded tune. Callers use this base
class and never ask for the kind.

The ids depend only on the set of tokens, not on the order in which a text contains them, so two
corpora with the same tokens have the same ids. (In tools that number characters by first
occurrence, a model that is trained further on another corpus reads the wrong letters.)
"""

import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

# The two special ids: any character outside the vocabulary, and the end of a document. A lookup
# table that is filled with zeros therefore maps to UNKNOWN.
UNKNOWN = 0
SEPARATOR = 1
# The character that stands for SEPARATOR in a text of many documents. It is no character of any
# corpus: `charnn.corpus.text.decode` refuses files that contain it.
DOCUMENT_END = "\0"
# The number of special ids; `tokens[i]` has the id `i + SPECIALS`.
SPECIALS = 2


class TextDecoder(Protocol):
    """A decoder of the joined token texts of one text."""

    def feed(self, chunk: str) -> str:
        """Return the next characters of the text, as far as `chunk` completes them."""

    def peek(self) -> str:
        """Return the characters that `finish` would return now, and wait for more."""

    def finish(self) -> str:
        """Return the last characters of the text."""


class PlainDecoder:
    """A decoder for token texts that are the text."""

    def feed(self, chunk: str) -> str:
        """Return `chunk`."""
        return chunk

    def peek(self) -> str:
        """Return nothing, because no character was kept."""
        return ""

    def finish(self) -> str:
        """Return nothing, because no character was kept."""
        return ""


class Vocabulary(ABC):
    """An ordered set of tokens, and the translation of texts to ids and back.

    Attributes:
        kind: the value of `--tokens` that selects this kind; checkpoints contain it.
        unit: the plural name of its tokens in messages.
        counted, per: the plural name, and the short name, of what lengths and losses count.
        single_characters: whether each token is one character.
        requires_tunes: whether this kind is for tune books only.
        moves_keys: whether notes are relative to the tonic, so that `decoder` can move a tune.
        tokens: the tokens in the order of their ids; `tokens[i]` has the id `i + 2`.
        dtype: the smallest unsigned integer type that holds every id.
    """

    kind: ClassVar[str]
    unit: ClassVar[str]
    counted: ClassVar[str] = "characters"
    per: ClassVar[str] = "char"
    single_characters: ClassVar[bool]
    requires_tunes: ClassVar[bool]
    moves_keys: ClassVar[bool] = False

    def __init__(self, tokens: Sequence[str]) -> None:
        """Take distinct tokens in the order of their ids."""
        self.tokens = tuple(tokens)
        self.dtype: np.dtype[Any] = np.min_scalar_type(len(self) - 1)
        self._token_ids = {token: number for number, token in enumerate(self.tokens, SPECIALS)}

    def __len__(self) -> int:
        """Return the number of ids, the two special ones included."""
        return len(self.tokens) + SPECIALS

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Vocabulary)
            and type(self) is type(other)
            and self.tokens == other.tokens
        )

    def __hash__(self) -> int:
        return hash(self.tokens)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({list(self.tokens)!r})"

    def __contains__(self, token: str) -> bool:
        return token in self._token_ids

    @abstractmethod
    def encode(self, text: str) -> NDArray[Any]:
        """Return the ids of a text as an array of `dtype`."""

    def encode_chunks(self, chunks: Iterable[str]) -> Iterator[NDArray[Any]]:
        """Yield the ids of one text that arrives in chunks, as arrays of `dtype`."""
        # A token of tunes may lie across two chunks. Tunes are short, so the text is joined first.
        yield self.encode("".join(chunks))

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of a sequence of ids; the special ids add nothing to it.

        Raises:
            IndexError: an id is negative or not below `len(self)`.
        """
        numbers = np.asarray(ids, dtype=np.int64)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise IndexError(f"ids must lie in 0..{len(self) - 1}")
        return self._join(numbers[numbers >= SPECIALS] - SPECIALS)

    def token_texts(self) -> list[str]:
        """Return the characters of each id; `""` for the special ids."""
        return [""] * SPECIALS + list(self.tokens)

    def shown_texts(self) -> list[str]:
        """Return the text of each id for display; `""` for the special ids."""
        return self.token_texts()

    def coded(self, text: str) -> str:
        """Return a plain text as the joined `token_texts` of its tokens."""
        return text

    @property
    def counted_one(self) -> str:
        """Return the singular of `counted`."""
        return self.counted.removesuffix("s")

    def text_length(self, text: str) -> int:
        """Return the number of characters of a text, or of what `counted` names."""
        return len(text)

    def decoder(self, key: str = "") -> "TextDecoder":
        """Return a decoder of one text whose tokens arrive one after the other.

        Args:
            key: the key to which a tune is moved; only a vocabulary of music can do so.
        """
        return PlainDecoder()

    @abstractmethod
    def _join(self, indices: NDArray[np.int64]) -> str:
        """Return the joined tokens at some indices into `tokens`."""

    def unknown_characters(self, text: str) -> list[str]:
        """Return the distinct characters of a text that the vocabulary lacks, in text order."""
        return [char for char in dict.fromkeys(text) if char not in self._token_ids]

    def known_form(self, text: str) -> str:
        """Return a text in the line ends and in the Unicode form that the vocabulary knows.

        A vocabulary without CR knows line feeds only. As to Unicode, one program writes é as one
        character (composed), another as e and an accent. A text that has no unknown character is
        not changed.
        """
        if "\r" in text and "\r" not in self:
            text = text.replace("\r\n", "\n").replace("\r", "\n")
        if text.isascii():
            return text
        forms = (text, *(unicodedata.normalize(form, text) for form in ("NFC", "NFD")))
        return min(forms, key=lambda form: len(self.unknown_characters(form)))

    @abstractmethod
    def count_characters(self, ids: NDArray[Any]) -> int:
        """Return the number of characters that `ids` stand for; a special id counts as 1."""

    @abstractmethod
    def preview(self) -> Iterator[str]:
        """Yield the tokens for display, the most informative ones (the longest) first."""

    def to_json(self) -> object:
        """Return the JSON value that the `from_json` of the same class reads."""
        return {"kind": self.kind, "symbols": list(self.tokens)}
