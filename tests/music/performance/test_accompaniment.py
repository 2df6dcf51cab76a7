"""Chord symbols, chords that are chosen, and how both are played."""

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.performance.accompaniment import accompany, has_chords
from charnn.music.performance.harmony import choose_chords
from charnn.music.performance.performance import Sound
from charnn.music.performance.player import perform
from charnn.music.tune.chord_symbols import NO_CHORD, make_chord, read_chord
from charnn.music.tune.tune import Tune

NAMES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"]


def tune(body: str, key: str = "D", meter: str = "4/4", rhythm: str = "reel") -> Tune:
    return read_tunes(f"X:1\nR:{rhythm}\nM:{meter}\nL:1/8\nK:{key}\n{body}\n")[0]


def played(body: str, how: str = "written", **header: str) -> list[tuple[float, str]]:
    """(onset in quarter notes, name of the note) of the accompaniment, low to high."""
    one = tune(body, **header)
    return [(float(s.onset), NAMES[s.pitch % 12]) for s in accompany(one, perform(one), how)]


def chosen(body: str, **header: str) -> list[str]:
    """The root and `m` of each chord that is chosen."""
    return [
        NAMES[one.root] + ("m" if (one.root + 3) % 12 in one.tones else "")
        for _, one in choose_chords(perform(tune(body, **header)))
    ]


@pytest.mark.parametrize(
    ("symbol", "notes"),
    [
        ("G", "G B D"),
        ('"Am7"', "A C E G"),
        ("Bb", "Bb D F"),
        ("E♭", "Eb G Bb"),
        ("F#m", "F# A C#"),
        ("F♯min", "F# A C#"),
        ("D7", "D F# A C"),
        ("Cmaj7", "C E G B"),
        ("CM7", "C E G B"),
        ("Bdim", "B D F"),
        ("Bo7", "B D F G#"),
        ("Bm7b5", "B D F A"),
        ("C+", "C E G#"),
        ("Dsus4", "D G A"),
        ("Dsus2", "D E A"),
        ("A7sus4", "A D E G"),
        ("G6", "G B D E"),
        ("C6/9", "C E G A D"),
        ("G9", "G B D F A"),
        ("A5", "A E"),
        ("G(Em)", "G B D"),
        ("(Am)", "A C E"),
        ("Em;G", "E G B"),
    ],
)
def test_a_chord_symbol_is_its_notes(symbol: str, notes: str) -> None:
    found = read_chord(symbol)
    assert found is not None
    assert [NAMES[tone] for tone in found.tones] == notes.split()
    assert found.bass == found.root == found.tones[0]


def test_a_slash_names_the_bass() -> None:
    for symbol, bass in [("C/E", "E"), ("Am/g", "G"), ("D/f#", "F#"), ("D7/C", "C")]:
        found = read_chord(symbol)
        assert found is not None
        assert NAMES[found.bass] == bass
        assert found.tones[0] == found.root


@pytest.mark.parametrize(
    "symbol",
    ["", "4", "D.C.", "D.S. al Fine", "Fine", "Coda", "f", "H", "C/x", "A tune", "((", "tr"],
)
def test_other_words_are_no_chord(symbol: str) -> None:
    assert read_chord(symbol) is None


def test_no_chord_is_silence() -> None:
    assert read_chord("N.C.") == read_chord("NC") == NO_CHORD


@settings(deadline=None, derandomize=True)
@given(st.text("ABCDEFG#bm7dimajsu4/69+()NC. ♭°;,|-", max_size=12))
def test_any_words_are_read_or_passed_over(symbol: str) -> None:
    found = read_chord(symbol)
    if found is not None:
        assert {found.root, found.bass, *found.tones} <= set(range(12))
        assert found.transposed(12) == found
        assert found.transposed(5).transposed(7) == found


REEL = [(0, "G"), (1, "G"), (1, "B"), (1, "D"), (2, "D"), (3, "G"), (3, "B"), (3, "D")]


