"""A performance has the right onsets and durations: ties, graces, ornaments, swing, changes."""

from fractions import Fraction
from itertools import pairwise
from typing import Any

import pytest

from charnn.music.abc.reader import read_tunes
from charnn.music.performance.performance import Performance
from charnn.music.performance.player import perform
from charnn.music.performance.swing import EVEN
from charnn.music.tune.tune import Key, Meter, Tempo

NAMES = ["C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B"]


def play(body: str, header: str = "M:4/4\nL:1/4\n", key: str = "C", **options: Any) -> Performance:
    return perform(read_tunes(f"X:1\nT:Test\n{header}K:{key}\n{body}\n")[0], **options)


def heard(body: str, header: str = "M:4/4\nL:1/4\n", key: str = "C", **options: Any) -> str:
    """Return the names of the notes in the order they are played."""
    return "".join(NAMES[s.pitch % 12] for s in play(body, header, key, **options).sounds)


def times(body: str, header: str = "M:4/4\nL:1/4\n", **options: Any) -> list[tuple[str, str]]:
    """Return onset and duration of each note, in quarter notes."""
    sounds = play(body, header, **options).sounds
    return [(str(sound.onset), str(sound.duration)) for sound in sounds]


def test_ties_join_notes_of_one_pitch() -> None:
    assert times("C-C2-|C D") == [("0", "4"), ("4", "1")]
    assert times("C-D") == [("0", "1"), ("1", "1")]
    assert times("C-z C") == [("0", "1"), ("2", "1")]
    assert times("[CE]-[CE] [C-E]C") == [("0", "2"), ("0", "2"), ("2", "2"), ("2", "1")]


def test_ties_last_over_repeats() -> None:
    assert times("C-|:C D-:|D") == [("0", "2"), ("2", "1"), ("3", "1"), ("4", "2")]


def test_a_longer_chord_note_ends_when_it_is_struck_again() -> None:
    assert times("[E2C4]C") == [("0", "2"), ("0", "2"), ("2", "1")]


def test_unisons_in_a_chord_sound_once() -> None:
    assert times("[CC]") == [("0", "1")]


def test_graces_take_their_time_from_their_note() -> None:
    assert times("A{ga}B") == [("0", "1"), ("1", "1/8"), ("9/8", "1/8"), ("5/4", "3/4")]
    assert times("{gaga}A/4B", ornaments=False)[-2:] == [("1/8", "1/8"), ("1/4", "1")]
    assert times("A{ga}B", graces=False) == [("0", "1"), ("1", "1")]
    assert times("A-{g}A") == [("0", "2")]


def test_a_roll_on_three_units_is_the_long_roll() -> None:
    roll = play("~G3A|", "M:6/8\nL:1/8\n", "G").sounds
    assert [sound.pitch for sound in roll] == [67, 69, 67, 66, 67, 69]
    assert [str(s.duration) for s in roll] == ["1/2", "1/8", "3/8", "1/8", "3/8", "1/2"]
    assert heard("~G2A|", "M:6/8\nL:1/8\n", ornaments=False) == "GA"
    assert heard("~(G2A)|", "M:6/8\nL:1/8\n") == "GA"


def test_a_trill_alternates_with_the_next_note_of_the_key() -> None:
    trill = play("TB2", "M:4/4\nL:1/8\nQ:1/4=120\n", "G").sounds
    assert [sound.pitch for sound in trill] == [72, 71] * 4
    assert len(play("TB2", "M:4/4\nL:1/8\nQ:1/4=180\n").sounds) == 4


