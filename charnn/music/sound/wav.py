"""A tune, or several in turn, as a WAV file: 44.1 kHz, 16 bits, stereo, built-in synthesiser."""

import io
import wave
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from charnn.errors import CharnnError, TuneError
from charnn.music.performance.performance import Sound
from charnn.music.performance.playback import Playback
from charnn.music.sound.arrangement import Arrangement, arrange
from charnn.music.sound.synth import TimedNote, render
from charnn.music.sound.tempo_map import TempoMap
from charnn.music.sound.timbres import voice_for
from charnn.music.sound.tones import SAMPLE_RATE

MAX_MINUTES = 10  # of sound; ten minutes need about 365 MB while they are computed
REFERENCE_VELOCITY = 90  # the MIDI velocity that is played with gain 1
ACCOMPANIMENT_GAIN = 0.6  # relative to the melody


def wav_bytes(playback: Playback) -> bytes:
    """Return a tune as a WAV file, which ends when the last notes have died away.

    Raises:
        TuneError, UsageError: as in `checked_arrangement`.
    """
    return encode_wav(checked_arrangement(playback))


def encode_wav(arrangement: Arrangement) -> bytes:
    """Return an arrangement as a WAV file, which ends when the last notes have died away.

    Raises:
        CharnnError: the arrangement lasts more than ten minutes.
    """
    seconds = arrangement.seconds
    if seconds > 60 * MAX_MINUTES:
        count = len(arrangement.starts)
        raise CharnnError(
            f"the {count} tunes last {seconds / 60:,.0f} minutes, more than the {MAX_MINUTES} that "
            "an audio file can have here: export fewer at a time"
        )
    return to_wav(_rendered(arrangement))


def preview_bytes(playback: Playback) -> bytes:
    """Return a tune as a WAV file of a quarter of the size: mono, 22 kHz.

    Raises:
        TuneError, UsageError: as in `checked_arrangement`.
    """
    mono = _rendered(checked_arrangement(playback)).mean(axis=1, dtype=np.float32)
    # The low pass keeps the overtones above 11 kHz from sounding as false notes.
    halved = np.convolve(mono, np.array([1, 3, 3, 1], np.float32) / 8)[::2]
    return to_wav(np.rint(halved).astype(np.int16)[:, None], SAMPLE_RATE // 2)


def checked_arrangement(playback: Playback) -> Arrangement:
    """Return a tune as it sounds, after checking that it fits an audio file.

    Raises:
        TuneError: the tune has no notes, has too many notes once its repeats are played, or lasts
            more than ten minutes.
        UsageError: the instrument is unknown, or the tempo is out of range.
    """
    arrangement, tune = arrange(playback), playback.tune
    if arrangement.seconds > 60 * MAX_MINUTES:
        problem = (
            f"the tune lasts {arrangement.seconds / 60:,.0f} minutes, more than the {MAX_MINUTES} "
            "that an audio file can have here: choose a faster --tempo, or --repeats off"
        )
        raise TuneError(problem, tune.line, 1, tune.name)
    return arrangement


def _rendered(arrangement: Arrangement) -> NDArray[np.int16]:
    """Return the samples of an arrangement: shape (samples, 2)."""
    tempo_map = TempoMap(arrangement.timeline)
    parts = [
        (
            voice_for(part.instrument.program, part.instrument.name),
            tuple(_timed(part.sounds, gain, tempo_map)),
        )
        for part, gain in (
            *((voice, 1.0) for voice in arrangement.voices),
            *((chords, ACCOMPANIMENT_GAIN) for chords in (arrangement.accompaniment,) if chords),
        )
        if part.sounds
    ]
    return render(parts, arrangement.seconds)


def _timed(sounds: Iterable[Sound], gain: float, tempo_map: TempoMap) -> Iterator[TimedNote]:
    """Yield the sounds with times in seconds.

    `gain` is the gain of a sound with `REFERENCE_VELOCITY`.
    """
    for sound in sounds:
        onset = tempo_map.seconds(sound.onset)
        end = tempo_map.seconds(sound.onset + sound.duration)
        strength = gain * (sound.velocity / REFERENCE_VELOCITY) ** 1.5
        yield TimedNote(onset, end - onset, sound.pitch, strength)


def to_wav(samples: NDArray[np.int16], rate: int = SAMPLE_RATE) -> bytes:
    """Return samples, an array of shape (samples, channels), as a WAV file."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(rate)
        # WAV files are little-endian on every machine.
        file.writeframes(np.ascontiguousarray(samples, "<i2").data)
    return written.getvalue()
