"""MIDI files, read back with mido."""

import io
import itertools
from fractions import Fraction
from pathlib import Path

import mido
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from charnn.errors import TuneError, UsageError
from charnn.music.abc.reader import read_tunes
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.performance.player import perform
from charnn.music.performance.swing import EVEN, SWUNG
from charnn.music.sound import instruments
from charnn.music.sound.midi import midi_bytes
from charnn.music.tune.tune import Tune

DATA = Path(__file__).parent.parent / "data"
TUNES = [
    tune
    for path in sorted(DATA.glob("*.abc"))
    for tune in read_tunes(path.read_text(encoding="utf-8"))
]

PlayedNotes = list[tuple[float, int, float]]


def tune(body: str, header: str = "M:4/4\nL:1/4\n") -> Tune:
    return read_tunes(f"X:1\nT:Test\n{header}K:D\n{body}\n")[0]


def messages(written: bytes, kind: str) -> list[tuple[int, mido.Message]]:
    """Return the messages of one kind on all tracks, with their time in ticks."""
    found = []
    for track in mido.MidiFile(file=io.BytesIO(written)).tracks:
        times = itertools.accumulate(message.time for message in track)
        found += [(t, m) for t, m in zip(times, track, strict=True) if m.type == kind]
    return found


def played_notes(written: bytes) -> PlayedNotes:
    """Return the notes of all tracks as (onset, pitch, duration), in quarter notes.

    Asserts that every note ends, and that no pitch begins while it sounds.
    """
    file = mido.MidiFile(file=io.BytesIO(written))
    notes: PlayedNotes = []
    for track in file.tracks:
        now, sounding = 0, dict[int, int]()
        for message in track:
            now += message.time
            if message.type == "note_on" and message.velocity:
                assert message.note not in sounding, "the pitch begins while it sounds"
                sounding[message.note] = now
            elif message.type in ("note_off", "note_on"):
                start = sounding.pop(message.note)
                quarters = file.ticks_per_beat
                notes.append((start / quarters, message.note, (now - start) / quarters))
        assert not sounding, "a note has no end"
    return sorted(notes)


def beats_a_minute(written: bytes) -> list[int]:
    return [round(60e6 / message.tempo) for _, message in messages(written, "set_tempo")]


@pytest.mark.parametrize("read", TUNES, ids=lambda tune: tune.titles[0])
def test_the_file_has_the_notes_of_the_performance(read: Tune) -> None:
    expected = [(s.onset, s.pitch, s.duration) for s in perform(read).sounds]
    found = played_notes(midi_bytes(Playback(read)))
    assert [pitch for _, pitch, _ in found] == [pitch for _, pitch, _ in expected]
    for (onset, _, duration), (expected_onset, _, expected_duration) in zip(
        found, expected, strict=True
    ):
        assert onset == pytest.approx(float(expected_onset), abs=1e-3)
        assert duration == pytest.approx(float(expected_duration), abs=1e-3)


@pytest.mark.parametrize(
    ("header", "quarters"),
    [
        ("M:4/4\nQ:1/4=120\n", 120),
        ("M:4/4\nQ:3/8=120\n", 180),
        ("M:4/4\nQ:1/2=90\n", 180),
        ('M:4/4\nQ:"Slow" 1/4=60\n', 60),
        ("M:4/4\nQ:100\n", 100),
        ("M:4/4\nL:1/8\nQ:C=100\n", 50),
        ("R:reel\nM:C|\nQ:Allegro\n", 210),
        ("R:reel\nM:4/4\n", 210),
        ("R:double jig\nM:6/8\n", 180),
        ("R:slip jig\nM:9/8\n", 180),
        ("R:slipjig\nM:9/8\n", 180),
        ("R:jig\nM:3/8\n", 180),
        ("R:Jig\nM:2/4\n", 104),
        ("R:jig\nM:none\n", 120),
        ("R:slide\nM:12/8\n", 218),
        ("R:march\nM:6/8\n", 165),
        ("R:march\nM:C\n", 150),
        ("R:Marches\nM:C|\n", 150),
        ("R:march\nM:2/4\n", 110),
        ("R:air\nM:3/4\n", 70),
        ("R:Fairy dance\nM:C|\n", 200),
        ("R:hornpipe\nM:4/4\n", 160),
        ("R:hornpipe\nM:2/4\n", 80),
        ("R:Polka\nM:2/4\n", 135),
        ("M:6/8\n", 180),
        ("M:C|\n", 200),
        ("M:3/4\n", 110),
        ("M:none\n", 120),
        ("", 120),
    ],
)
def test_the_tempo_is_that_of_the_tune_or_usual_for_its_kind(header: str, quarters: int) -> None:
    assert beats_a_minute(midi_bytes(Playback(tune("A", header)))) == [quarters]


