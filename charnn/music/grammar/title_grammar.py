"""The grammar of a title that the model invents: known words, and no word for another type.

The words of the training titles are stored with a model (`title_words`). Old models lack them, and
their titles may have any words.
"""

from bisect import bisect_left
from collections.abc import Collection, Sequence
from functools import cache
from typing import NamedTuple

from charnn.music.grammar.grammar_state import GrammarState
from charnn.music.grammar.title_words import TitleWords
from charnn.music.grammar.type_names import names_other_type

# 97 % of the titles in music21's books are not longer.
MAX_TITLE_WORDS = 6
# Titles of any words contain no other of these names, not even inside a word ("Reels").
TYPE_NAMES = (
    "reel",
    "jig",
    "hornpipe",
    "strathspey",
    "march",
    "waltz",
    "polka",
    "fling",
    "clog",
    "slide",
)
_LAST_CHARACTER = "\U0010ffff"


class _Words(NamedTuple):
    """The words that a title may have, sorted: those that may be the last one, and all."""

    last: Sequence[str]
    all: Sequence[str]


class TitleGrammar:
    """The grammar of the titles of new tunes, see `title_words`.

    `GrammarState.partial` is the beginning of the present word, `title_words` the number of the
    words before it, and `header[0]` the type of the tune, `""` if it is not known.

    Args:
        words: the known words; `None` if any word is allowed.
        characters: the characters that the model can write.
    """

    def __init__(self, words: TitleWords | None, characters: Collection[str]) -> None:
        self._characters = frozenset(characters)
        self._known = words or TitleWords()
        self._words_by_type: dict[str, _Words] = {}

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character of the title; `None` if it is refused."""
        # In ABC, % begins a comment and a backslash an escape.
        if not character.isprintable() or character in "%\\":
            return None
        words, done = self._words(state), state.title_words
        if not words.last:
            return self._step_in_free_title(state, character)
        if character == " ":
            begun = done + 1 < MAX_TITLE_WORDS and _contains(words.all, state.partial)
            return state._replace(partial="", title_words=done + 1) if begun else None
        beginning = state.partial + character
        at_last_word = done + 1 == MAX_TITLE_WORDS
        possible = _beginning_with(words.last if at_last_word else words.all, beginning)
        return state._replace(partial=beginning) if possible else None

    def may_end(self, state: GrammarState) -> bool:
        """Return whether the title may end here."""
        words = self._words(state)
        return _contains(words.last, state.partial) if words.last else bool(state.partial)

    def finishing_characters(self, state: GrammarState) -> str:
        """Return candidates for the next character, the preferred ones first.

        The first candidate that is accepted leads towards the end of the title.
        """
        if self.may_end(state):
            return "\n"
        words, beginning = self._words(state), state.partial
        if not words.last:
            return "".join(sorted(self._characters, reverse=True))
        space = " " if _contains(words.all, beginning) else ""
        longer = _beginning_with(words.last, beginning) or _beginning_with(words.all, beginning)
        shortest = min(longer, key=lambda word: (len(word), word))
        return space + shortest[len(beginning) :][:1]

    def _words(self, state: GrammarState) -> _Words:
        """Return the words that the title may have; none if any words are allowed."""
        rhythm = state.header[0]
        if rhythm not in self._words_by_type:
            last, inner = (
                {word for word in words if self._allows(word, rhythm)}
                for words in (self._known.last, self._known.inner)
            )
            # Without blanks, a title has one word.
            all_words = last | inner if " " in self._characters else last
            self._words_by_type[rhythm] = _Words(sorted(last), sorted(all_words))
        return self._words_by_type[rhythm]

    def _allows(self, word: str, rhythm: str) -> bool:
        if not self._characters.issuperset(word):
            return False
        return not (rhythm and names_other_type(word, rhythm))

    def _step_in_free_title(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character of a title of any words.

        `partial` contains only `+` and the last characters of the title that may be the beginning
        of the name of another type, so that most titles have the same state.
        """
        if not (state.partial or character.strip()):
            return None
        others = _other_names(state.header[0])
        ending = state.partial[1:] + character.lower()
        while ending and not any(name.startswith(ending) for name in others):
            ending = ending[1:]
        return None if ending in others else state._replace(partial="+" + ending)


@cache
def _other_names(rhythm: str) -> tuple[str, ...]:
    return tuple(name for name in TYPE_NAMES if rhythm and name not in rhythm)


def _contains(words: Sequence[str], word: str) -> bool:
    """Return whether sorted words contain a word."""
    place = bisect_left(words, word)
    return place < len(words) and words[place] == word


def _beginning_with(words: Sequence[str], beginning: str) -> Sequence[str]:
    """Return the words, among sorted ones, that begin with a text."""
    first = bisect_left(words, beginning)
    return words[first : bisect_left(words, beginning + _LAST_CHARACTER, first)]
