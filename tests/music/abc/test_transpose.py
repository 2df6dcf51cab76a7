"""A transposed tune sounds exactly as much higher as asked, and is spelled as musicians spell."""

from fractions import Fraction

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError, UsageError
from charnn.music.abc.reader import read_tune
from charnn.music.abc.transpose import transpose, transpose_to
from charnn.music.abc.writer import write_tune
from charnn.music.performance.player import perform
from charnn.music.tune.tune import Note, Tune
from tests.music.tunes import book_sources, read, tune_texts, without_positions

always = settings(max_examples=300, deadline=None, derandomize=True)
MAJOR = ["C", "Db", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B"]


def tune(body: str, key: str = "C") -> Tune:
    return read(f"X:1\nT:Test\nM:4/4\nL:1/8\nK:{key}\n{body}\n")


def moved(body: str, key: str, semitones: int) -> tuple[str, str]:
    """Return the key and the body after transposing."""
    written = write_tune(transpose(tune(body, key), semitones)).splitlines()
    return written[4].removeprefix("K:"), "\n".join(written[5:])


def sound(heard: Tune, semitones: int = 0) -> list[tuple[Fraction, Fraction, int, bool]]:
    played = perform(heard, ornaments=False).sounds
    return [(s.onset, s.duration, s.pitch + semitones, s.grace) for s in played]


def written_pitches(heard: Tune) -> list[int]:
    notes = [note for note in heard.music if isinstance(note, Note)]
    return [pitch.midi for note in notes for pitch in (*note.graces, *note.pitches)]


def check_round_trip(original: Tune, semitones: int) -> None:
    """Check that the text of the transposed tune is read as `semitones` higher."""
    try:
        transposed = transpose(original, semitones)
    except TuneError as error:
        assert "range of MIDI" in str(error)
        return
    again = read(write_tune(transposed))
    assert without_positions(again) == without_positions(transposed)
    assert written_pitches(again) == [midi + semitones for midi in written_pitches(original)]
    assert sound(again) == sound(original, semitones)


@always
@given(tune_texts(), st.integers(-24, 24))
def test_made_up_tunes(text: str, semitones: int) -> None:
    try:
        original = read(text)
        perform(original)
    except (TuneError, IndexError):
        assume(False)
    check_round_trip(original, semitones)


def test_tunes_of_books_in_twelve_keys() -> None:
    sources = book_sources(90)
    assert len(sources) > 40
    for index, source in enumerate(sources):
        for semitones in range(-6, 7)[index % 4 :: 4]:
            original = read_tune(source)
            check_round_trip(original, semitones)
            transposed = transpose(original, semitones)
            assert abs(transposed.key.sharps) <= 6
            assert sound(transpose(transposed, -semitones)) == sound(original)


@pytest.mark.parametrize(("semitones", "key"), list(enumerate(MAJOR)))
def test_keys_with_the_fewest_signs(semitones: int, key: str) -> None:
    if semitones:
        assert moved("C", "C", semitones)[0] == key
        assert moved("C", "Dm", semitones - 2)[0][-1] == "m" or semitones == 2


@pytest.mark.parametrize(
    ("key", "semitones", "expected"),
    [
        ("Am", 1, "Bbm"),
        ("Am", 6, "D#m"),
        ("Dm", 1, "Ebm"),
        ("Ador", 1, "Bbdor"),
        ("D Mixolydian", -1, "C# Mixolydian"),
        ("Dmix", 6, "Abmix"),
        ("C#", 1, "D"),
        ("F", 1, "Gb"),
        ("Bb", -4, "Gb"),
        ("A Dorian", 2, "B Dorian"),
        ("none", 5, "none"),
        ("HP", 3, "Cmix"),
        ("HP", 12, "HP"),
        ("D =c", 2, "E =d"),
        ("Am ^g", -2, "Gm ^f"),
        ("D clef=bass", 1, "Eb clef=bass"),
        ("D exp ^f", 2, "E exp ^F ^G ^C"),
    ],
)
def test_keys(key: str, semitones: int, expected: str) -> None:
    assert moved("A", key, semitones)[0] == expected


@pytest.mark.parametrize(
    ("body", "key", "semitones", "expected"),
    [
        ("CDEF GABc", "C", 2, "DEFG ABcd"),
        ("^F2 F2|F4", "C", -2, "=E2 E2|E4"),  # courtesy accidentals stay
        ("^F2- |F2 =F2", "C", 2, "^G2- |G2 =G2"),
        ("^^F", "C#m", 3, "^A"),
        ("^^E", "F#", -6, "^B,"),
        ("{^fg}g2 [^CE]4", "C", 5, "{=bc'}c'2 [^FA]4"),
        ("A2 [K:G]F2|\nK:F\nB", "D", 1, "B2 [K:Ab]G2|\nK:Gb\nc"),
        ('"Am7/G"A2 "D(Bm)"d2 "N.C."z "Fine"A', "G", -2, '"Gm7/F"G2 "C(Am)"c2 "N.C."z "Fine"G'),
        ('"Bb"B', "Bb", 6, '"E"e'),
        ("C E", "none", 4, "E ^G"),
        ("c'", "C", 12, "c''"),
    ],
)
def test_spelling(body: str, key: str, semitones: int, expected: str) -> None:
    assert moved(body, key, semitones)[1] == expected


def test_no_note_gets_a_triple_sign() -> None:
    assert moved("^^C C|c", "C", 6) == ("F#", "^G G|f")
    assert moved("^^F F", "G", -1) == ("F#", "^^E E")


def test_no_distance_and_octaves_keep_the_key() -> None:
    original = tune("^A_B", "C#")
    assert transpose(original, 0) == original
    assert transpose(original, 12).key == original.key
    assert sound(transpose(transpose(original, 12), -12)) == sound(original)


def test_distances_that_are_too_far_are_refused() -> None:
    with pytest.raises(UsageError, match="24"):
        transpose(tune("A"), 25)
    with pytest.raises(TuneError, match="range of MIDI"):
        transpose(tune("C,,,,,"), -12)


@pytest.mark.parametrize(
    ("key", "body", "tonic", "expected", "first"),
    [
        ("D", "DAd", "G", "G", 67),  # up a fourth
        ("D", "DAd", "C", "C", 60),
        ("G", "GBd", "C#", "Db", 73),  # a tritone goes up
        ("Em", "EBe", "a", "Am", 69),
        ("D", "DAg'", "G", "G", 55),  # too high for up: a fifth down
        ("D", "DAd", "D", "D", 62),
    ],
)
def test_to_a_tonic(key: str, body: str, tonic: str, expected: str, first: int) -> None:
    transposed = transpose_to(tune(body, key), tonic)
    assert transposed.key.text == expected
    assert written_pitches(transposed)[0] == first


def test_a_missing_tonic_is_refused() -> None:
    with pytest.raises(UsageError, match="no tonic"):
        transpose_to(tune("A"), "H")
    with pytest.raises(TuneError, match="no key"):
        transpose_to(tune("A", "none"), "D")