def test_a_requested_tempo_counts_the_beat_of_the_tune() -> None:
    jig = tune("A3 B3|[Q:3/8=60]c6|", "R:jig\nM:6/8\nL:1/8\nQ:3/8=120\n")
    assert beats_a_minute(midi_bytes(Playback(jig))) == [180, 90]
    assert beats_a_minute(midi_bytes(Playback(jig, PlaybackOptions(tempo=100)))) == [150, 75]
    assert beats_a_minute(
        midi_bytes(Playback(tune("A", "R:reel\nM:C|\n"), PlaybackOptions(tempo=90)))
    ) == [180]
    practice = PlaybackOptions(speed=Fraction(7, 10))
    assert beats_a_minute(midi_bytes(Playback(jig, practice))) == [126, 63]
    with pytest.raises(UsageError, match=r"--tempo 1% .* choose 2\.6\d+ to"):
        midi_bytes(Playback(jig, PlaybackOptions(speed=Fraction(1, 100))))


@pytest.mark.parametrize("tempo", [0, -5, 1e9, float("nan"), float("inf"), 1e-9])
def test_an_impossible_tempo_is_refused(tempo: float) -> None:
    with pytest.raises(UsageError, match="tempo"):
        midi_bytes(Playback(tune("A"), PlaybackOptions(tempo=tempo)))


@pytest.mark.parametrize(
    ("instrument", "program"),
    [
        ("violin", 40),
        ("fiddle", 40),
        ("flute", 73),
        ("accordion", 21),
        ("Banjo", 105),
        ("harp", 46),
    ],
)
def test_the_instrument_sets_the_program_before_the_first_note(
    instrument: str, program: int
) -> None:
    written = midi_bytes(Playback(tune("A"), PlaybackOptions(instrument=instrument)))
    changes = messages(written, "program_change")
    assert {message.program for _, message in changes} == {program}
    assert {when for when, _ in changes} == {0}


@pytest.mark.parametrize(
    ("instrument", "pitch"),
    [("tin whistle", 81), ("low whistle", 69), ("Contrabass", 57), ("Clarinet in B flat", 69)],
)
def test_an_instrument_sounds_in_its_own_octave(instrument: str, pitch: int) -> None:
    def pitches(instrument: str) -> list[int]:
        options = PlaybackOptions(instrument=instrument, chords="written")
        return [each for _, each, _ in played_notes(midi_bytes(Playback(tune('"A"A|'), options)))]

    chords = pitches("fiddle")
    chords.remove(69)
    assert sorted(pitches(instrument)) == sorted([pitch, *chords])


@pytest.mark.parametrize("instrument", ["", "nonsense", "["])
def test_an_unknown_instrument_is_refused(instrument: str) -> None:
    with pytest.raises(UsageError, match="instrument"):
        midi_bytes(Playback(tune("A"), PlaybackOptions(instrument=instrument)))


def test_the_error_for_a_misspelt_instrument_suggests_a_name() -> None:
    with pytest.raises(UsageError, match="did you mean accordion"):
        midi_bytes(Playback(tune("A"), PlaybackOptions(instrument="acordion")))


@pytest.mark.parametrize("name", [*instruments.NAMES, "Shakuhachi", "Violoncello"])
def test_every_instrument_has_a_program(name: str) -> None:
    assert 0 <= instruments.find_instrument(name).program <= 127


