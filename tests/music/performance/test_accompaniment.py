"""The accompaniment: reading chord symbols, choosing chords, and playing both."""

import time
from fractions import Fraction

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError
from charnn.music.abc.reader import read_tunes
from charnn.music.performance.accompaniment import Chords, accompany, has_chords
from charnn.music.performance.harmony import choose_chords
from charnn.music.performance.performance import Sound
from charnn.music.performance.player import perform
from charnn.music.tune.chord_symbols import NO_CHORD, make_chord, read_chord
from charnn.music.tune.tune import Tune

NAMES = ["C", "C#", "D", "Eb", "E", "F", "F#", "G", "G#", "A", "Bb", "B"]


def tune(body: str, key: str = "D", meter: str = "4/4", rhythm: str = "reel") -> Tune:
    return read_tunes(f"X:1\nR:{rhythm}\nM:{meter}\nL:1/8\nK:{key}\n{body}\n")[0]


def accompaniment(body: str, chords: Chords = "written", **header: str) -> list[tuple[float, str]]:
    """Return the accompaniment as pairs of onset (in quarter notes) and note name."""
    read = tune(body, **header)
    sounds = accompany(read, perform(read), chords)
    return [(float(sound.onset), NAMES[sound.pitch % 12]) for sound in sounds]


