"""Measurements of the built-in synthesiser's sound: length, level, pitch, and no clicks."""

import io
import itertools
import wave
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from charnn.errors import TuneError, UsageError
from charnn.music.abc.reader import read_tunes
from charnn.music.performance.performance import at_tempo
from charnn.music.performance.playback import Playback, PlaybackOptions
from charnn.music.performance.player import perform
from charnn.music.sound.instruments import NAMES, find_instrument
from charnn.music.sound.synth import TimedNote, render
from charnn.music.sound.tempo_map import TempoMap
from charnn.music.sound.timbres import Voice, voice_for
from charnn.music.sound.tones import SAMPLE_RATE, frequency, note_samples
from charnn.music.sound.wav import wav_bytes
from charnn.music.tune.tune import Tune

INSTRUMENTS = ("fiddle", "flute", "whistle", "accordion", "pipes", "harp", "piano", "banjo")
REEL = "X:1\nT:Reel\nR:reel\nM:4/4\nL:1/8\nK:D\n|:D2FA {e}dAFD|E2EF EDB,C:|\n"

Sound = NDArray[np.float64]


def tune(text: str = REEL) -> Tune:
    return read_tunes(text)[0]


def voice_of(name: str) -> Voice:
    return voice_for(find_instrument(name).program, name)


def samples_of(written: bytes) -> Sound:
    """Return the samples of a WAV file, of shape (samples, channels), with full scale at 1."""
    with wave.open(io.BytesIO(written)) as file:
        assert (file.getframerate(), file.getsampwidth(), file.getnchannels()) == (44_100, 2, 2)
        frames = file.readframes(file.getnframes())
    return np.frombuffer(frames, "<i2").reshape(-1, 2) / 32768


def cents_off(sound: Sound, hertz: float) -> float:
    """Return how many cents the fundamental is above `hertz`, by the centroid of the spectrum."""
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), 4 * len(sound))) ** 2
    frequencies = np.fft.rfftfreq(4 * len(sound), 1 / SAMPLE_RATE)
    near = np.abs(frequencies / hertz - 1) < 0.02
    centre = float(np.average(frequencies[near], weights=spectrum[near]))
    return 1200 * np.log2(centre / hertz)


