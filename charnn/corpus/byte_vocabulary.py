"""The vocabulary of bytes: each of the 256 bytes is a token, whatever the file contains.

Texts are read as UTF-8. A model of bytes may write bytes that are no valid UTF-8; they are shown as
U+FFFD.
"""

import codecs
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.byte_text import ZERO, text_to_bytes
from charnn.corpus.vocabulary import DOCUMENT_END, SEPARATOR, SPECIALS, Vocabulary

_PRINTABLE = range(0x20, 0x7F)


class ByteVocabulary(Vocabulary):
    """The vocabulary of the 256 bytes, in rising order.

    The text of a token is the character of Latin-1 that has the number of the byte; `decoder` joins
    these characters to those of UTF-8.
    """

    kind = "bytes"
    unit = counted = "bytes"
    per = "byte"
    single_characters = True
    requires_tunes = False

    def __init__(self) -> None:
        super().__init__(tuple(map(chr, range(256))))
        self._ids = np.arange(SPECIALS, len(self), dtype=self.dtype)
        self._ids_with_ends = self._ids.copy()
        self._ids_with_ends[ord(DOCUMENT_END)] = SEPARATOR

    def __repr__(self) -> str:
        return "ByteVocabulary()"

    def encode(self, text: str) -> NDArray[Any]:
        """Return the ids of the bytes of a text; `DOCUMENT_END` has the id `SEPARATOR`."""
        if ZERO not in text:
            return self._ids_with_ends[np.frombuffer(text_to_bytes(text), np.uint8)]
        if DOCUMENT_END not in text:
            return self.encode_bytes(text_to_bytes(text))
        end = np.array([SEPARATOR], self.dtype)
        parts = [part for each in text.split(DOCUMENT_END) for part in (self.encode(each), end)]
        return np.concatenate(parts[:-1])

    def encode_bytes(self, raw: bytes) -> NDArray[Any]:
        """Return the ids of some bytes, none of which ends a document."""
        return self._ids[np.frombuffer(raw, np.uint8)]

    def encode_chunks(self, chunks: Iterable[str]) -> Iterator[NDArray[Any]]:
        """Yield one array for each chunk of a text: the ids of the chunk."""
        return map(self.encode, chunks)

    def _join(self, indices: NDArray[np.int64]) -> str:
        return indices.astype(np.uint8).tobytes().decode("utf-8", "replace")

    def token_texts(self) -> list[str]:
        """Return the character of Latin-1 for each byte; `""` for the special ids."""
        return [""] * SPECIALS + list(self.tokens)

    def shown_texts(self) -> list[str]:
        r"""Return the character of each byte of ASCII, and an escape such as \xe9 for others."""
        return [""] * SPECIALS + [_shown(byte) for byte in range(256)]

    def decoder(self, key: str = "") -> "ByteDecoder":
        """Return a decoder of UTF-8; the key is ignored."""
        return ByteDecoder()

    def coded(self, text: str) -> str:
        """Return the bytes of a text, each as its character of Latin-1."""
        return text_to_bytes(text).decode("latin-1")

    def text_length(self, text: str) -> int:
        """Return the number of bytes of a text."""
        return len(text_to_bytes(text))

    def unknown_characters(self, text: str) -> list[str]:
        """Return an empty list, because every text consists of bytes."""
        return []

    def known_form(self, text: str) -> str:
        """Return the text itself."""
        return text

    def count_characters(self, ids: NDArray[Any]) -> int:
        """Return the number of ids: each id, even a special one, stands for one byte."""
        return ids.size

    def preview(self) -> Iterator[str]:
        """Yield the bytes for display, those of printable ASCII first."""
        others = [byte for byte in range(256) if byte not in _PRINTABLE]
        return map(_shown, [*_PRINTABLE, *others])

    def to_json(self) -> object:
        """Return the kind: there is only one vocabulary of bytes."""
        return {"kind": self.kind}

    @classmethod
    def from_json(cls, value: object) -> "ByteVocabulary":
        """Return the vocabulary.

        Raises:
            ValueError: `value` is not what `to_json` returned.
        """
        if value != {"kind": cls.kind}:
            raise ValueError("a vocabulary of bytes has nothing but its kind")
        return cls()


class ByteDecoder:
    """A decoder of UTF-8 whose bytes arrive as characters of Latin-1.

    A character that is not complete at the end, because a length has cut it, is left out.
    """

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def feed(self, chunk: str) -> str:
        """Return the characters that the bytes of `chunk` complete."""
        return self._decoder.decode(chunk.encode("latin-1"))

    def peek(self) -> str:
        """Return nothing, because bytes that are kept are no character yet."""
        return ""

    def finish(self) -> str:
        """Return nothing, because bytes that are kept are no character."""
        return ""


def _shown(byte: int) -> str:
    return chr(byte) if byte in _PRINTABLE or chr(byte) in "\n\t\r" else f"\\x{byte:02x}"
