"""Overlays of several bars: `&&`, and `(& ... &)`."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.music.abc.reader import read_tunes
from charnn.music.abc.tidying import tidy_tune
from charnn.music.abc.writer import write_tune
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Tune
from tests.music.tunes import read

HEADER = "X:1\nM:4/4\nL:1/4\nK:C\n"


def heard(tune: Tune) -> list[str]:
    """Return the letters of each voice, with the bar of each: `A0 B1`."""
    return [
        " ".join(f"{'CxDxEFxGxAxB'[s.pitch % 12]}{s.onset // 4}" for s in perform(voice).sounds)
        for voice in tune.voices
    ]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("A4|B4&&C4|D4|E4|", ["A0 B1 E2", "C0 D1"]),
        ("A4|B4&&\\\nC4|\nD4|E4|", ["A0 B1 E2", "C0 D1"]),
        ("F4|A4|B4&&&C4|D4|E4:|", ["F0 A1 B2 F3 A4 B5", "C0 D1 E2 C3 D4 E5"]),
        ("A4|B4&&C4|D4&&E4|F4&G4|a4|", ["A0 B1 A2", "C0 D1", "E0 F1", "G1"]),
        ("A4|B4&&C4&D4|E4|F4|", ["A0 B1 F2", "C0", "D0 E1"]),
        ("(& A4|B4 & C4|D4 &)|E4|", ["A0 B1 E2", "C0 D1"]),
        ("F4|(&A4|B4&C4|D4&E4|F4&)|G4|", ["F0 A1 B2 G3", "C1 D2", "E1 F2"]),
        ("A2(&B2|C4&D2|E4&)|F4|", ["A0 B0 C1 F2", "D0 E1"]),
    ],
)
def test_an_overlay_may_have_several_bars(body: str, expected: list[str]) -> None:
    tune = read(HEADER + body + "\n")
    assert (heard(tune), tune.problems) == (expected, ())
    assert heard(read(write_tune(tune))) == heard(read(tidy_tune(HEADER + body))) == expected


@pytest.mark.parametrize(
    ("body", "expected", "column", "words"),
    [
        ("A4|B4&&C4:|D4|", ["A0 B1 A2 B3 D4", "C0 C2"], 10, "a bar shorter"),
        ("A4&&C4|D4|", ["A0 D1", "C0"], 3, "before the beginning"),
        ("A4|B4&)C4|", ["A0 B1 C2"], 6, "closes no"),
        ("(&A4|B4&C4|D4|E4|", ["A0 B1 E2", "C0 D1"], 1, "never closed"),
    ],
)
def test_a_wrong_overlay_is_named(body: str, expected: list[str], column: int, words: str) -> None:
    tune = read(HEADER + body + "\n")
    (problem,) = tune.problems
    assert (heard(tune), problem.line, problem.column) == (expected, 5, column)
    assert words in problem.text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.sampled_from(["A4", "B2", "|", "&", "&&", "(&", "&)", ":|", "|:", "(", "\n"])))
def test_any_overlays_are_read_as_they_are_written_again(parts: list[str]) -> None:
    tune = read(f"{HEADER}{' '.join(parts)}\n")
    (again,) = read_tunes(write_tune(tune))
    assert [text for text in heard(again) if text] == [text for text in heard(tune) if text]