def test_chords_have_their_own_track_channel_and_program() -> None:
    body = '"D"ABcd|"G"efga|'
    for instrument, programs in [("fiddle", [40, 25]), ("mandolin", [25, 0])]:
        written = midi_bytes(
            Playback(tune(body), PlaybackOptions(chords="written", instrument=instrument))
        )
        file = mido.MidiFile(file=io.BytesIO(written))
        assert [track.name for track in file.tracks] == ["", "Test", "Chords"]
        changes = dict.fromkeys(
            (message.channel, message.program) for _, message in messages(written, "program_change")
        )
        assert [program for _, program in changes] == programs
        assert len({channel for channel, _ in changes}) == 2
        for track, (channel, _) in zip(file.tracks[1:], changes, strict=True):
            assert {m.channel for m in track if not m.is_meta} == {channel}
    melody = midi_bytes(Playback(tune(body)))
    assert [n for n in played_notes(written) if n[1] >= 69] == played_notes(melody)


def test_the_velocity_follows_the_beats() -> None:
    def velocities(body: str, header: str) -> list[int]:
        notes_on = messages(midi_bytes(Playback(tune(body, header))), "note_on")
        return [message.velocity for _, message in notes_on if message.velocity]

    first, beat, off_beat, grace = 100, 91, 82, 72
    assert velocities("ABcABc|A", "M:6/8\nL:1/8\n") == [
        first,
        *[off_beat] * 2,
        beat,
        *[off_beat] * 2,
        first,
    ]
    assert velocities("A/B/|cd", "M:2/4\nL:1/4\n") == [beat, off_beat, first, beat]
    assert velocities("{g}AB", "M:2/4\nL:1/4\n") == [grace, first, beat]
    assert velocities("AB", "M:none\nL:1/4\n") == [beat, beat]


@pytest.mark.parametrize(
    ("swing", "header", "onsets"),
    [
        (None, "R:hornpipe\nM:4/4\n", [0, 20, 30, 50]),
        (None, "R:reel\nM:4/4\n", [0, 15, 30, 45]),
        (SWUNG, "R:reel\nM:4/4\n", [0, 20, 30, 50]),
        (SWUNG, "R:reel\nM:C|\n", [0, 20, 30, 50]),
        (SWUNG, "R:waltz\nM:3/4\n", [0, 20, 30, 50]),
        (Fraction(3, 5), "R:reel\nM:4/4\n", [0, 18, 30, 48]),
        (Fraction(3, 5), "R:hornpipe\nM:4/4\n", [0, 18, 30, 48]),
        (Fraction(3, 4), "R:polka\nM:2/4\nL:1/16\n", [0, 11.25, 15, 26.25]),
        (EVEN, "R:hornpipe\nM:4/4\n", [0, 15, 30, 45]),
    ],
)
def test_swing_is_for_hornpipes_or_on_request(
    swing: Fraction | None, header: str, onsets: list[float]
) -> None:
    found = played_notes(
        midi_bytes(Playback(tune("ABcd|", "L:1/8\n" + header), PlaybackOptions(swing=swing)))
    )
    assert [round(onset * 30, 2) for onset, _, _ in found] == onsets


@pytest.mark.parametrize(
    ("header", "body", "onsets"),
    [
        ("M:6/8\n", "c|ABc d2e|", [0, 10, 22, 30, 40, 60]),
        ("M:9/8\n", "ABc {g}A>Bc zBc|", [0, 12, 20, 30, 45, 50, 70, 80]),
        ("M:3/8\n", "ABc|", [0, 12, 20]),
    ],
)
def test_swing_of_a_jig_lengthens_the_first_of_three(
    header: str, body: str, onsets: list[float]
) -> None:
    playback = Playback(
        tune(body, header + "L:1/8\n"), PlaybackOptions(swing=Fraction(3, 5), graces=False)
    )
    assert [round(onset * 20, 2) for onset, _, _ in played_notes(midi_bytes(playback))] == onsets


@pytest.mark.parametrize(
    ("body", "letters"),
    [
        ("|:AB:|:cd:|", "ABcd"),
        ("|:A|1B:|2c:|d", "Acd"),
        ("|:A|1B:|2c|3d||e", "Ade"),
        ("AB|1cd:|2ef|]", "ABef"),
        ("||:A||1B:|c|", "Ac"),
        ("::A::B::", "AB"),
    ],
)
def test_without_repeats_each_section_is_played_once_with_its_last_ending(
    body: str, letters: str
) -> None:
    found = midi_bytes(Playback(tune(body), PlaybackOptions(repeats=False)))
    plain = midi_bytes(Playback(tune(letters)))
    assert [pitch for _, pitch, _ in played_notes(found)] == [
        pitch for _, pitch, _ in played_notes(plain)
    ]


