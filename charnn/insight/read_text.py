"""The tokens of a text as a model reads it, each with the characters that it stands for."""

import itertools
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary
from charnn.errors import CorpusError

_MAX_NAMED = 8


@dataclass(frozen=True)
class ReadText:
    """A text of T tokens.

    Attributes:
        ids: [T] the token ids, without a start token.
        pieces: the characters of the text that each token completes. All pieces together are the
            text without its unknown characters. A piece is `""` for a document end and for the
            labels of coded tunes.
        unknown: the number of times that each character occurs that the model does not know. These
            characters are left out.
        starts: the index of the first token of each text.
    """

    ids: NDArray[Any]
    pieces: tuple[str, ...]
    unknown: Counter[str]
    starts: tuple[int, ...] = (0,)

    @property
    def text(self) -> str:
        """Return the text without its unknown characters."""
        return "".join(self.pieces)

    def with_start(self, start_token_id: int) -> NDArray[np.int64]:
        """Return [T + 1] ids that begin with a start token, as the model reads them."""
        return np.concatenate([[start_token_id], self.ids]).astype(np.int64)

    def token_at(self, character: int) -> int:
        """Return the index of the token that completes a character; characters count from 1."""
        return int(np.searchsorted(self.character_ends(), character))

    def character_ends(self) -> NDArray[np.int64]:
        """Return the number of characters up to each token, itself included, [T]."""
        return np.cumsum([len(piece) for piece in self.pieces], dtype=np.int64)


def read_texts(checkpoint: Checkpoint, texts: Sequence[str]) -> ReadText:
    """Return the tokens of one or several texts, one after the other.

    If the model was trained on several documents and there are several texts, a document end
    follows each text.

    Raises:
        CorpusError: the model knows no character of the texts.
    """
    vocabulary = checkpoint.vocabulary
    ends = checkpoint.has_document_ends and len(texts) > 1
    unknown: Counter[str] = Counter()
    ids: list[NDArray[Any]] = []
    pieces: list[str] = []
    starts: list[int] = []
    for text in texts:
        starts.append(len(pieces))
        known = vocabulary.known_form(text)
        for character in vocabulary.unknown_characters(known):
            unknown[character] += known.count(character)
        encoded = vocabulary.encode(known)
        encoded = encoded[encoded != UNKNOWN]
        ids.append(encoded)
        pieces += _pieces(vocabulary, encoded)
        if ends:
            ids.append(np.array([SEPARATOR], vocabulary.dtype))
            pieces.append("")
    if not any(pieces):
        raise CorpusError(
            "the model knows no character of the text: name a text in the language that the model "
            "was trained on"
            if any(texts)
            else "the text is empty: name a text with at least one character"
        )
    return ReadText(np.concatenate(ids), tuple(pieces), unknown, tuple(starts))


def describe_unknown(read: ReadText) -> str:
    """Return a sentence that names the characters that were left out, the most frequent first."""
    common = read.unknown.most_common(_MAX_NAMED)
    names = ", ".join(f"{char!r} ({count:,})" for char, count in common)
    others = len(read.unknown) - len(common)
    more = f" and {others:,} other characters" if others else ""
    return f"left out, because the model does not know them: {names}{more}"


def _pieces(vocabulary: Vocabulary, ids: NDArray[Any]) -> list[str]:
    """Return the characters that each id of one text stands for."""
    texts, decoder = vocabulary.token_texts(), vocabulary.decoder()
    decoded, ends = "", [0]
    for token_id in ids.tolist():
        decoded += decoder.feed(texts[token_id])
        # A decoder of tunes keeps characters whose meaning the next ones may change.
        ends.append(max(ends[-1], len(decoded) + len(decoder.peek())))
    decoded += decoder.finish()
    return [decoded[begin:end] for begin, end in itertools.pairwise(ends)]
