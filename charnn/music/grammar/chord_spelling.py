"""Chord symbols, letter by letter: `"Am7/G"`.

Models of books with few chord symbols write notes where a symbol should be. So a symbol that the
model writes must name a chord of a kind that abc2midi knows, too, and stands where a half or a
third of the bar begins. Those of an opening may have any text and place.
"""

from collections.abc import Collection, Iterator

from charnn.music.grammar.grammar_state import GrammarState
from charnn.music.grammar.notation import UPPER_NOTES

_KINDS = (
    *("", "m", "7", "m7", "maj7", "M7", "6", "m6", "9", "m9", "maj9", "11", "5"),
    *("dim", "dim7", "aug", "+", "sus4", "sus2", "7sus4"),
)
_SIGNS = ("", "#", "b")
_IN_OPENING = "?"
CHORD_SIGNS = "".join(dict.fromkeys("".join((*_KINDS, *_SIGNS))))  # besides notes and the slash


class ChordSpelling:
    """The chord symbols that can be written with some characters.

    While a symbol is unfinished, `GrammarState.partial` is its quotation mark and its text, with
    `A` for each note, so that the symbols of a kind have the same states.

    Args:
        characters: the characters that the model can write.
    """

    def __init__(self, characters: Collection[str]) -> None:
        self._complete = frozenset(written_symbols(frozenset(characters)))
        self._beginnings = frozenset(
            symbol[:end] for symbol in self._complete for end in range(1, len(symbol) + 1)
        )

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character of a symbol; `None` if it is refused.

        A quotation mark closes the symbol.
        """
        text = state.partial[1:]
        in_opening = text == _IN_OPENING or (not text and state.in_opening)
        if character == '"':
            is_complete = text in self._complete or in_opening
            return state._replace(partial="", has_prefix=True) if is_complete else None
        if in_opening:
            return state._replace(partial='"' + _IN_OPENING) if character != "\n" else None
        text += "A" if character in UPPER_NOTES else character
        return state._replace(partial='"' + text) if text in self._beginnings else None


def may_have_symbol(state: GrammarState) -> bool:
    """Return whether a chord symbol may stand here: on a half or a third of the bar."""
    used, bar = state.ticks_used, state.timing.bar
    return state.in_opening or not (2 * used % bar and 3 * used % bar)


def written_symbols(characters: frozenset[str]) -> Iterator[str]:
    """Yield the symbols that can be written with some characters, with `A` for each note."""
    for sign in _SIGNS:
        for kind in _KINDS:
            for bass in ("", *("/A" + bass_sign for bass_sign in _SIGNS)):
                symbol = sign + kind + bass
                if characters.issuperset(symbol.replace("A", "")):
                    yield "A" + symbol
