"""The grammar of a gap: whatever is written fills exactly the time that the gap has."""

import random
import re
from fractions import Fraction

import pytest

from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.grammar.gap_grammar import GapGrammar
from charnn.music.grammar.gap_pieces import Fixed, Head, Music, Piece
from charnn.music.grammar.grammar_state import TICKS_PER_WHOLE_NOTE, Timing
from charnn.music.tune.tune import Note, Tune
from charnn.sampling.constraint import Constraint
from tests.sampling.walks import LETTERS, STYLES, texts, walk

EIGHTH = TICKS_PER_WHOLE_NOTE // 8


def music(eighths: int, opening: str = "", **options: bool) -> Music:
    return Music(Timing(eighths * EIGHTH, EIGHTH), opening, **options)


def walks(pieces: list[Piece], count: int = 20) -> list[list[str]]:
    """Return the texts of the pieces in random walks of all styles."""
    grammar = GapGrammar(pieces, LETTERS)
    constraint = Constraint(grammar, texts(LETTERS))
    styles = list(STYLES)
    found = []
    for seed in range(count):
        chance = random.Random(seed)
        length = chance.choice((0, 30, 300))
        text = walk(constraint, chance, styles[seed % len(styles)], length)
        split = grammar.split(text)
        assert "".join(split) == text
        found.append(split)
    return found


def read_music(body: str) -> Tune:
    return read_tune(split_book(f"X:1\nM:6/8\nL:1/8\nK:D\n{body}\n")[0])


def duration(body: str) -> Fraction:
    """Return the duration of some music in eighth notes."""
    notes = (element for element in read_music(body).music if isinstance(element, Note))
    return sum((note.duration for note in notes), Fraction(0)) * 2


def test_music_lasts_exactly_as_long_as_it_must() -> None:
    pieces = [music(6), Fixed("|"), music(5), Fixed(":|\n")]
    for first, bar_line, second, end in walks(pieces, 40):
        assert (duration(first), duration(second)) == (6, 5)
        assert (bar_line, end) == ("|", ":|\n")


def test_music_begins_with_its_opening() -> None:
    for before, start, _ in walks([music(3), music(3, "^f"), Fixed("|")]):
        assert duration(before) == 3
        assert start.startswith("^f")
        assert duration(start) == 3


@pytest.mark.parametrize("goes_on", [True, False])
def test_ties_and_slurs_leave_music_only_where_they_may(goes_on: bool) -> None:
    found = walks([music(2, goes_on=goes_on), Fixed("|"), music(2), Fixed("|")], 80)
    open_signs = [first[-1] == "-" or first.count("(") != first.count(")") for first, *_ in found]
    # A tuplet has a bracket, too, but it fits only rarely into two units.
    assert any(text[-1] == "-" for text, *_ in found) == goes_on
    assert any(open_signs) >= goes_on
    assert not any(second.endswith("-") for _, _, second, _ in found)


def test_a_slur_that_leads_in_is_closed_and_one_that_leads_out_stays_open() -> None:
    for text, _ in walks([music(4, slur_in=True), Fixed("|")]):
        assert text.count(")") - len(re.findall(r"\((?!\d)", text)) == 1
    for text, _ in walks([music(4, "(", slur_out=True), Fixed("|")]):
        assert text[0] == "(" and ")" not in text


def test_a_head_is_one_note_in_its_direction() -> None:
    pieces: list[Piece] = [
        *(Head(-7, 18), Fixed("2"), Head(-6, 19, 1), Head(-5, 20, 1), Fixed(">")),
        *(Head(direction=0), Fixed("A"), Head(direction=-1, before=5), Fixed("|")),
    ]
    for split in walks(pieces, 40):
        tune = read_music("".join(split))
        notes = [element for element in tune.music if isinstance(element, Note)]
        places = [
            7 * note.pitches[0].octave + "CDEFGAB".index(note.pitches[0].letter) for note in notes
        ]
        first, second, third, same, fixed, last = places
        assert first < second < third == same
        assert last < fixed


def test_notes_that_cannot_fill_the_time_are_known() -> None:
    grammar = GapGrammar([Fixed("|")], LETTERS)
    assert grammar.fits(music(3))
    assert grammar.fits(music(3, "f''"))
    assert not grammar.fits(Music(Timing(EIGHTH // 3, EIGHTH)))
    assert not grammar.fits(music(3, "Hf"))
    assert not GapGrammar([Fixed("|")], "AB|2").fits(Music(Timing(EIGHTH // 2, EIGHTH)))


def test_text_against_the_grammar_is_refused() -> None:
    grammar = GapGrammar([music(2), Fixed("|")], LETTERS)
    with pytest.raises(AssertionError, match="against the grammar"):
        grammar.split("ABC")
