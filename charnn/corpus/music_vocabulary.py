"""The vocabulary of coded tunes: the characters of notes relative to the tonic, and bar labels.

A tune is coded (`charnn.music.coding`) before its characters become ids, and decoded after ids have
become characters. So everything outside works with plain ABC notation.
"""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.vocabulary import SPECIALS, Vocabulary

# The coding reads ABC notation. The functions that use it import it, because every command that
# loads a model imports this module, and a model of text must not wait for it (40 ms).
if TYPE_CHECKING:
    from charnn.music.coding.tune_coding import TuneDecoder


class MusicVocabulary(Vocabulary):
    """A vocabulary of the characters of coded tunes, in the order of Unicode."""

    kind = "music"
    unit = "characters of music"
    single_characters = False
    requires_tunes = True
    moves_keys = True

    def __init__(self, characters: Iterable[str]) -> None:
        """Take the distinct characters of coded tunes."""
        from charnn.music.coding.bar_labels import CADENCES, LABELS

        self._characters = CharVocabulary(characters)
        super().__init__(self._characters.tokens)
        self._labels = (LABELS | CADENCES).intersection(self.tokens)
        self._label_ids = [self._token_ids[label] for label in sorted(self._labels)]

    def encode(self, text: str) -> NDArray[Any]:
        """Return the ids of a complete tune, or of the beginning of one, as an array of `dtype`."""
        from charnn.music.coding.tune_coding import code_tune

        return self._characters.encode(code_tune(text))

    def _join(self, indices: NDArray[np.int64]) -> str:
        decoder = self.decoder()
        return decoder.feed(self._characters.decode(indices + SPECIALS)) + decoder.finish()

    def token_texts(self) -> list[str]:
        """Return the coded characters of each id; `""` for the special ids."""
        return self._characters.token_texts()

    def decoder(self, key: str = "") -> "TuneDecoder":
        """Return a decoder of a coded tune. If `key` is not `""`, the tune is moved to this key."""
        from charnn.music.coding.tune_coding import TuneDecoder

        return TuneDecoder(key)

    def unknown_characters(self, text: str) -> list[str]:
        """Return the characters of the coded text that the vocabulary lacks, without labels."""
        from charnn.music.coding.tonic import to_tonic

        return self._characters.unknown_characters(to_tonic(text))

    def count_characters(self, ids: NDArray[Any]) -> int:
        """Return the number of ids that are no labels: a label is no character of the tune."""
        return int(ids.size - np.isin(ids, self._label_ids).sum())

    def preview(self) -> Iterator[str]:
        """Yield the characters in the order of Unicode, without the labels."""
        return (token for token in self.tokens if token not in self._labels)

    @classmethod
    def from_json(cls, value: object) -> "MusicVocabulary":
        """Return the vocabulary that `to_json` described.

        Raises:
            ValueError: the characters are not distinct and in the order of Unicode.
        """
        if not isinstance(value, dict) or value.get("kind") != cls.kind:
            raise ValueError(f"a vocabulary of coded music has the kind {cls.kind}")
        return cls(CharVocabulary.from_json(value.get("symbols")).tokens)
