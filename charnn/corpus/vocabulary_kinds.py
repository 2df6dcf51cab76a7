"""The kinds of vocabulary: the values of `--tokens`, and the reader of a stored vocabulary."""

from charnn.corpus.abc_vocabulary import AbcVocabulary
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.vocabulary import Vocabulary

CHAR, ABC = CharVocabulary.kind, AbcVocabulary.kind
AUTO = "auto"
TOKEN_CHOICES = (AUTO, CHAR, ABC)


def vocabulary_from_json(value: object) -> Vocabulary:
    """Return the vocabulary of either kind that its `to_json` described: a list of characters, or
    an object.

    Raises:
        ValueError: it is not a vocabulary, or it has no tokens.
    """
    kind = AbcVocabulary if isinstance(value, dict) else CharVocabulary
    vocabulary = kind.from_json(value)
    if not vocabulary.tokens:
        raise ValueError("a vocabulary has at least one token")
    return vocabulary
