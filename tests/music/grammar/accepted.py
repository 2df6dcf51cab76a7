"""Texts that the grammar of tunes accepts, for the tests of its modules."""

from functools import cache

from charnn.music.abc.cleaning import clean_books
from charnn.music.checking.report import check_tune
from charnn.music.grammar.grammar_state import GrammarState
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from tests.music.tunes import book_sources, read
from tests.sampling.walks import LETTERS


@cache
def real_tunes() -> list[str]:
    """Return some tunes of books, cleaned, that are right."""
    tunes = clean_books(source.text for source in book_sources(12))
    return [tune.text for tune in tunes if check_tune(read(tune.text)).ok]


@cache
def grammar_of(wanted: TuneRequest) -> TuneGrammar:
    """Return the grammar of a request, for all ASCII characters."""
    return TuneGrammar(wanted, LETTERS)


def state_after(text: str, wanted: TuneRequest) -> GrammarState | None:
    """Return the state after a whole text; `None` where a character is refused."""
    grammar = grammar_of(wanted)
    state: GrammarState | None = grammar.start
    for character in text:
        state = state and grammar.step(state, character)
    return state
