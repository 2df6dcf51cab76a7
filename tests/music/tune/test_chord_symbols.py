"""Chord symbols as books write them: what is read, played in part, moved, or left alone."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.music.abc.reader import read_tunes
from charnn.music.abc.transpose_keys import transpose_chord_symbol
from charnn.music.grammar.chord_spelling import CHORD_SIGNS, written_symbols
from charnn.music.tune.chord_symbols import NO_CHORD, parse_chord_symbol, read_chord
from charnn.music.tune.written_chords import shortened_chords, unreadable_chords


@pytest.mark.parametrize(
    ("symbol", "plain"),
    [
        ("am", "Am"),
        ("f#m7", "F#m7"),
        ("bb/d", "Bb/D"),
        ("(Em)", "Em"),
        ("(F#m7/C#)", "F#m7/C#"),
        ("A minor", "Am"),
        ("D sus4", "Dsus4"),
        ("C7(b9)", "C7b9"),
        ("Am(maj7)/G", "Ammaj7/G"),
    ],
)
def test_a_symbol_in_another_spelling_is_the_chord(symbol: str, plain: str) -> None:
    parsed = parse_chord_symbol(symbol)
    assert parsed is not None and not parsed.heard
    assert read_chord(symbol) == read_chord(plain) is not None


@pytest.mark.parametrize(
    ("symbol", "heard"),
    [
        ("A or D", "A"),
        ("A minor or D/f#", "Aminor"),
        ("am or dm", "am"),
        ("G - D7", "G"),
        ("G  D7", "G"),
        ("G/Em", "G"),
        ("G(Em)", "G"),
        ("Bb/D (Gm)", "Bb/D"),
        ("D (Fine)", "D"),
        ("G(4)", "G"),
        ("Cmaj7#11", "Cmaj7"),
        ("C7(13)/E", "C7/E"),
    ],
)
def test_of_several_chords_the_first_is_heard_and_the_rest_is_known(
    symbol: str, heard: str
) -> None:
    parsed = parse_chord_symbol(symbol)
    assert parsed is not None and parsed.heard == heard
    assert read_chord(symbol) == read_chord(heard)


@pytest.mark.parametrize(
    "words",
    ["H7", "G/H", "a", "f", "A tune", "B 2", "dim.", "a tempo", "DC", "Dance", "G or Hm", "add9"],
)
def test_other_words_name_no_chord(words: str) -> None:
    assert parse_chord_symbol(words) is None


@pytest.mark.parametrize(
    "words", ["N.C.", "NC", "n.c.", "N.C", "N. C.", "(N.C.)", "no chord", "No chords", "tacet"]
)
def test_no_chord_is_silence(words: str) -> None:
    assert read_chord(f'"{words}"') is NO_CHORD


def test_all_chords_of_a_symbol_move_and_words_stay() -> None:
    moved = {
        "A or D": "B or E",
        "am or dm/f": "bm or em/g",
        "G/Em": "A/F#m",
        "(Em)": "(F#m)",
        "A minor": "B minor",
        "C7(b9)/E": "D7(b9)/F#",
        "D (Fine)": "E (Fine)",
        "A (B part)": "B (B part)",
        "Cm7/b5": "Dm7/b5",
        "H7": "H7",
        "N.C.": "N.C.",
    }
    for before, after in moved.items():
        assert transpose_chord_symbol(f'"{before}"', 1, 2) == f'"{after}"'


_PARTS = "A Bb F# G am f#m m m7 maj7 minor sus4 b9 /G /f# / or - ( ) ; , H7 9 Fine N.C. ♭"
_TEXTS = st.lists(st.sampled_from([*_PARTS.split(), " "]), min_size=1, max_size=8).map("".join)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(_TEXTS, st.sampled_from([(1, 2), (-1, -2), (2, 3), (-3, -5), (4, 7), (-4, -7)]))
def test_a_moved_symbol_is_the_moved_chord(text: str, interval: tuple[int, int]) -> None:
    steps, semitones = interval
    chord = read_chord(text)
    moved = transpose_chord_symbol(f'"{text}"', steps, semitones)
    if chord is None or chord is NO_CHORD:
        assert moved == f'"{text}"'
    else:
        assert read_chord(moved) == chord.transposed(semitones)
        back = transpose_chord_symbol(moved, -steps, -semitones)
        assert read_chord(back) == chord


def test_a_tune_names_what_is_not_played_as_written() -> None:
    (tune,) = read_tunes('X:1\nK:C\n"H7"A "am"B "A or D"c "4"d "N.C."e "(G)"f|\n')
    assert [(p.text, p.line, p.column) for p in unreadable_chords(tune, "here")] == [
        ('"H7" names no chord here', 3, 1)
    ]
    assert [(p.text, p.column) for p in shortened_chords(tune)] == [('"A or D" is played as A', 13)]


def test_every_symbol_that_the_grammar_writes_is_a_chord() -> None:
    for symbol in written_symbols(frozenset(CHORD_SIGNS + "A/")):
        parsed = parse_chord_symbol(symbol)
        assert parsed is not None and not parsed.heard, symbol


@pytest.mark.parametrize("part", ["A ", "A or ", "A1", "(", "A(b9", "/G", "am;", "A(1"])
def test_long_texts_take_linear_time(part: str) -> None:
    start = time.process_time()
    parse_chord_symbol(part * 20_000)
    transpose_chord_symbol(f'"{part * 20_000}"', 1, 2)
    assert time.process_time() - start < 2
