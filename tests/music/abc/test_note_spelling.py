"""Lengths, note heads and signs of bar lines mean the same after they are written and read."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from charnn.music.abc.bar_line import count_repeats, stay_apart
from charnn.music.abc.note_head import format_head, parse_head
from charnn.music.abc.note_length import MAX_IN_FRACTION, format_length, parse_length

NUMBERS = st.integers(1, MAX_IN_FRACTION)


@given(NUMBERS, NUMBERS)
def test_lengths(numerator: int, denominator: int) -> None:
    length = Fraction(numerator, denominator)
    assert parse_length(format_length(length)) == length
    assert parse_length(f"{numerator}/{denominator}") == length


@pytest.mark.parametrize("text", ["0", "/0", "65", "1/65", "///////", "1//64", "A"])
def test_impossible_lengths(text: str) -> None:
    assert parse_length(text) is None


@given(st.sampled_from("CDEFGAB"), st.integers(0, 8), st.sampled_from([None, -2, -1, 0, 1, 2]))
def test_heads(letter: str, octave: int, accidental: int | None) -> None:
    pitch = parse_head(format_head(letter, octave, accidental), accidental or 0, 0, 0)
    assert pitch is not None
    assert (pitch.letter, pitch.octave, pitch.accidental) == (letter, octave, accidental)
    assert pitch.midi == pitch.natural + (accidental or 0)


def test_heads_outside_of_midi() -> None:
    assert parse_head("C,,,,,", -1, 0, 0) is None
    assert parse_head("g''''", 0, 0, 1) is None


@pytest.mark.parametrize(
    ("sign", "repeats"),
    [("|", (0, 0)), (":|", (1, 0)), ("|::", (0, 2)), ("::", (1, 1)), (":::", (2, 1)), ("A", None)],
)
def test_repeats_of_bar_lines(sign: str, repeats: tuple[int, int] | None) -> None:
    assert count_repeats(sign) == repeats


def test_bar_lines_that_merge() -> None:
    assert not stay_apart("|", "|")
    assert stay_apart("|", "[|]")