def test_hornpipes_swing() -> None:
    swung = ["2/3", "1/3"]
    header = "M:4/4\nL:1/8\nR:hornpipe\n"
    durations = [duration for _, duration in times("(C D)E>F G2 (3ABc|c<d E/F/G AB", header)]
    assert durations[:4] == swung * 2
    assert durations[4:8] == ["1", "1/3", "1/3", "1/3"]
    assert durations[8:] == ["1/3", "2/3", "1/4", "1/4", "1/2", *swung]
    assert [d for _, d in times("ABc|d4", header)] == [
        "1/2",
        *swung,
        "2",
    ]  # the pickup's end counts
    assert {d for _, d in times("CDEF", header, swing=EVEN)} == {"1/2"}
    assert {d for _, d in times("CDEF", "M:4/4\nL:1/8\nR:reel\n")} == {"1/2"}
    # Dotted pairs of a hornpipe are even ones by another name; those of a reel are not.
    gently = Fraction(3, 5)
    assert [d for _, d in times("CDE>F", header, swing=gently)] == ["3/5", "2/5"] * 2
    reel = header.replace("hornpipe", "reel")
    assert [d for _, d in times("CDE>F", reel, swing=gently)] == ["3/5", "2/5", *swung]


@pytest.mark.parametrize(
    ("body", "swung"),
    [
        ("D|:GABc dBGB|1 AGAB G3D:|2 AGGF G3|]", "GA Bc dB GB AG AB GA Bc dB GB AG GF"),
        # the endings begin in mid-bar
        ("G8|GABc d|1 cBA:|2 edc|]", "GA Bc BA GA Bc dc"),
        ("G8|GABc d2|1 GA:|2 FE|]", "GA Bc GA GA Bc FE"),
        # a double bar and a repeat in mid-bar, and a last bar that lacks its end
        ("G8|GABc d||cBA|GABc d3:|", "GA Bc BA GA Bc BA GA Bc"),
        ("D3 c:|cBA G2|GABc d3|]", "BA GA Bc"),
        ("P:A\nG8|GABc d3|\nP:B\nD|GABc d4|", "GA Bc GA Bc"),
    ],
)
def test_swing_counts_from_the_beat_of_the_bar(body: str, swung: str) -> None:
    sounds = play(body, "M:4/4\nL:1/8\nR:hornpipe\n").sounds
    long, short = Fraction(2, 3), Fraction(1, 3)
    pairs = [
        NAMES[one.pitch % 12] + NAMES[two.pitch % 12]
        for one, two in pairwise(sounds)
        if (one.duration, two.duration) == (long, short)
    ]
    assert " ".join(pairs) == swung.upper()


def test_changes_of_key_meter_and_tempo_come_again_in_repeats() -> None:
    changes = play("|:A|[K:D][M:3/4][Q:1/4=60]B:|", "M:4/4\nL:1/4\nQ:1/4=90\n").changes
    beats = [
        (change.onset, change.value.beats) for change in changes if isinstance(change.value, Tempo)
    ]
    assert beats == [(0, 90), (1, 60), (2, 90), (3, 60)]
    assert [c.onset for c in changes if isinstance(c.value, Key)] == [0, 1, 2, 3]
    assert [c.onset for c in changes if isinstance(c.value, Meter)] == [0, 1, 2, 3]


def test_time_passes_in_rests() -> None:
    performance = play("z2 A z")
    assert performance.duration == Fraction(4)
    assert [sound.onset for sound in performance.sounds] == [2]


def test_the_length_of_a_roll_depends_on_the_unit_in_force() -> None:
    inline, header = "[L:1/8]~A3 z", "M:6/8\nL:1/16\n"
    assert times(inline, header) == times("~A3 z", "M:6/8\nL:1/8\n")
    assert len(times(inline, header)) == 5


def test_the_speed_of_a_trill_depends_on_the_tempo() -> None:
    assert len(play("TB4", "M:C\nL:1/8\nQ:1/4=180\n").sounds) == 8
    assert len(play("TB4", "M:C\nL:1/8\n").sounds) == 16
    assert len(play("TB4", "M:6/8\nL:1/8\n").sounds) == 16  # a jig goes at 180, by custom


def test_a_trill_has_at_most_64_strokes() -> None:
    assert len(play("TB64", "M:4/4\nL:1/1\n").sounds) == 64
