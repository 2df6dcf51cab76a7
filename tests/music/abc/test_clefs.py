"""Clefs and octaves in K: and V:, whose sound and print the standard describes in section 4.6."""

import pytest

from charnn.music.abc.key_field import parse_key
from charnn.music.tune.clef import Clef
from charnn.music.tune.tune import Note
from tests.music.tunes import read


def pitches(body: str, key: str, header: str = "") -> list[int]:
    """Return the MIDI pitches of the notes of the first voice."""
    tune = read(f"X:1\nL:1/4\n{header}K:{key}\n{body}\n")
    return [note.pitches[0].midi for note in tune.music if isinstance(note, Note)]


@pytest.mark.parametrize(
    ("words", "clef", "semitones"),
    [
        ("treble", Clef("G", 2), 0),
        ("treble-8", Clef("G", 2, -1, -1), -12),
        ("clef=treble+8", Clef("G", 2, 1, 1), 12),
        ("clef = treble-8", Clef("G", 2, -1, -1), -12),
        ("bass-15", Clef("F", 4, -2, -2), -24),
        ("treble_8", Clef("G", 2, -1), 0),
        ("clef=bass3", Clef("F", 3), 0),
        ("baritone", Clef("F", 3), 0),
        ("alto1", Clef("C", 1), 0),
        ("alto", Clef("C", 3), 0),
        ("tenor", Clef("C", 4), 0),
        ("clef=F", Clef("F", 4), 0),
        ("clef=C2", Clef("C", 2), 0),
        ("perc stafflines=1", Clef("percussion", 2), 0),
        ("clef=none", Clef("none", 2), 0),
        ("octave=-1", Clef(), -12),
        ("transpose=-2", Clef(), -2),
        ("bass octave=-1 t=+3", Clef("F", 4), -9),
        ("treble middle=d", Clef("G", 1), 0),
        ("alto m=A,", Clef("C", 4), 0),
        ("bass middle=d", Clef("F", 4, shown=-2), 0),
        ("middle=d clef=bass transpose=-24", Clef("F", 4, shown=-2), -24),
        ("alto middle=D", Clef("C", 3, shown=0), 0),
    ],
)
def test_words_set_the_clef_and_move_the_sound(words: str, clef: Clef, semitones: int) -> None:
    assert parse_key(f"C {words}").clef == clef
    notes = "A B c"
    expected = [pitch + semitones for pitch in (69, 71, 72)]
    assert pitches(notes, f"C {words}") == expected
    assert pitches(f"[K:{words}]{notes}", "C") == expected
    assert pitches(f"V:1\n{notes}", "C", f"V:1 {words}\n") == expected
    assert pitches(f"V:1 {words}\n{notes}", "C") == expected


def test_a_staff_stays_until_another_one_is_named() -> None:
    # A new key keeps the clef and the octave, a new clef keeps `octave=`, as the standard's words
    # are "independent of each other".
    assert pitches("F[K:G]F[K:treble]F[K:octave=0]F", "C octave=-1 treble-8") == [41, 42, 54, 66]
    assert pitches("A[K:clef=treble+8]A", "C treble-8") == [57, 81]
    assert pitches("A[K:D]F", "C transpose=2") == [71, 68]


def test_words_without_a_sound_never_cost_a_tune() -> None:
    assert pitches("A", 'C clef=bass name="Violin I" stem=up staffscale=0.7') == [69]
    assert pitches("V:1 gstem=up brace merge\nA", "C") == [69]
    left_out = read("X:1\nV:1 volume=3 stem=up\nK:C\nA[V:1 shift=Cd]A\n").problems
    assert [(p.text, p.line, p.serious) for p in left_out] == [
        ("'volume=3' in V: is left out", 2, False),
        ("'shift=Cd' in V: is left out", 4, False),
    ]
