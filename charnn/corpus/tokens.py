"""A vocabulary of musical pieces: a step of the model writes a note or a bar line, not a letter.

Pieces are cut by `charnn.music.abc.tokenizer`. Those that the training part has often enough are
symbols of their own; any other is spelled in characters, all of which are symbols too, so that
nothing is unknown but an unknown character.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from charnn.corpus.vocabulary import SPECIALS, UNKNOWN, Vocabulary
from charnn.music.abc.tokenizer import pieces


class Tokens:
    """The symbols of a model of tunes; the interface is that of `Vocabulary`.

    Attributes:
        kind: what a symbol is.
        symbols: the characters in the order of Unicode, then the longer ones; `symbols[i]` has the
            id `i + 2`.
        dtype: the smallest unsigned integers that hold every id.
    """

    kind = "abc"

    def __init__(self, symbols: Iterable[str]) -> None:
        """Take distinct symbols; their characters become symbols if they are not."""
        known = set(symbols) - {""}
        self.symbols: tuple[str, ...] = tuple(sorted(known.union(*known), key=_order))
        self.dtype: np.dtype[Any] = np.min_scalar_type(len(self) - 1)
        self._ids = {symbol: number for number, symbol in enumerate(self.symbols, SPECIALS)}
        self._lengths = np.array([1] * SPECIALS + [len(symbol) for symbol in self.symbols])

    def __len__(self) -> int:
        """Count the ids, the two special ones included."""
        return len(self.symbols) + SPECIALS

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Tokens) and self.symbols == other.symbols

    def __hash__(self) -> int:
        return hash(self.symbols)

    def __repr__(self) -> str:
        return f"Tokens({list(self.symbols)!r})"

    def __contains__(self, symbol: str) -> bool:
        return symbol in self._ids

    def encode(self, text: str) -> NDArray[Any]:
        """Return the ids of a text as an array of `dtype`: of known pieces, else of characters."""
        ids: list[int] = []
        for piece in pieces(text):
            known = self._ids.get(piece)
            if known is None:
                ids += [self._ids.get(character, UNKNOWN) for character in piece]
            else:
                ids.append(known)
        return np.array(ids, self.dtype)

    def decode(self, ids: ArrayLike) -> str:
        """Return the text of a sequence of ids; the special ones give nothing.

        Raises:
            IndexError: an id is not below `len(self)`, or is negative.
        """
        numbers = np.asarray(ids, dtype=np.int64)
        if numbers.size and not 0 <= numbers.min() <= numbers.max() < len(self):
            raise IndexError(f"ids must lie in 0..{len(self) - 1}")
        known = (numbers[numbers >= SPECIALS] - SPECIALS).tolist()
        return "".join(self.symbols[number] for number in known)

    def unknown(self, text: str) -> list[str]:
        """Return the distinct characters of a text that the vocabulary lacks, as they come."""
        return [character for character in dict.fromkeys(text) if character not in self._ids]

    def characters(self, ids: NDArray[Any]) -> int:
        """Count the characters that ids stand for; a special one counts as one."""
        return int(self._lengths[ids].sum())

    def to_json(self) -> dict[str, object]:
        """Return what `from_json` takes."""
        return {"kind": self.kind, "symbols": list(self.symbols)}

    @classmethod
    def from_json(cls, value: object) -> "Tokens":
        """Return the vocabulary that `to_json` described.

        Raises:
            ValueError: it is not one of distinct symbols, characters first, each in order.
        """
        if not isinstance(value, dict) or value.get("kind") != cls.kind:
            raise ValueError(f"a vocabulary of tokens is of the kind {cls.kind}")
        symbols = value.get("symbols")
        if not isinstance(symbols, Sequence) or isinstance(symbols, str):
            raise ValueError("a vocabulary of tokens has a list of symbols")
        if not all(isinstance(symbol, str) and symbol for symbol in symbols):
            raise ValueError("a vocabulary of tokens is made of texts that are not empty")
        if not all(_order(earlier) < _order(later) for earlier, later in pairwise(symbols)):
            raise ValueError("a vocabulary's symbols are distinct, and the characters come first")
        tokens = cls(symbols)
        if len(tokens.symbols) != len(symbols):
            raise ValueError("a vocabulary of tokens has every character of its symbols")
        return tokens


# Whatever a model writes in.
AnyVocabulary = Vocabulary | Tokens


def vocabulary_from_json(value: object) -> AnyVocabulary:
    """Return the vocabulary of either kind that its `to_json` described: characters are a list.

    Raises:
        ValueError: it is none, or it has nothing to write.
    """
    made: AnyVocabulary
    made = Tokens.from_json(value) if isinstance(value, dict) else Vocabulary.from_json(value)
    if not made.symbols:
        raise ValueError("a vocabulary has at least one symbol")
    return made


class PieceCounts:
    """How often some texts have each piece.

    Attributes:
        characters: of all these texts.
    """

    def __init__(self) -> None:
        self.characters = 0
        self._music: Counter[str] = Counter()
        self._words: Counter[str] = Counter()

    def add(self, text: str) -> None:
        """Count the pieces of a complete text."""
        self.characters += len(text)
        found = pieces(text)
        self._music.update(found)
        for before, piece in pairwise(found):
            if before.endswith("\nT:"):
                self._words[piece] += 1

    def tokens(self, least: int) -> Tokens:
        """Return the vocabulary of the pieces met at least `least` times, and all characters.

        Titles do not count: their words would be symbols without music.
        """
        often = {
            piece for piece, count in self._music.items() if count - self._words[piece] >= least
        }
        return Tokens(often.union(*self._music))

    def ids(self, tokens: Tokens) -> int:
        """Count the ids of all these texts."""
        return sum(
            count * (1 if piece in tokens else len(piece)) for piece, count in self._music.items()
        )


def _order(symbol: str) -> tuple[bool, str]:
    return len(symbol) > 1, symbol