def chosen_chords(body: str, **header: str) -> list[str]:
    """Return the chosen chords as their root, with `m` for a minor third."""
    return [
        NAMES[chord.root] + ("m" if (chord.root + 3) % 12 in chord.tones else "")
        for _, chord in choose_chords(perform(tune(body, **header)))
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
def test_a_chord_symbol_is_read_as_its_notes(symbol: str, notes: str) -> None:
    found = read_chord(symbol)
    assert found is not None
    assert [NAMES[tone] for tone in found.tones] == notes.split()
    assert found.bass == found.root == found.tones[0]


def test_the_note_after_a_slash_is_the_bass() -> None:
    for symbol, bass in [("C/E", "E"), ("Am/g", "G"), ("D/f#", "F#"), ("D7/C", "C")]:
        found = read_chord(symbol)
        assert found is not None
        assert NAMES[found.bass] == bass
        assert found.tones[0] == found.root


@pytest.mark.parametrize(
    "symbol",
    ["", "4", "D.C.", "D.S. al Fine", "Fine", "Coda", "f", "H", "C/x", "A tune", "((", "tr"],
)
def test_other_words_are_not_read_as_chords(symbol: str) -> None:
    assert read_chord(symbol) is None


def test_nc_is_read_as_silence() -> None:
    assert read_chord("N.C.") == read_chord("NC") == NO_CHORD


@settings(deadline=None, derandomize=True)
@given(st.text("ABCDEFG#bm7dimajsu4/69+()NC. ♭°;,|-", max_size=12))
def test_any_text_is_read_or_skipped(symbol: str) -> None:
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
def test_the_strokes_follow_the_meter(
    meter: str, body: str, strokes: list[tuple[float, str]]
) -> None:
    assert sorted(accompaniment(body, meter=meter, key="G")) == sorted(strokes)


def test_a_chord_lasts_until_the_next_and_begins_with_its_bass() -> None:
    found = accompaniment('"G"G4 "C"E4|D4 "Q"D4|', key="G")
    assert [(onset, name) for onset, name in found if onset in (0, 2, 4, 6)] == [
        (0, "G"),
        (2, "C"),
        (4, "C"),
        (6, "G"),  # the fifth of C, since the unreadable symbol is skipped
    ]
    late = accompaniment('"G"G6 "C"E2|', key="G")
    assert [name for onset, name in late if onset == 3] == ["C", "G", "C", "E"]


def test_nothing_sounds_before_the_first_chord_or_during_nc() -> None:
    assert [onset for onset, _ in accompaniment('G4 "C"E4|"N.C."D8|"G"G8|') if onset < 8] == [
        2,
        3,
        3,
        3,
    ]
    assert accompaniment("G8|") == []
    assert accompaniment('"G"G8|', chords="off") == []


def test_the_chord_symbols_of_a_note_share_its_time() -> None:
    shared, written = accompaniment('"G""D7"G8|', key="G"), accompaniment('"G"G4"D7"G4|', key="G")
    assert shared == written
    assert [onset for onset, _ in accompaniment('"G""N.C.""what"G8|"D"D8|') if onset < 4] == [
        *(0, 1, 1, 1),
    ]


def test_a_pickup_is_accompanied_as_the_end_of_a_bar() -> None:
    body = '"A"A2|"D"d8|"A"A6:|'
    onsets = [onset for onset, _ in accompaniment(body)]
    # The pickup is the fourth quarter of a bar; at the repeat it completes the last bar.
    assert sorted(set(onsets)) == list(range(16))
    bass = [(o, n) for o, n in accompaniment(body) if o in (1, 3, 5, 7, 9, 11)]
    assert bass[:2] == [(1, "D"), (3, "A")]


def test_the_accompaniment_is_transposed_with_the_tune() -> None:
    assert accompaniment('"G"G8|', key="G transpose=2")[0] == (0, "A")
    assert chosen_chords("G2B2d2g2|", key="G transpose=2") == ["A"]


def test_the_accompaniment_is_softer_than_the_melody() -> None:
    reel = tune('A|"D"ABcd "G7"efga|"C/E"gfed "Am"cBA:|', meter="C|")
    performance = perform(reel)
    assert_no_overlaps(accompany(reel, performance, "written"), performance.duration)
    loudest = max(sound.velocity for sound in accompany(reel, performance, "written"))
    assert loudest < min(sound.velocity for sound in performance.sounds)


def assert_no_overlaps(sounds: tuple[Sound, ...], duration: Fraction) -> None:
    """Assert that no note lasts beyond the tune or into the next note of its pitch."""
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
def test_chosen_chords_fit_key_and_notes(key: str, body: str, chords: list[str]) -> None:
    assert chosen_chords(body, key=key)[: len(chords)] == chords


def test_a_chord_changes_within_a_bar_only_if_the_notes_do() -> None:
    assert chosen_chords("G2B2 A2B2|G2B2 d2B2|", key="G") == ["G"]
    assert chosen_chords("G2B2 d2B2|d2f2 a2d2|e2g2 d2f2|G8|", key="G")[-1] == "G"


def test_a_part_ends_with_a_cadence() -> None:
    """The dominant is in the last bar or, if the tonic fills that bar, in the bar before."""
    kesh = (
        "G3 GAB|A3 ABd|edd gdd|edB dBA|G3 GAB|A3 ABd|edd gdB|AGF G3:|",
        "B2B d2d|ege dBG|B2B dBG|ABA AGA|B2B d2d|ege dBd|gfg aga|bgg g3:|",
    )
    haste = "AF/G/A Agf|ede fdB|AF/G/A AFA|B2E E3|AF/G/A Agf|ede fdB|AFA fed|ABc d3:|"
    for part in kesh:
        assert chosen_chords(part, key="G", meter="6/8")[-2:] == ["D", "G"]
    assert chosen_chords(haste, key="D", meter="6/8")[-2:] == ["A", "D"]


def test_a_slip_jig_can_change_chord_on_every_beat() -> None:
    found = chosen_chords("B2E G2E F3|B2E G2E FED|B2E G2E F3|B2d d2B AFD:|", key="Em", meter="9/8")
    assert found[:3] == ["Em", "D", "Em"]
    assert found[-1] == "D"
    assert chosen_chords(
        "G2B d2B G2B|c2e g2e c2e|d2f a2f d2f|g2d B2d G3|", key="G", meter="9/8"
    ) == [
        *("G", "C", "D", "G"),
    ]


def test_no_chord_is_chosen_for_a_pickup() -> None:
    reel = tune("D2|G2B2 d2B2|G6:|", key="G")
    assert choose_chords(perform(reel))[0] == (1, make_chord(7))


def test_auto_plays_written_chords_if_there_are_any() -> None:
    written = tune('"Bb"D8|')
    assert has_chords(written)
    assert accompany(written, perform(written), "auto") == accompany(
        written, perform(written), "written"
    )
    fingered = tune('"4"D8|"D.C."D8|')
    assert not has_chords(fingered)
    assert accompany(fingered, perform(fingered), "auto")
    assert not accompany(fingered, perform(fingered), "written")


def test_an_accompaniment_with_too_many_notes_is_refused() -> None:
    """A few characters ask for half a million notes: 900 bars of 64 half notes, and a chord."""
    bomb = tune('"G"A|' + "Z15|" * 60, meter="64/2")
    with pytest.raises(TuneError, match="more than 3,000 notes once its repeats and chords"):
        accompany(bomb, perform(bomb), "written")


def test_choosing_chords_without_a_meter_takes_linear_time() -> None:
    """An earlier version searched all chords for every bar, which took 71 s."""
    free = tune("|:A|[1-8 B:|" * 50, meter="none")
    start = time.process_time()
    assert len(accompany(free, perform(free), "auto")) > 50
    assert time.process_time() - start < 2


def test_a_tune_with_too_many_bars_of_rest_is_refused() -> None:
    reel = tune("A8|" + "Z64|" * 70)
    with pytest.raises(TuneError, match="bars"):
        accompany(reel, perform(reel), "auto")


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
def test_any_tune_that_can_be_performed_can_be_accompanied(
    parts: list[str], chords: Chords, repeats: bool
) -> None:
    try:
        reel = tune("".join(parts))
        performance = perform(reel, repeats=repeats)
    except TuneError:
        return
    assert_no_overlaps(accompany(reel, performance, chords), performance.duration)
