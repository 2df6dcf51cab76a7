"""A new model that begins with another one's weights: fine-tuning, also on other symbols.

What a recurrent layer has learned hangs on no vocabulary; the rows of the embedding and of the head
do. They are handed on by symbol, never by number, since the same character has another id in each
vocabulary.
"""

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint, Tensors
from charnn.corpus.vocabulary import SPECIALS, Vocabulary

# Parameters with a row for each symbol.
BY_SYMBOL = ("embedding.weight", "head.weight", "head.bias")


def inherit(parent: Checkpoint, vocabulary: Vocabulary, fresh: Tensors) -> Tensors:
    """The parent's weights for a network of another vocabulary.

    Args:
        parent: the model to begin with.
        vocabulary: of the new model.
        fresh: the new network's weights as they were drawn; what the parent does not know keeps
            its rows.
    """
    ids = {token_id: number for number, token_id in enumerate(parent.vocabulary.tokens, SPECIALS)}
    specials = list(range(SPECIALS))
    known = [token_id for token_id in vocabulary.tokens if token_id in ids]
    theirs = specials + [ids[token_id] for token_id in known]
    own = {token_id: number for number, token_id in enumerate(vocabulary.tokens, SPECIALS)}
    mine = specials + [own[token_id] for token_id in known]
    weights = {name: np.array(array) for name, array in parent.weights.items()}
    for name in BY_SYMBOL:
        weights[name] = np.array(fresh[name])
        weights[name][mine] = parent.weights[name][theirs]
    return weights


def new_symbols(parent: Checkpoint, vocabulary: Vocabulary) -> list[str]:
    """The symbols that the parent does not know, in the vocabulary's order."""
    known = set(parent.vocabulary.tokens)
    return [token_id for token_id in vocabulary.tokens if token_id not in known]