@pytest.mark.parametrize("instrument", INSTRUMENTS)
def test_the_sound_has_the_right_length_and_level(instrument: str) -> None:
    sound = samples_of(
        wav_bytes(Playback(tune(), PlaybackOptions(instrument=instrument, chords="auto")))
    )
    # Four bars of four quarters, at the usual 105 half notes a minute; then the room dies away.
    assert -0.1 < len(sound) / SAMPLE_RATE - 16 * 60 / 210 < 0.8
    assert np.max(np.abs(sound[-SAMPLE_RATE // 10 :])) > 0.001
    assert 20 * np.log10(np.max(np.abs(sound))) == pytest.approx(-1, abs=0.01)
    assert -30 < 20 * np.log10(sound.std()) < -10
    assert abs(sound.mean()) < 0.001
    assert np.max(np.abs(sound[:2])) < 0.02
    assert np.max(np.abs(sound[-2:])) < 0.001


def test_the_sound_ends_where_the_last_note_has_died_away() -> None:
    def seconds(body: str, **options: Any) -> float:
        text = f"X:1\nM:4/4\nL:1/4\nQ:1/4=120\nK:C\n{body}\n"
        sound = samples_of(wav_bytes(Playback(tune(text), PlaybackOptions(**options))))
        quiet = np.max(np.abs(sound), axis=1) < 0.001
        assert not np.all(quiet[-SAMPLE_RATE // 10 :])
        return len(sound) / SAMPLE_RATE

    assert 2 < seconds('"C"cdef|', chords="written") < 2.6
    assert 1.9 < seconds("cdef|z4|z4|", instrument="pipes") < 2.6
    # A plucked string does not sound as long as the score holds the note.
    assert seconds("c12|", instrument="mandolin") < 4 < 6 < seconds("c12|", instrument="pipes")


@pytest.mark.parametrize(
    ("name", "octave"),
    [("whistle", 1), ("recorder", 1), ("fiddle", 0), ("mandolin", 0), ("guitar", -1)],
)
def test_an_instrument_sounds_in_its_own_octave(name: str, octave: int) -> None:
    text = "X:1\nM:4/4\nL:1/1\nQ:1/4=120\nK:C\nA|\n"
    sound = samples_of(wav_bytes(Playback(tune(text), PlaybackOptions(instrument=name))))[:, 0]
    spectrum = np.abs(np.fft.rfft(sound * np.hanning(len(sound)), SAMPLE_RATE * 4))
    lowest = int(np.argmax(spectrum > spectrum.max() / 10))
    assert lowest / 4 == pytest.approx(440 * 2**octave, rel=0.02)


def test_similar_instruments_have_different_voices() -> None:
    """Synonyms share a voice; other names that share it sound in different octaves."""
    found = [find_instrument(name) for name in NAMES]
    sounds = {(voice_for(each.program, each.name), each.octave) for each in found}
    assert len(sounds) == len(NAMES) - 12
    for one, other in itertools.combinations(("guitar", "mandolin", "bouzouki", "banjo"), 2):
        assert voice_of(one) != voice_of(other)


@pytest.mark.parametrize(
    "name", [*INSTRUMENTS, "guitar", "clarinet", "mandolin", "cello", "recorder", "smallpipes"]
)
@pytest.mark.parametrize("pitch", [55, 69, 81, 88])
def test_every_instrument_is_in_tune(name: str, pitch: int) -> None:
    sound = note_samples(voice_of(name), pitch, 2 * SAMPLE_RATE)[: 2 * SAMPLE_RATE]
    assert abs(cents_off(sound, frequency(pitch))) < 5


def test_the_room_does_not_change_the_pitch() -> None:
    written = wav_bytes(Playback(tune("X:1\nM:4/4\nL:1/1\nQ:1/4=120\nK:C\nA|\n")))
    assert abs(cents_off(samples_of(written)[: 2 * SAMPLE_RATE, 0], 440)) < 5


def test_every_voice_plays_any_pitch_and_length() -> None:
    for voice in {voice_for(program) for program in range(128)}:
        for pitch, length in ((0, 1), (21, 40), (69, 4000), (127, 700)):
            sound = note_samples(voice, pitch, length)
            assert np.all(np.isfinite(sound))
            assert np.max(np.abs(sound)) < 12


@pytest.mark.parametrize("name", INSTRUMENTS)
def test_no_note_clicks(name: str) -> None:
    """The first and last samples are near 0, and no step between samples is a jump."""
    for length in (600, 4410, 22050):
        sound = note_samples(voice_of(name), 74, length)
        step = np.abs(np.diff(sound, prepend=0, append=0))
        loudest = np.max(np.abs(sound))
        assert step[0] < 0.01 * loudest
        assert np.max(step[-10:]) < 0.01 * loudest
        assert np.max(step) < 0.9 * loudest


def test_sound_and_silence_follow_notes_and_rests() -> None:
    sound = samples_of(
        wav_bytes(
            Playback(
                tune("X:1\nM:4/4\nL:1/4\nK:C\nczczc|\n"),
                PlaybackOptions(tempo=60, instrument="pipes"),
            )
        )
    )
    level = [
        float(sound[int(t * SAMPLE_RATE) : int((t + 0.3) * SAMPLE_RATE)].std())
        for t in (0.3, 1.6, 2.3, 3.6)
    ]
    assert min(level[0], level[2]) > 20 * max(level[1], level[3])


def test_chords_are_softer_than_the_melody() -> None:
    text = 'X:1\nM:4/4\nL:1/8\nK:C\n"C"cdec "G"dBGB|"C"c8|\n'
    plain, full = (
        samples_of(wav_bytes(Playback(tune(text), PlaybackOptions(chords=chords))))
        for chords in ("off", "written")
    )
    length = min(len(plain), len(full))
    plain, full = plain[:length], full[:length]
    assert not np.array_equal(plain, full)
    scale = float(np.sum(plain * full) / np.sum(plain * plain))
    assert (full - scale * plain).std() < 0.7 * scale * plain.std()


def test_the_same_tune_gives_the_same_sound() -> None:
    assert wav_bytes(Playback(tune(), PlaybackOptions(instrument="flute"))) == wav_bytes(
        Playback(tune(), PlaybackOptions(instrument="flute"))
    )


def test_the_tempo_map_follows_changes_of_tempo() -> None:
    changing = tune("X:1\nM:4/4\nL:1/4\nQ:1/4=60\nK:C\nCDEF|[Q:1/4=120]CDEF|[Q:1/4=30]C4|\n")
    tempo_map = TempoMap(perform(changing))
    times = [tempo_map.seconds(Fraction(quarter)) for quarter in (0, 3, 4, 6, 8, 9, 12)]
    assert times == [0, 3, 4, 5, 6, 8, 14]
    faster = TempoMap(at_tempo(perform(changing), 120))
    assert faster.seconds(Fraction(12)) == 7


def test_a_tune_that_is_too_long_or_silent_is_refused() -> None:
    with pytest.raises(
        TuneError, match=r"32 minutes, more than the 10 that .*: choose a faster --tempo"
    ):
        wav_bytes(
            Playback(tune("X:1\nM:4/4\nL:1/1\nK:C\n" + "C32|" * 8), PlaybackOptions(tempo=32))
        )
    with pytest.raises(TuneError, match="no notes"):
        wav_bytes(Playback(tune("X:1\nM:4/4\nK:C\nz8|\n")))
    with pytest.raises(UsageError, match="kazoophone"):
        wav_bytes(Playback(tune(), PlaybackOptions(instrument="kazoophone")))


def test_many_loud_notes_at_once_do_not_clip() -> None:
    notes = [TimedNote(0.0, 0.5, pitch, 3.0) for pitch in range(30, 100)]
    sound = render([(voice_for(40), notes)], 0.5)
    assert 29_000 < np.max(np.abs(sound.astype(int))) < 29_300


def test_silence_stays_silent() -> None:
    assert not render([], 1.0).any()
