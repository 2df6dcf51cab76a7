"""Names of tokens for people: characters that can be seen, labels of bars, the end of a document.

A model of tunes reads notes relative to the tonic, but its reader sees the notes of the tune. So an
alternative is named by the characters that it would have become at this place of the text.
"""

import copy
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR, UNKNOWN, Vocabulary
from charnn.insight.read_text import ReadText

# Signs for the characters that cannot be seen.
SIGNS = {"\n": "↵", " ": "␣", "\t": "⇥", "\r": "␍"}
_PARTS = "ABCDEF"
# The names of `charnn.music.coding.bar_labels.CADENCES`, in the order of their characters.
_CADENCES = ("[end]", "[end home]", "[short end]", "[short end home]")


def visible(text: str) -> str:
    """Return a text with a sign in place of each blank."""
    return "".join(SIGNS.get(character, character) for character in text)


def token_names(vocabulary: Vocabulary) -> list[str]:
    """Return the name of each token id, as the model reads it."""
    names = [_name(text) for text in vocabulary.shown_texts()]
    names[UNKNOWN], names[SEPARATOR] = "(unknown)", "(end)"
    return names


def piece_names(vocabulary: Vocabulary, read: ReadText) -> list[str]:
    """Return the name of each token of a text: its characters there, or its own name."""
    names = token_names(vocabulary)
    return [
        visible(piece) or names[token_id]
        for piece, token_id in zip(read.pieces, read.ids.tolist(), strict=True)
    ]


def alternative_names(
    vocabulary: Vocabulary, read: ReadText, ids_TK: NDArray[Any]
) -> Iterator[list[str]]:
    """Yield the names of other tokens at each of the first T places of a text.

    Args:
        vocabulary: the vocabulary of the model.
        read: the text.
        ids_TK: [T, K] the other tokens at each place.
    """
    names, texts = token_names(vocabulary), vocabulary.token_texts()
    starts = set(read.starts)
    # Where a token is itself at every place, nothing is decoded.
    plain = not vocabulary.moves_keys
    decoder = vocabulary.decoder()
    for place, others in enumerate(ids_TK.tolist()):
        if plain:
            yield [names[other] for other in others]
            continue
        if place in starts:
            decoder = vocabulary.decoder()
        kept = decoder.peek()
        yield [_decoded(decoder, kept, texts[other]) or names[other] for other in others]
        decoder.feed(texts[int(read.ids[place])])


def _decoded(decoder: Any, kept: str, text: str) -> str:
    """Return the characters that a token would add to a text, with a sign for each blank."""
    after = copy.deepcopy(decoder)
    decoded = after.feed(text)
    return visible((decoded + after.peek())[len(kept) :])


def _name(text: str) -> str:
    """Return the name of a token with these characters; labels of bars get those of the plan."""
    if len(text) != 1 or not "\ue000" <= text <= "\uf8ff":
        return visible(text)
    from charnn.music.coding.bar_labels import CADENCES, LABELS, place

    if text in LABELS:
        part, bar = place(text)
        return f"[{_PARTS[part]}{bar + 1}]"
    if text in CADENCES:
        return _CADENCES[sorted(CADENCES).index(text)]
    return text


def top_tokens(log_p_TV: NDArray[np.float32], count: int) -> NDArray[np.int64]:
    """Return the likeliest tokens of each place, [T, count], the likeliest one first."""
    count = min(count, log_p_TV.shape[1])
    top_TK = np.argpartition(-log_p_TV, count - 1, axis=1)[:, :count]
    order_TK = np.argsort(-np.take_along_axis(log_p_TV, top_TK, 1), axis=1, kind="stable")
    result: NDArray[np.int64] = np.take_along_axis(top_TK, order_TK, 1)
    return result
