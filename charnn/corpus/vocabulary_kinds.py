"""The kinds of vocabulary: the values of `--tokens`, and the reader of a stored vocabulary."""

from charnn.corpus.abc_vocabulary import AbcVocabulary
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.vocabulary import Vocabulary

# By the value of `--tokens`.
VOCABULARIES: dict[str, type[CharVocabulary | AbcVocabulary]] = {
    kind.kind: kind for kind in (CharVocabulary, AbcVocabulary)
}
CHAR, ABC = CharVocabulary.kind, AbcVocabulary.kind
AUTO = "auto"
TOKEN_CHOICES = (AUTO, *VOCABULARIES)


def vocabulary_from_json(value: object) -> Vocabulary:
    """Return the vocabulary, of either kind, whose `to_json` returned `value`.

    Raises:
        ValueError: `value` is not a vocabulary, or contains no tokens.
    """
    # Characters are stored as a plain list, ABC tokens as an object with their kind.
    kind = AbcVocabulary if isinstance(value, dict) else CharVocabulary
    vocabulary = kind.from_json(value)
    # A model without tokens has nothing to sample.
    if not vocabulary.tokens:
        raise ValueError("a vocabulary has at least one token")
    return vocabulary
