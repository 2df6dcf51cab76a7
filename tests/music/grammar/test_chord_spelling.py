"""A strict tune has chord symbols that name chords, where a half or a third of a bar begins."""

import pytest

from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from charnn.music.tune.chord_symbols import parse_chord_symbol
from charnn.sampling.constraint import Constraint
from tests.sampling.walks import LETTERS, texts

HEADER = ("reel", "C", "1/8", "G")


def accepts(body: str, characters: str = LETTERS, opening: str = "") -> bool:
    grammar = TuneGrammar(TuneRequest("x"), characters)
    constraint = Constraint(grammar, texts(characters), grammar.start_with(HEADER, opening))
    header = "X:1\nT:x\nR:reel\nM:C\nL:1/8\nK:G\n"
    return constraint.walk(constraint.start, header + body) is not None


@pytest.mark.parametrize("symbol", ["G", "Am", "F#m7", "Bb", "D7/F#", "Gmaj7", "Adim", "E7sus4"])
def test_chords_are_written(symbol: str) -> None:
    assert parse_chord_symbol(symbol)
    assert accepts(f'"{symbol}"G4 "{symbol}"B4|')


@pytest.mark.parametrize("symbol", ["GABGC2D", "H7", "Gx", "", "g", "G/H", "G2", "C-", "Am7/Gm"])
def test_other_words_are_refused(symbol: str) -> None:
    assert not accepts(f'"{symbol}"G4')


def test_symbols_stand_on_a_half_or_a_third_of_a_bar() -> None:
    assert not accepts('"G"GA"D"GA')
    assert not accepts('"G""D"G')
    assert accepts('"G"G4"D"A4|')


def test_an_opening_may_have_any_symbols() -> None:
    opening = '"H7"G"no 2"A G2 "G/H"G4|'
    assert accepts(opening + "G8|", opening=opening)


def test_only_signs_of_the_model_are_needed() -> None:
    """No symbol is begun that cannot be finished."""
    characters = "".join(sorted(set(LETTERS) - set("#j47")))
    assert accepts('"Am"G8|', characters)
    assert not accepts('"Ama', characters)
    assert not accepts('"Adu', characters)


def test_a_note_has_one_decoration() -> None:
    assert accepts("TG4 .A4|")
    assert not accepts("..G4")
    assert not accepts("T~G4")
    assert accepts("T~G4 A4|", opening="T~G4 A4|")