def test_without_repeats_each_lettered_part_is_played_once() -> None:
    read = read_tunes("X:1\nP:A2B2A\nM:2/4\nL:1/4\nK:C\nP:A\nCD|\nP:B\nEF|\n")[0]
    assert [
        pitch
        for _, pitch, _ in played_notes(midi_bytes(Playback(read, PlaybackOptions(repeats=False))))
    ] == [
        60,
        62,
        64,
        65,
    ]


def test_key_and_meter_are_written_where_they_change() -> None:
    written = midi_bytes(Playback(tune("ABcd|[M:6/8][K:G]A3|", "M:C|\nL:1/4\n")))
    meters = messages(written, "time_signature")
    assert [(m.numerator, m.denominator) for _, m in meters] == [(2, 2), (6, 8)]
    assert [m.key for _, m in messages(written, "key_signature")] == ["D", "G"]
    assert [when for when, _ in meters] == [
        0,
        4 * mido.MidiFile(file=io.BytesIO(written)).ticks_per_beat,
    ]


def test_grace_notes_can_be_left_out() -> None:
    assert [
        pitch
        for _, pitch, _ in played_notes(
            midi_bytes(Playback(tune("{g}A"), PlaybackOptions(graces=False)))
        )
    ] == [69]
    assert [pitch for _, pitch, _ in played_notes(midi_bytes(Playback(tune("{g}A"))))] == [79, 69]


def test_chord_symbols_and_annotations_are_silent_by_default() -> None:
    assert len(played_notes(midi_bytes(Playback(tune('"G7"A"^loud"B'))))) == 2


def test_a_tune_without_notes_is_refused() -> None:
    with pytest.raises(TuneError, match="no notes"):
        midi_bytes(Playback(tune("z4|z4|")))


_NOTE = st.builds(
    "".join,
    st.tuples(
        st.sampled_from(["", "^", "_", "=", "{ga}", "(3", "~", "T", "[CE", ">", "-"]),
        st.sampled_from(["A", "B,", "c'", "d", "z"]),
        st.sampled_from(["", "2", "3/2", "/", "//", "7/64", "64", "/64", "/3"]),
        st.sampled_from(
            ["", "]", "-", ">", ">>>", "<", "|", ":|", "|1", ":|2", "[M:7/16]", "[L:1/64]"]
        ),
    ),
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(_NOTE, min_size=1, max_size=30).map("".join))
def test_every_note_of_any_tune_ends(body: str) -> None:
    try:
        read = tune(body, "M:4/4\nL:1/8\n")
        performance = perform(read)
        written = midi_bytes(Playback(read))
    except TuneError:
        return
    found = played_notes(written)
    assert len(found) <= len(performance.sounds)
    end = max(onset + duration for onset, _, duration in found)
    assert end <= float(performance.duration) + 1e-2


@pytest.mark.parametrize("body", ["Q:1/4=60\nABcd", "[Q:1/4=60]ABcd", '"D"[Q:1/4=60]ABcd'])
def test_a_tempo_before_the_first_note_is_the_first_tempo(body: str) -> None:
    assert beats_a_minute(midi_bytes(Playback(tune(body)))) == [60]
    assert beats_a_minute(midi_bytes(Playback(tune(body, "M:4/4\nL:1/4\nQ:1/4=90\n")))) == [60]
    assert beats_a_minute(midi_bytes(Playback(tune(body), PlaybackOptions(tempo=30)))) == [30]


def test_a_tempo_field_of_words_does_not_change_the_tempo() -> None:
    assert beats_a_minute(midi_bytes(Playback(tune('A[Q:"slower"]B', "R:reel\nM:C|\n")))) == [210]


def test_a_repeat_restores_the_tempo_of_its_beginning() -> None:
    body = "|:AB[Q:1/4=60]cd:|"
    for header in ("M:4/4\nL:1/4\n", "M:4/4\nL:1/4\nQ:1/4=120\n"):
        assert beats_a_minute(midi_bytes(Playback(tune(body, header)))) == [120, 60, 120, 60]


def test_the_error_for_a_tempo_names_the_limits() -> None:
    with pytest.raises(UsageError, match=r"choose 2\.66667 to 1333\.33"):
        midi_bytes(Playback(tune("A", "M:6/8\n"), PlaybackOptions(tempo=1400)))
    late = tune("A[Q:1/4=2000]B", "M:4/4\nQ:1/4=100\n")
    assert beats_a_minute(midi_bytes(Playback(late, PlaybackOptions(tempo=200)))) == [200, 2000]