@pytest.mark.parametrize(
    ("meter", "body", "strokes"),
    [
        ("4/4", '"G"G8|', REEL),
        ("C|", '"G"G8|', REEL),
        ("3/4", '"G"G6|', [(0, "G"), (1, "G"), (1, "B"), (1, "D"), (2, "G"), (2, "B"), (2, "D")]),
        ("2/4", '"G"G4|', [(onset / 2, name) for onset, name in REEL]),
        (
            "6/8",
            '"G"G6|',
            [
                (0, "G"),
                *((1, note) for note in "GBD"),
                (1.5, "D"),
                *((2.5, note) for note in "GBD"),
            ],
        ),
        (
            "none",
            '"G"G4 "C"E4|',
            [(0, "G")] * 2 + [(0, n) for n in "BD"] + [(2, n) for n in "CGCE"],
        ),
    ],
)
def test_the_pattern_is_that_of_the_meter(
    meter: str, body: str, strokes: list[tuple[float, str]]
) -> None:
    assert sorted(played(body, meter=meter, key="G")) == sorted(strokes)


def test_a_chord_counts_until_the_next_and_a_new_one_brings_its_bass() -> None:
    found = played('"G"G4 "C"E4|D4 "Q"D4|', key="G")
    assert [(onset, name) for onset, name in found if onset in (0, 2, 4, 6)] == [
        (0, "G"),
        (2, "C"),
        (4, "C"),
        (6, "G"),  # the fifth, as what cannot be read is passed over
    ]
    late = played('"G"G6 "C"E2|', key="G")
    assert [name for onset, name in late if onset == 3] == ["C", "G", "C", "E"]


def test_nothing_sounds_before_the_first_chord_or_in_silence() -> None:
    assert [onset for onset, _ in played('G4 "C"E4|"N.C."D8|"G"G8|') if onset < 8] == [2, 3, 3, 3]
    assert played("G8|") == []
    assert played('"G"G8|', how="off") == []


def test_a_pickup_is_the_end_of_a_bar() -> None:
    body = '"A"A2|"D"d8|"A"A6:|'
    onsets = [onset for onset, _ in played(body)]
    # The pickup holds the fourth quarter; at the repeat it completes the last bar.
    assert sorted(set(onsets)) == list(range(16))
    bass = [(o, n) for o, n in played(body) if o in (1, 3, 5, 7, 9, 11)]
    assert bass[:2] == [(1, "D"), (3, "A")]


def test_the_accompaniment_moves_with_the_transposition() -> None:
    assert played('"G"G8|', key="G transpose=2")[0] == (0, "A")
    assert chosen("G2B2d2g2|", key="G transpose=2") == ["A"]


def test_it_lies_below_the_melody_in_loudness_and_overlaps_nothing() -> None:
    one = tune('A|"D"ABcd "G7"efga|"C/E"gfed "Am"cBA:|', meter="C|")
    performance = perform(one)
    check(accompany(one, performance, "written"), performance.duration)
    loudest = max(sound.velocity for sound in accompany(one, performance, "written"))
    assert loudest < min(sound.velocity for sound in performance.sounds)


def check(sounds: tuple[Sound, ...], duration: Fraction) -> None:
    """No note outlasts the tune, or the next of its pitch."""
    ends: dict[int, Fraction] = {}
    for sound in sounds:
        assert sound.duration > 0
        assert ends.get(sound.pitch, Fraction(0)) <= sound.onset
        ends[sound.pitch] = sound.onset + sound.duration
        assert ends[sound.pitch] <= duration


@pytest.mark.parametrize(
    ("key", "body", "chords"),
    [
        ("G", "G2B2 d2B2|c2e2 g2e2|d2f2 a2f2|g2d2 B2G2|", ["G", "C", "D", "G"]),
        ("Ador", "A2c2 e2c2|G2B2 d2B2|A2c2 e2c2|G2B2 A4|", ["Am", "G", "Am"]),
        ("Amix", "A2c2 e2c2|G2B2 d2B2|A2c2 e2c2|A8|", ["A", "G", "A"]),
        ("Em", "E2G2 B2G2|D2F2 A2F2|E2G2 B2G2|E8|", ["Em", "D", "Em"]),
        ("HP", "A2c2 e2c2|=G2B2 d2B2|A2c2 e2c2|A8|", ["A", "G", "A"]),
        ("none", "C2E2 G2E2|F2A2 c2A2|G2B2 d2B2|C8|", ["C", "F", "G", "C"]),
        ("Am ^g", "A2c2 e2c2|E2G2 B2G2|A2c2 e2c2|A8|", ["Am", "E", "Am"]),
    ],
)
def test_chords_are_chosen_by_key_and_notes(key: str, body: str, chords: list[str]) -> None:
    found = chosen(body, key=key)
    assert found[: len(chords)] == chords


