"""The vocabulary of ABC tokens: a token is a musical element (a note, a bar line), not a letter.

`charnn.music.abc.tokenizer` cuts a tune into pieces. A piece that is frequent enough in the
training part is a token; every other piece is spelled in characters. Every character of the
training part is a token as well, so only a character that never occurred there is unknown.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SPECIALS, UNKNOWN, Vocabulary
from charnn.music.abc.tokenizer import tokenize


class AbcVocabulary(Vocabulary):
    """A vocabulary of ABC tokens: first the characters, then the longer tokens, each sorted."""

    kind = "abc"
    unit = "ABC tokens"
    single_characters = False
    requires_tunes = True

    def __init__(self, tokens: Iterable[str]) -> None:
        """Take distinct tokens, and add each of their characters as a token."""
        distinct = set(tokens) - {""}
        super().__init__(sorted(distinct.union(*distinct), key=_sort_key))
        self._lengths = np.array([1] * SPECIALS + [len(token) for token in self.tokens])

    def encode(self, text: str) -> NDArray[Any]:
        """Return the ids of a text as an array of `dtype`.

        A piece that is a token has one id. Any other piece has one id for each of its characters.
        """
        ids: list[int] = []
        for piece in tokenize(text):
            token_id = self._token_ids.get(piece)
            if token_id is None:
                ids += [self._token_ids.get(character, UNKNOWN) for character in piece]
            else:
                ids.append(token_id)
        return np.array(ids, self.dtype)

    def _join(self, indices: NDArray[np.int64]) -> str:
        return "".join(self.tokens[index] for index in indices.tolist())

    def count_characters(self, ids: NDArray[Any]) -> int:
        """Return the number of characters that `ids` stand for; a special id counts as 1."""
        return int(self._lengths[ids].sum())

    def preview(self) -> Iterator[str]:
        """Yield the tokens in reverse order of their ids: longer tokens before characters."""
        return reversed(self.tokens)

    @classmethod
    def from_json(cls, value: object) -> "AbcVocabulary":
        """Return the vocabulary that `to_json` described.

        Raises:
            ValueError: the tokens are not distinct, or not in the order of their ids.
        """
        if not isinstance(value, dict) or value.get("kind") != cls.kind:
            raise ValueError(f"a vocabulary of tokens has the kind {cls.kind}")
        tokens = value.get("symbols")
        if not isinstance(tokens, Sequence) or isinstance(tokens, str):
            raise ValueError("a vocabulary of tokens has a list of symbols")
        if not all(isinstance(token, str) and token for token in tokens):
            raise ValueError("a vocabulary of tokens is made of texts that are not empty")
        if not all(_sort_key(earlier) < _sort_key(later) for earlier, later in pairwise(tokens)):
            raise ValueError("a vocabulary's tokens are distinct, and the characters come first")
        vocabulary = cls(tokens)
        if len(vocabulary.tokens) != len(tokens):
            raise ValueError("a vocabulary of tokens contains every character of its tokens")
        return vocabulary


class TokenCounts:
    """The counts of the pieces in some texts. A vocabulary is chosen by these counts.

    Attributes:
        characters: the number of characters in all the texts.
    """

    def __init__(self) -> None:
        self.characters = 0
        self._counts: Counter[str] = Counter()
        self._title_counts: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count the pieces of a complete text."""
        self.characters += len(text)
        found = tokenize(text)
        self._counts.update(found)
        # The tokenizer returns a title as one piece, after the piece that ends in its field name.
        for before, piece in pairwise(found):
            if before.endswith("\nT:"):
                self._title_counts[piece] += 1

    def vocabulary(self, min_count: int) -> AbcVocabulary:
        """Return the vocabulary of all characters and of all frequent pieces.

        A piece is frequent if it occurs at least `min_count` times. Occurrences as a title do not
        count: a title contains no music to learn from.
        """
        frequent = {
            piece
            for piece, count in self._counts.items()
            if count - self._title_counts[piece] >= min_count
        }
        return AbcVocabulary(frequent.union(*self._counts))

    def count_ids(self, vocabulary: Vocabulary) -> int:
        """Return the number of ids of all counted texts together when `vocabulary` encodes them."""
        return sum(
            count * (1 if piece in vocabulary else len(piece))
            for piece, count in self._counts.items()
        )


def _sort_key(token: str) -> tuple[bool, str]:
    return len(token) > 1, token
