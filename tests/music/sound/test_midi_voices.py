"""MIDI and sound of several voices: a track each, all at the same time."""

import pytest

from charnn.errors import TuneError
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.sound.arrangement import arrange
from charnn.music.sound.midi import midi_bytes
from tests.music.sound.test_midi import beats_a_minute, messages, played_notes
from tests.music.tunes import read

DUET = read(
    "X:1\nT:Duet\nM:4/4\nL:1/4\nQ:1/4=100\nV:1 name=High\nV:2\nK:C\n"
    'V:1\n|:A4:|B4|\nV:2\n"Am"A4|[Q:1/4=50]B,4|\n'
)


def test_each_voice_has_a_track_with_its_name_and_a_channel() -> None:
    written = midi_bytes(Playback(DUET, PlaybackOptions(chords="written")))
    names = [message.name for _, message in messages(written, "track_name")]
    assert names == ["Duet", "High", "2", "Chords"]
    channels = [message.channel for _, message in messages(written, "note_on")]
    assert list(dict.fromkeys(channels)) == [0, 1, 2]


def test_voices_sound_together_with_the_repeats_and_tempos_of_all() -> None:
    playback = Playback(DUET)
    # The unison in the first two bars is two notes, each with its end.
    expected = [(0, 69, 4)] * 2 + [(4, 69, 4)] * 2 + [(8, 59, 4), (8, 71, 4)]
    assert played_notes(midi_bytes(playback)) == expected
    assert beats_a_minute(midi_bytes(playback)) == [100, 50]
    assert arrange(playback).seconds == pytest.approx(8 * 0.6 + 4 * 1.2)
    fast = Playback(DUET, PlaybackOptions(tempo=200))
    assert arrange(fast).seconds == pytest.approx(8 * 0.3 + 4 * 0.6)


def test_the_longest_voice_sets_the_length() -> None:
    uneven = read("X:1\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\nV:1\nz4|\nV:2\nc4|c4|\n")
    assert arrange(Playback(uneven)).seconds == 8
    assert played_notes(midi_bytes(Playback(uneven))) == [(0, 72, 4), (4, 72, 4)]


def test_the_notes_of_all_voices_together_are_limited() -> None:
    long = read("X:1\nL:1/16\nK:C\n" + "".join(f"V:{n}\n|:{'C' * 150}:|\n" for n in range(12)))
    with pytest.raises(TuneError, match="choose one with --voice"):
        midi_bytes(Playback(long))


@pytest.mark.parametrize("instrument", ["guitar", "fiddle"])
def test_the_small_8_of_a_clef_is_the_octave_of_the_instrument(instrument: str) -> None:
    tenor = read("X:1\nM:4/4\nL:1/4\nK:C treble-8\nc4|\n")
    played = Playback(tenor, PlaybackOptions(instrument=instrument))
    assert played_notes(midi_bytes(played)) == [(0, 60, 4)]
