"""The tables of music theory."""

import pytest

from charnn.music.tune.theory import (
    LETTERS,
    default_tuplet_time,
    major_key_sharps,
    natural_midi,
    signature_alterations,
)


@pytest.mark.parametrize(
    ("sharps", "altered"),
    [
        (0, {}),
        (1, {"F": 1}),
        (3, {"F": 1, "C": 1, "G": 1}),
        (7, dict.fromkeys(LETTERS, 1)),
        (-1, {"B": -1}),
        (-3, {"B": -1, "E": -1, "A": -1}),
        (-7, dict.fromkeys(LETTERS, -1)),
    ],
)
def test_signatures(sharps: int, altered: dict[str, int]) -> None:
    found = dict(zip(LETTERS, signature_alterations(sharps), strict=True))
    assert {letter: alteration for letter, alteration in found.items() if alteration} == altered


def test_sharps_of_major_keys() -> None:
    assert [major_key_sharps(letter) for letter in "FCGDAEB"] == [-1, 0, 1, 2, 3, 4, 5]


def test_natural_pitches() -> None:
    assert [natural_midi("C", 4), natural_midi("A", 4), natural_midi("C", -1)] == [60, 69, 0]


def test_tuplet_times_depend_on_the_meter_for_5_7_and_9_notes() -> None:
    assert [default_tuplet_time(n, compound=False) for n in range(2, 10)] == [
        3,
        2,
        3,
        2,
        2,
        2,
        3,
        2,
    ]
    assert [default_tuplet_time(n, compound=True) for n in range(2, 10)] == [3, 2, 3, 3, 2, 3, 3, 3]
