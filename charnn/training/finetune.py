"""Fine-tuning: a new model that starts from the weights of another one, its parent.

The weights of the recurrent layers do not depend on the vocabulary; the rows of the embedding and
of the head do. Those rows are copied by token, never by id, because the same character has another
id in each vocabulary.
"""

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint, Tensors
from charnn.corpus.scan import is_tune_book
from charnn.corpus.sources import Corpus
from charnn.corpus.vocabulary import SPECIALS, Vocabulary
from charnn.errors import UsageError

# Parameters with a row for each token.
PER_TOKEN = ("embedding.weight", "head.weight", "head.bias")


def tokens_of_parent(parent: Checkpoint, tokens: str, corpus: Corpus) -> str:
    """Return the parent's kind of tokens, "char" or "abc", which the new model must use too.

    Args:
        parent: the model to start from.
        tokens: the option `--tokens`.
        corpus: the corpus of the new model.

    Raises:
        UsageError: the option is set to another kind, or the corpus does not suit this kind.
    """
    vocabulary = parent.vocabulary
    if tokens not in ("auto", vocabulary.kind):
        raise UsageError(
            f"--init-from names a model of {vocabulary.unit}: leave out --tokens {tokens}"
        )
    if vocabulary.requires_tunes and not is_tune_book(corpus):
        raise UsageError(
            f"--init-from names a model of {vocabulary.unit}, but {corpus.name} is not a tune "
            "book: name a model of characters, or train without --init-from"
        )
    return vocabulary.kind


def inherit_weights(parent: Checkpoint, vocabulary: Vocabulary, drawn: Tensors) -> Tensors:
    """Return the parent's weights, adapted to the vocabulary of a new network.

    Args:
        parent: the model to start from.
        vocabulary: the vocabulary of the new model.
        drawn: the random weights of the new network. Their rows are kept for the tokens that the
            parent's vocabulary lacks.
    """
    parent_ids = _token_ids(parent.vocabulary)
    ids = _token_ids(vocabulary)
    specials = list(range(SPECIALS))  # these mean the same in every vocabulary
    shared = [token for token in vocabulary.tokens if token in parent_ids]
    rows = specials + [ids[token] for token in shared]
    parent_rows = specials + [parent_ids[token] for token in shared]
    # A pointer that the parent lacks starts from random weights; one that the new network lacks is
    # dropped.
    weights = {name: np.array(parent.weights.get(name, array)) for name, array in drawn.items()}
    for name in PER_TOKEN:
        weights[name] = np.array(drawn[name])
        weights[name][rows] = parent.weights[name][parent_rows]
    return weights


def new_tokens(parent: Checkpoint, vocabulary: Vocabulary) -> list[str]:
    """Return the tokens that the parent's vocabulary lacks, in the order of their ids."""
    known = set(parent.vocabulary.tokens)
    return [token for token in vocabulary.tokens if token not in known]


def _token_ids(vocabulary: Vocabulary) -> dict[str, int]:
    return {token: number for number, token in enumerate(vocabulary.tokens, SPECIALS)}
