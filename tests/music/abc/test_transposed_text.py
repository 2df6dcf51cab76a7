"""The text of a transposed tune: other notes, chords and keys, and all else as it was."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.transpose import transpose, transpose_to
from charnn.music.abc.transposed_text import transpose_source
from charnn.music.abc.tunebook import split_book
from charnn.music.performance.player import perform
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import Note, Tune
from tests.music.tunes import book_sources, read, tune_texts


def pitches(tune: Tune) -> list[list[int]]:
    return [
        [p.midi for note in voice.music if isinstance(note, Note) for p in note.pitches]
        for voice in tune.voices
    ]


def check(text: str, semitones: int) -> str:
    (source, *_) = split_book(text)
    moved = transpose_source(source, lambda tune: transpose(tune, semitones))
    expected = [[midi + semitones for midi in voice] for voice in pitches(read(text))]
    assert pitches(read(moved)) == expected
    return moved


@settings(max_examples=100, deadline=None, derandomize=True)
@given(tune_texts(), st.integers(-24, 24))
def test_made_up_tunes(text: str, semitones: int) -> None:
    try:
        check(text, semitones)
    except (TuneError, IndexError):
        return


def test_tunes_of_books_there_and_back() -> None:
    for number, source in enumerate(book_sources(90)):
        semitones = number % 13 - 6
        moved = check(source.text, semitones)
        assert moved.count("\n") == source.text.count("\n")
        assert pitches(read(check(moved, -semitones))) == pitches(read(source.text))


_KEYS = (
    *(
        "none",
        "none ^f",
        "",
        "HP",
        "C",
        "Em",
        "Ador",
        "Bbmix",
        "F#m",
        "Gb",
        "Dphr",
        "Blyd",
        "E loc",
    ),
    *("D exp ^f ^c", "G =f", "Am ^g", "clef=bass", "C octave=-1", "D transpose=2"),
)
_PARTS = st.tuples(
    st.sampled_from(["", "", "T", "~", "!roll!", "{^g}", "| ", '"Am/g"', '"A or f#m"']),
    st.sampled_from(["", "", "^", "_", "="]),
    st.sampled_from("CDEFGABcdef"),
    st.sampled_from(["", "3", "-"]),
)


def moved_text(text: str, semitones: int) -> str:
    (source,) = split_book(text)
    return transpose_source(source, lambda tune: transpose(tune, semitones))


def heads(tune: Tune) -> list[int]:
    notes = [note for note in tune.music if isinstance(note, Note)]
    pitches = [pitch for note in notes for pitch in (*note.graces, *note.pitches)]
    return [7 * pitch.octave + LETTERS.index(pitch.letter) for pitch in pitches]


def check_heard(before: str, after: str, semitones: int) -> None:
    """Check that all sounds and chords moved, ornaments included.

    A note that would need a triple sign gets another letter, so its trill another upper note.
    """
    old, new = read(before), read(after)
    steps = {b - a for a, b in zip(heads(old), heads(new), strict=True)}
    played, expected = (perform(tune, ornaments=len(steps) == 1) for tune in (new, old))
    assert [(s.onset, s.duration, s.pitch - semitones) for s in played.sounds] == [
        (s.onset, s.duration, s.pitch) for s in expected.sounds
    ]
    assert [(c.onset, c.chord) for c in played.chord_symbols] == [
        (c.onset, c.chord.transposed(semitones)) for c in expected.chord_symbols
    ]


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    st.sampled_from(_KEYS),
    st.lists(_PARTS.map("".join), min_size=1, max_size=12).map("".join),
    st.integers(-14, 14),
)
def test_ornaments_and_chords_move_with_the_notes(key: str, body: str, semitones: int) -> None:
    text = f"X:1\nM:4/4\nL:1/8\nK:{key}\n{body}|\n"
    there = moved_text(text, semitones)
    check_heard(text, there, semitones)
    check_heard(there, moved_text(there, -semitones), -semitones)


def test_a_key_without_tonic_gets_the_scale_that_its_trills_need() -> None:
    assert moved_text("X:1\nK:none\nTD ^F|\n", 4) == "X:1\nK:none ^F ^G ^C ^D\nTF ^A|\n"
    assert moved_text("X:1\nK:none\nV:1\nD|\nV:2\nTD|\n", 2).splitlines()[1] == "K:none ^F ^C"
    assert moved_text("X:1\nK:none\nD ^F|\n", 4) == "X:1\nK:none\n^F ^A|\n"


def test_all_but_notes_chords_and_keys_stays() -> None:
    before = (
        "X:1\n% words of A\nT:A Tune\n%%MIDI program 73\nK: Ador % A\n"
        '"Am"A2 {/^g}a!trill!b [A!1!e]>"^A"B | [K:D exp ^c]c2 "Fine"d:| % A\n'
        "% A\nw: A-gain_ A\nV:1\n"
    )
    after = (
        "X:1\n% words of A\nT:A Tune\n%%MIDI program 73\nK:Gdor % A\n"
        '"Gm"G2 {/^f}g!trill!a [G!1!d]>"^A"A | [K:C exp _E]B2 "Fine"c:| % A\n'
        "% A\nw: A-gain_ A\nV:1\n"
    )
    assert check(before, -2) == after


def test_voices_and_overlays_move_together() -> None:
    text = "X:1\nK:C\nV:1\nC2 E2 & G4|\nV:2 bass\nC,4|\n"
    assert check(text, 2) == "X:1\nK:D\nV:1\nD2 F2 & A4|\nV:2 bass\nD,4|\n"


@pytest.mark.parametrize(
    ("key", "target", "expected"),
    [
        ("Ador", "G", "Gdor"),
        ("Em", "Am", "Am"),
        ("F", "F#", "F#"),
        ("D", "gb", "Gb"),
        ("D", "C#", "Db"),
        ("HP", "D", "Dmix"),
        ("D", "D", "D"),
        ("C#", "Db", "Db"),
    ],
)
def test_the_target_gives_tonic_and_spelling(key: str, target: str, expected: str) -> None:
    assert transpose_to(read(f"X:1\nK:{key}\nA|\n"), target).key.text == expected


def test_a_target_with_a_mode_is_for_tunes_of_this_mode() -> None:
    with pytest.raises(TuneError, match="key D is not minor: name the tonic E alone"):
        transpose_to(read("X:1\nK:D\nA|\n"), "Em")
    with pytest.raises(TuneError, match="no key"):
        transpose_to(read("X:1\nK:none\nA|\n"), "E")