def test_a_chord_changes_in_mid_bar_only_for_a_reason() -> None:
    assert chosen("G2B2 A2B2|G2B2 d2B2|", key="G") == ["G"]
    assert chosen("G2B2 d2B2|d2f2 a2d2|e2g2 d2f2|G8|", key="G")[-1] == "G"


def test_a_part_ends_on_the_tonic_after_a_dominant() -> None:
    """The dominant stands in the last bar or, where that is the tonic's alone, before it."""
    kesh = (
        "G3 GAB|A3 ABd|edd gdd|edB dBA|G3 GAB|A3 ABd|edd gdB|AGF G3:|",
        "B2B d2d|ege dBG|B2B dBG|ABA AGA|B2B d2d|ege dBd|gfg aga|bgg g3:|",
    )
    haste = "AF/G/A Agf|ede fdB|AF/G/A AFA|B2E E3|AF/G/A Agf|ede fdB|AFA fed|ABc d3:|"
    for part in kesh:
        assert chosen(part, key="G", meter="6/8")[-2:] == ["D", "G"]
    assert chosen(haste, key="D", meter="6/8")[-2:] == ["A", "D"]


def test_a_slip_jig_may_change_with_each_beat() -> None:
    found = chosen("B2E G2E F3|B2E G2E FED|B2E G2E F3|B2d d2B AFD:|", key="Em", meter="9/8")
    assert found[:3] == ["Em", "D", "Em"]
    assert found[-1] == "D"
    assert chosen("G2B d2B G2B|c2e g2e c2e|d2f a2f d2f|g2d B2d G3|", key="G", meter="9/8") == [
        *("G", "C", "D", "G"),
    ]


def test_a_pickup_has_no_chord_of_its_own() -> None:
    one = tune("D2|G2B2 d2B2|G6:|", key="G")
    assert choose_chords(perform(one))[0] == (1, make_chord(7))


def test_auto_plays_what_is_written_where_anything_is() -> None:
    written = tune('"Bb"D8|')
    assert has_chords(written)
    assert accompany(written, perform(written), "auto") == accompany(
        written, perform(written), "written"
    )
    fingered = tune('"4"D8|"D.C."D8|')
    assert not has_chords(fingered)
    assert accompany(fingered, perform(fingered), "auto")
    assert not accompany(fingered, perform(fingered), "written")


def test_a_tune_with_too_many_notes_in_its_chords_is_refused() -> None:
    """A meter of 128 beats in bars of rests: a few signs that would sound half a million times."""
    bomb = tune('"G"A|' + "Z15|" * 60, meter="64/2")
    with pytest.raises(TuneError, match="more than 3,000 notes once its repeats and chords"):
        accompany(bomb, perform(bomb), "written")


def test_chords_of_a_tune_without_meter_come_at_once() -> None:
    """Once, for each bar all chords were looked through."""
    free = tune("|:A|[1-8 B:|" * 50, meter="none")
    start = time.process_time()
    assert len(accompany(free, perform(free), "auto")) > 50
    assert time.process_time() - start < 2


def test_a_tune_of_endless_rests_is_refused() -> None:
    one = tune("A8|" + "Z64|" * 70)
    with pytest.raises(TuneError, match="bars"):
        accompany(one, perform(one), "auto")


_PIECES = (
    "A B2 c4 d/ (3efg z4 | :| |: || [1 :|[2 {gf}e3 [Ace]2 A-A "
    '"G" "D7" [M:3/4] [M:6/8] [M:none] [K:Gmix] [K:none]'
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.sampled_from(_PIECES.split()), max_size=40),
    st.sampled_from(["written", "auto"]),
    st.booleans(),
)
def test_whatever_is_played_can_be_accompanied(parts: list[str], how: str, repeats: bool) -> None:
    try:
        one = tune("".join(parts))
        performance = perform(one, repeats=repeats)
    except TuneError:
        return
    check(accompany(one, performance, how), performance.duration)