def test_the_key_signature_is_transposed_with_the_notes() -> None:
    read = read_tunes("X:1\nL:1/4\nK:C transpose=2\nTF[K:F transpose=-12]F\n")[0]
    written = midi_bytes(Playback(read))
    assert [m.key for _, m in messages(written, "key_signature")] == ["D", "F"]
    assert {pitch for _, pitch, _ in played_notes(written)} == {69, 67, 53}


def test_the_track_has_the_title_as_its_name() -> None:
    assert "Test" in {
        message.name for _, message in messages(midi_bytes(Playback(tune("A"))), "track_name")
    }
    untitled = read_tunes("X:1\nK:C\nA\n")[0]
    assert played_notes(midi_bytes(Playback(untitled)))
    foreign = read_tunes("X:1\nT:\u041f\u043b\u044f\u0441\u043a\u0430 \u266f\nK:C\nA\n")[0]
    assert played_notes(midi_bytes(Playback(foreign)))


def meters(written: bytes) -> list[tuple[float, str]]:
    """Return the time signatures with their onset in quarter notes."""
    quarter = mido.MidiFile(file=io.BytesIO(written)).ticks_per_beat
    return [
        (when / quarter, f"{message.numerator}/{message.denominator}")
        for when, message in messages(written, "time_signature")
    ]


@pytest.mark.parametrize(
    ("body", "header", "expected"),
    [
        ("A|ABcd|d4|]", "M:4/4\nL:1/4\n", [(0, "1/4"), (1, "4/4")]),
        ("|:(3ABc|d3 d3|", "M:6/8\nL:1/8\n", [(0, "2/8"), (1, "6/8")]),
        ("A/B/|:ABcdABcd:|", "M:C|\nL:1/8\n", [(0, "1/8"), (0.5, "2/2")]),
        # Bars begin on beats again after each repeat, even where the next part has no pickup.
        ("|:A|BcdA|Bcd:|:d|cBAd|cBA:|", "M:4/4\nL:1/4\n", [(0, "1/4"), (1, "4/4")]),
        ("|:A|BcdA|1Bcd:|2Bcd2|]", "M:4/4\nL:1/4\n", [(0, "1/4"), (1, "4/4")]),
        ("Bc|dA [1B2:|[2B2|]", "M:4/4\nL:1/4\n", [(0, "2/4"), (2, "4/4")]),
        (
            "|:A|BcdA|BcdA:|BcdA|",
            "M:4/4\nL:1/4\n",
            [(0, "1/4"), (1, "4/4"), (9, "1/4"), (10, "4/4")],
        ),
        ("ABcd|ABc|ABcd|", "M:4/4\nL:1/4\n", [(0, "4/4"), (4, "3/4"), (7, "4/4")]),
        ("ABcdABcd|ABcd|", "M:4/4\nL:1/4\n", [(0, "4/4")]),
        ("A|[M:3/4]ABc|", "M:4/4\nL:1/4\n", [(0, "1/4"), (1, "3/4")]),
        ("[M:3/4]A|ABc|", "M:4/4\nL:1/4\n", [(0, "1/4"), (1, "3/4")]),
        ("(3AB|ABcd|", "M:4/4\nL:1/4\n", [(0, "4/4"), (pytest.approx(4 / 3, abs=1e-3), "4/4")]),
        ("ABcd|A|", "M:4/4\nL:1/4\n", [(0, "4/4")]),
        ("A", "M:4/4\nL:1/4\n", [(0, "4/4")]),
        ("A|ABcd|", "M:none\nL:1/4\n", [(0, "4/4")]),
    ],
)
def test_irregular_bars_have_a_meter_of_their_own(
    body: str, header: str, expected: list[tuple[float, str]]
) -> None:
    assert meters(midi_bytes(Playback(tune(body, header)))) == expected


def test_a_pickup_does_not_move_the_notes() -> None:
    onsets = [onset for onset, _, _ in played_notes(midi_bytes(Playback(tune("A|BcdA|B"))))]
    assert onsets == [0, 1, 2, 3, 4, 5]
