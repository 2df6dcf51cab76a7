"""The errors of a model by kind, beside those of a 5-gram model.

A token is an error if its probability was below one half, and its kind is the first of these that
holds (after the oracles of Karpathy, Johnson and Fei-Fei, "Visualizing and understanding recurrent
networks", 2015, section 4.4):

    a 5-gram knows         a 5-gram model gives the token at least one half
    no character           a label of a bar, or the end of a document
    repeated word          its word occurs in the last 1,000 characters
    rare word              its word occurs at most 5 times in the training text
    after space or newline it begins a word or a line
    other
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charnn.evaluation.ngram_targets import target_probabilities
from charnn.insight.text_surprise import Surprise
from charnn.insight.training_sample import TrainingText

KNOWN, LABEL, REPEATED, RARE, BEGINNING, OTHER = KINDS = (
    "a 5-gram knows",
    "no character",
    "repeated word",
    "rare word",
    "after space or newline",
    "other",
)
MEMORY = 1000  # characters in which a repeated word occurs
MAX_RARE = 5
_WORD = re.compile(r"[^\W_]+")


@dataclass(frozen=True)
class ErrorKinds:
    """The errors of a model and of a 5-gram model.

    Attributes:
        tokens: the number of tokens of the text.
        kinds: the number of errors of the model, by kind.
        ngram_errors: the number of errors of the 5-gram.
        ngram_errors_known: the number of these to which the model gave at least one half.
        ngram_bits_per_char: the mean surprise of the 5-gram at a character, in bits.
        counted: the text that the 5-gram was counted on, for people.
        has_rare: whether rare words are known, which needs the training text.
    """

    tokens: int
    kinds: dict[str, int]
    ngram_errors: int
    ngram_errors_known: int
    ngram_bits_per_char: float
    counted: str
    has_rare: bool


def sort_errors(surprise: Surprise, training: TrainingText | None) -> ErrorKinds:
    """Return the errors of a model by kind, beside those of a 5-gram.

    Args:
        surprise: the surprise of the model at a text.
        training: the training text, which the 5-gram counts; None counts the text itself, up to
            each place.
    """
    ids, vocab_size = surprise.read.ids, len(surprise.vocabulary)
    counted = None if training is None else training.ids
    ngram_T = target_probabilities(ids, counted, vocab_size)
    wrong_T, ngram_wrong_T = surprise.probabilities < 0.5, ngram_T < 0.5
    return ErrorKinds(
        len(ids),
        _Words(surprise.pieces, training).kinds(wrong_T, ~ngram_wrong_T),
        int(ngram_wrong_T.sum()),
        int((ngram_wrong_T & ~wrong_T).sum()),
        float(-np.log2(ngram_T).sum()) / max(1, surprise.characters),
        "the text itself, up to each place" if training is None else training.name,
        training is not None,
    )


class _Words:
    """The words of a text.

    Args:
        pieces: the characters of each token.
        training: the training text, in which rare words are rare; None if it is unknown.
    """

    def __init__(self, pieces: Sequence[str], training: TrainingText | None) -> None:
        self._pieces, self._text = pieces, "".join(pieces)
        self._places = np.cumsum([0, *map(len, pieces)])[:-1]
        self._spans = [found.span() for found in _WORD.finditer(self._text)]
        # The word of each character, counted from 1; 0 outside of words.
        self._word_of = np.zeros(len(self._text) + 1, np.int32)
        for number, (begin, end) in enumerate(self._spans, 1):
            self._word_of[begin:end] = number
        self._counts = None if training is None else Counter(_WORD.findall(training.text))

    def kinds(self, wrong_T: NDArray[np.bool_], known_T: NDArray[np.bool_]) -> dict[str, int]:
        """Return the number of errors of each kind.

        Args:
            wrong_T: whether a token is an error.
            known_T: whether the 5-gram knows it.
        """
        counts = dict.fromkeys(KINDS, 0)
        counts[KNOWN] = int((wrong_T & known_T).sum())
        for token in np.flatnonzero(wrong_T & ~known_T).tolist():
            counts[self._kind(token)] += 1
        return counts

    def _kind(self, token: int) -> str:
        if not self._pieces[token]:
            return LABEL
        place = int(self._places[token])
        if number := self._word_of[place]:
            begin, end = self._spans[number - 1]
            word = self._text[begin:end]
            # A word of one letter would be found nearly everywhere.
            if end - begin > 1 and word in self._text[max(0, begin - MEMORY) : begin]:
                return REPEATED
            if self._counts is not None and self._counts[word] <= MAX_RARE:
                return RARE
        return BEGINNING if not place or self._text[place - 1].isspace() else OTHER
