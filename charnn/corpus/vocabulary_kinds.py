"""The kinds of vocabulary: the values of `--tokens`, and the reader of a stored vocabulary."""

from charnn.corpus.abc_vocabulary import AbcVocabulary
from charnn.corpus.byte_vocabulary import ByteVocabulary
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.music_vocabulary import MusicVocabulary
from charnn.corpus.vocabulary import Vocabulary

# By the value of `--tokens`.
VOCABULARIES: dict[str, type[CharVocabulary | ByteVocabulary | AbcVocabulary | MusicVocabulary]] = {
    kind.kind: kind for kind in (CharVocabulary, ByteVocabulary, AbcVocabulary, MusicVocabulary)
}
CHAR, BYTES = CharVocabulary.kind, ByteVocabulary.kind
ABC, MUSIC = AbcVocabulary.kind, MusicVocabulary.kind
AUTO = "auto"
TOKEN_CHOICES = (AUTO, *VOCABULARIES)


def vocabulary_from_json(value: object) -> Vocabulary:
    """Return the vocabulary, of any kind, whose `to_json` returned `value`.

    Raises:
        ValueError: `value` is not a vocabulary, or contains no tokens.
    """
    # Characters are stored as a plain list, the other kinds as an object with their kind.
    name = value.get("kind") if isinstance(value, dict) else CHAR
    kind = VOCABULARIES.get(str(name), AbcVocabulary)
    vocabulary = kind.from_json(value)
    # A model without tokens has nothing to sample.
    if not vocabulary.tokens:
        raise ValueError("a vocabulary has at least one token")
    return vocabulary
