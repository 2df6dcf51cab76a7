"""Untrained models of tunes that write mostly notes: a row of signs would be right, but long."""

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.music_vocabulary import MusicVocabulary
from charnn.corpus.vocabulary import Vocabulary
from charnn.model.config import ModelConfig
from charnn.music.coding.bar_labels import CADENCES, LABELS
from tests.helpers import random_weights
from tests.sampling.walks import LETTERS

CODED = MusicVocabulary([*LETTERS, *LABELS, *CADENCES])
_NOTES = "ABCDEFGabcdefg23/"


def plain_model(letters: str = LETTERS) -> Checkpoint:
    """Return a model of tunes as they are."""
    return _model(CharVocabulary(letters))


def coded_model() -> Checkpoint:
    """Return a model of coded tunes."""
    return _model(CODED)


def _model(vocabulary: Vocabulary) -> Checkpoint:
    config = ModelConfig(vocab_size=len(vocabulary), hidden_size=8)
    weights = random_weights(config)
    token_texts = vocabulary.token_texts()
    weights["head.bias"][[number for number, text in enumerate(token_texts) if text in _NOTES]] += 4
    weights["head.bias"][:2] -= 4
    return Checkpoint(config, vocabulary, weights, {"tunes": True, "documents": 9})
