"""The surprise at every token of a text: how many bits the model needs to name it.

The surprise at a token is -log2 of the probability that the model gave it. The mean over a text is
its loss in bits per character, as `charnn evaluate` measures it.

Shape suffixes: T tokens of the text, K alternatives, V vocabulary.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.vocabulary import SEPARATOR, Vocabulary
from charnn.insight.read_text import ReadText
from charnn.insight.token_names import alternative_names, piece_names, top_tokens, visible

# A mean over fewer occurrences says little about a character.
MIN_COUNT = 3
_CONTEXT = 24


class Alternative(NamedTuple):
    """A token that the model weighed at a place, by name, and the probability that it gave it."""

    name: str
    probability: float


class CharacterBits(NamedTuple):
    """A character, the number of its occurrences in the text, and its mean surprise in bits."""

    name: str
    occurrences: int
    bits: float


class Place(NamedTuple):
    """A token of the text: its index, the text before it, its name and its surprise in bits."""

    token: int
    before: str
    name: str
    bits: float


@dataclass(frozen=True)
class Surprise:
    """The surprise of a model at T tokens of a text.

    Attributes:
        read: the text as the model reads it.
        vocabulary: the vocabulary of the model.
        bits: [T] the surprise at each token.
        top_ids: [T, K] the likeliest tokens at each place, the likeliest one first.
        top_probabilities: [T, K] their probabilities.
    """

    read: ReadText
    vocabulary: Vocabulary
    bits: NDArray[np.float32]
    top_ids: NDArray[Any]
    top_probabilities: NDArray[np.float32]

    def __len__(self) -> int:
        """Return the number T of tokens."""
        return len(self.bits)

    def __repr__(self) -> str:
        """Return the size of the text and the mean surprise."""
        return f"<Surprise of {self.characters:,} characters: {self.bits_per_char:.3f} bits/char>"

    @property
    def pieces(self) -> tuple[str, ...]:
        """Return the characters of each token, see `charnn.insight.read_text.ReadText`."""
        return self.read.pieces

    @cached_property
    def characters(self) -> int:
        """Return the number of characters and document ends, as `charnn evaluate` counts them."""
        if self.vocabulary.single_characters:
            return len(self.read.ids)
        return len(self.read.text) + int((self.read.ids == SEPARATOR).sum())

    @property
    def total(self) -> float:
        """Return the surprise at the whole text, in bits."""
        return float(self.bits.sum(dtype=np.float64))

    @property
    def bits_per_char(self) -> float:
        """Return the mean surprise of a character, in bits."""
        return self.total / max(1, self.characters)

    @property
    def probabilities(self) -> NDArray[np.float32]:
        """Return the probability that the model gave to each token, [T]."""
        result: NDArray[np.float32] = np.exp2(-self.bits)
        return result

    def names(self) -> list[str]:
        """Return the name of each token: its characters, with a sign for each blank."""
        return piece_names(self.vocabulary, self.read)

    def alternatives(self, count: int | None = None) -> list[list[Alternative]]:
        """Return what else the model weighed at the first places: the likeliest tokens first.

        The token that came is not among them.

        Args:
            count: the number of places; None for all.
        """
        places = slice(0, count)
        names = alternative_names(self.vocabulary, self.read, self.top_ids[places])
        rows = zip(
            names,
            self.top_ids[places].tolist(),
            self.top_probabilities[places].tolist(),
            self.read.ids[places].tolist(),
            strict=True,
        )
        # One more than asked for was kept, because the token that came may be one of them.
        kept = max(0, self.top_ids.shape[1] - 1)
        return [
            [
                Alternative(name, p)
                for name, other, p in zip(row, ids, probabilities, strict=True)
                if other != came
            ][:kept]
            for row, ids, probabilities, came in rows
        ]

    def by_character(self) -> list[CharacterBits]:
        """Return the mean surprise of each character, from the best predicted one to the worst.

        Characters that occur fewer than `MIN_COUNT` times are left out, unless all do.
        """
        counts: Counter[str] = Counter()
        sums: dict[str, float] = defaultdict(float)
        # Not as a list, which would take four times the memory of the array.
        for name, bits in zip(self.names(), map(float, self.bits), strict=True):
            counts[name] += 1
            sums[name] += bits
        rows = [CharacterBits(name, count, sums[name] / count) for name, count in counts.items()]
        frequent = [row for row in rows if row.occurrences >= MIN_COUNT]
        return sorted(frequent or rows, key=lambda row: row.bits)

    def worst_places(self, count: int) -> list[Place]:
        """Return the places with the highest surprise, the highest first."""
        names = self.names()
        order = np.argsort(-self.bits, kind="stable")[:count]
        return [
            Place(
                index,
                visible("".join(self.pieces[max(0, index - _CONTEXT) : index])),
                names[index],
                float(self.bits[index]),
            )
            for index in order.tolist()
        ]


def measure_surprise(
    checkpoint: Checkpoint,
    read: ReadText,
    alternatives: int = 0,
    start: NDArray[np.float32] | None = None,
) -> Surprise:
    """Return the surprise of a model at every token of a text.

    Args:
        checkpoint: the model.
        read: the text.
        alternatives: the number of alternatives to keep at each place.
        start: [S, L, H] the hidden state that the text begins with; None for zeros.
    """
    from charnn.insight.text_trace import fast_rows, trace_chunks

    tokens = len(read.ids)
    kept = min(alternatives + 1, len(checkpoint.vocabulary)) if alternatives else 0
    bits_T = np.empty(tokens, np.float32)
    top_TK = np.empty((tokens, kept), checkpoint.vocabulary.dtype)
    p_TK = np.empty((tokens, kept), np.float32)
    rows = fast_rows(tokens) if start is None else 1
    for chunk in trace_chunks(checkpoint, read, rows, start, most="logits"):
        part = slice(chunk.begin, chunk.begin + len(chunk))
        log_p_TV = chunk.log_probabilities()
        # The probability of a certain token is 1 up to rounding, so -0.0 and the like occur.
        log_p_T = log_p_TV[np.arange(len(chunk)), chunk.ids]
        bits_T[part] = (-log_p_T / np.float32(np.log(2))).clip(0)
        if kept:
            top_TK[part] = top_tokens(log_p_TV, kept)
            p_TK[part] = np.exp(np.take_along_axis(log_p_TV, top_TK[part].astype(np.int64), 1))
    return Surprise(read, checkpoint.vocabulary, bits_T, top_TK, p_TK)
