"""Random walks through a grammar, as an untrained model might take them."""

import random

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR
from charnn.errors import UsageError
from charnn.music.abc.key_names import KEYS
from charnn.music.coding.bar_labels import LABELS
from charnn.music.grammar.header_candidates import METERS, UNITS
from charnn.music.grammar.title_words import TitleWords
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import LearnedHeader, TuneRequest
from charnn.sampling.constraint import Constraint

# The characters of cleaned books, except for letters of titles that are not ASCII.
LETTERS = "".join(map(chr, range(ord(" "), ord("~") + 1))) + "\n"
POOR = "".join(sorted(set(LETTERS) - set('(<>{}[]"~^- ,0357')))

STYLES = {  # weights of notes, other signs, bar lines, and ends of lines and tunes
    "evenly": (1, 1, 1, 1),
    "notes": (1, 0.05, 0.05, 0.05),
    "signs": (0.1, 1, 1, 0.1),
    "bar lines": (1, 0.2, 3, 0.2),
    "no end": (1, 1, 1, 1e-9),
}
HEADERS = (
    LearnedHeader("jig", "6/8", "1/8", "D"),
    LearnedHeader("jig", "6/8", "1/8", "Em"),
    LearnedHeader("slip jig", "9/8", "1/8", "G"),
    LearnedHeader("reel", "C|", "1/8", "C"),
    LearnedHeader("reel", "4/4", "1/16", "Ador"),
    LearnedHeader("waltz", "3/4", "1/4", "G"),
    LearnedHeader("polka", "2/4", "1/16", "Bb"),
)
TITLE_WORDS = TitleWords(frozenset({"Tune", "Jig", "Reel"}), frozenset({"A", "The"}))
OPENINGS = ("", "", "", "|:", "GA|", "d2e f", "(3abc d", '{g}a"G"d', "G2-", "z2 ~d", "[GB]")


def texts(symbols: str | list[str]) -> list[str]:
    """Return the characters of each token id; the two special tokens come first."""
    return ["", "", *symbols]


def any_request(chance: random.Random, characters: str) -> tuple[TuneRequest, TuneGrammar]:
    """Return a random request that these characters can fulfil, and its grammar."""
    while True:
        request = TuneRequest(
            title=chance.choice(("", "A tune")),
            rhythm=chance.choice(("", "jig")),
            meter=chance.choice(("", "", *METERS, "7/8", "5/8", "2/8", "1/4")),
            unit=chance.choice(("", "", "", *UNITS, "1/32", "1/2")),
            key=chance.choice(("", *KEYS)),
            part_bars=chance.choice((0, 0, 2, 3, 4, 8)),
            # Without labels, the last two forms are refused.
            form=chance.choice(("", "", "AABB", "AAB", "ABC", "AABA", "ABAB")),
            # With labels, an opening is coded before it is written.
            opening=chance.choice(OPENINGS[:4] if LABELS & set(characters) else OPENINGS),
            fields=chance.choice(("TRMLK", "TMLK")),
            headers=chance.choice(((), HEADERS, HEADERS[:3])),
            title_words=chance.choice((None, TITLE_WORDS)),
        )
        # The opening's coder, above the grammar, refuses notes that the model cannot write.
        if not set(characters).issuperset(request.opening):
            continue
        try:
            return request, TuneGrammar(request, characters)
        except UsageError:
            continue


def walk(
    constraint: Constraint, chance: random.Random, style: str, length: int, opening: str = ""
) -> str:
    """Return the text of a random walk to its end, with a free header or a prescribed one.

    Raises:
        AssertionError: every token is forbidden somewhere, or the walk is too long.
    """
    weights = _weights(constraint.token_texts, STYLES[style])
    headers = list(getattr(constraint.grammar, "headers", ()))  # a gap has no header
    prescribed = constraint.grammar.start_with(chance.choice(headers), opening) if headers else None
    start = chance.choice((constraint.start, prescribed or constraint.start))
    max_length = max(length, constraint.distance_to_end(start))
    cursor, text = constraint.begin(start), ""
    while True:
        allowed = np.flatnonzero(~cursor.forbidden(length - len(text)))
        assert allowed.size, f"a dead end after {text!r}"
        (token_id,) = chance.choices(allowed.tolist(), weights[allowed].tolist())
        if token_id == SEPARATOR:
            return text
        text += constraint.token_texts[token_id]
        assert len(text) <= max_length, f"no end of {text!r}"
        cursor.advance(token_id)


def _weights(symbols: list[str], style: tuple[float, ...]) -> NDArray[np.float64]:
    return np.array([style[_kind(text)] for text in symbols])


def _kind(text: str) -> int:
    if text in ("", "\n"):
        return 3
    return 0 if text[0] in "ABCDEFGabcdefg" else 2 if text[0] in "|:" else 1
