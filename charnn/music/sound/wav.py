"""A tune as a WAV file, played by the built-in synthesiser: 44.1 kHz, 16 bits, stereo."""

import io
import wave
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from charnn.errors import TuneError
from charnn.music.performance.accompaniment import accompany
from charnn.music.performance.performance import Performance, Sound
from charnn.music.performance.playback import AS_USUAL, Playing
from charnn.music.sound.instruments import backing_for, find_instrument
from charnn.music.sound.synth import Played, render
from charnn.music.sound.timbres import RATE, voice_for
from charnn.music.tune.tune import Tempo, Tune

MOST_MINUTES = 10
USUAL = 90  # the velocity of gain 1
BACKING = 0.6  # of the accompaniment beside the melody


def wav_bytes(tune: Tune, playing: Playing = AS_USUAL) -> bytes:
    """A tune as a WAV file; it lasts 1.5 s longer than the tune, for what still rings.

    Raises:
        TuneError: the tune has no notes, too many once its repeats are played, or takes more than
            ten minutes.
        UsageError: an unknown instrument, or a tempo out of range.
    """
    lead = find_instrument(playing.instrument)
    performance = playing.perform(tune)
    clock = Clock(performance)
    seconds = clock.seconds(performance.duration)
    check_length(tune, seconds)
    backing = accompany(tune, performance, playing.chords)
    parts = [
        (voice_for(player.program), tuple(clock.played(sounds, gain)))
        for player, sounds, gain in (
            (lead, performance.sounds, 1.0),
            (backing_for(lead), backing, BACKING),
        )
        if sounds
    ]
    return to_wav(render(parts, seconds))


def seconds_of(tune: Tune, playing: Playing = AS_USUAL) -> float:
    """How long a tune plays; errors as in `wav_bytes`."""
    performance = playing.perform(tune)
    return Clock(performance).seconds(performance.duration)


def check_length(tune: Tune, seconds: float) -> None:
    """Refuse a tune that plays for more than ten minutes.

    Raises:
        TuneError: it does.
    """
    if seconds > 60 * MOST_MINUTES:
        problem = (
            f"it would play for {seconds / 60:,.0f} minutes, {MOST_MINUTES} are the most: "
            "choose a faster --tempo, or --repeats off"
        )
        raise TuneError(problem, tune.line, 1, tune.name)


class Clock:
    """Tells when a quarter note of a performance comes, in seconds, through changes of tempo."""

    def __init__(self, performance: Performance) -> None:
        turns = [turn for turn in performance.turns if isinstance(turn.value, Tempo)]
        self._from = [turn.onset for turn in turns]
        self._pace = [  # seconds a quarter note
            60 / float(turn.value.beat * turn.value.beats)
            for turn in turns
            if isinstance(turn.value, Tempo)
        ]
        self._start = [0.0]  # of each tempo, in seconds
        for (onset, after), pace in zip(pairwise(self._from), self._pace, strict=False):
            self._start.append(self._start[-1] + float(after - onset) * pace)

    def seconds(self, time: Fraction) -> float:
        """Seconds from the beginning to a time in quarter notes."""
        place = max(bisect_right(self._from, time) - 1, 0)
        return self._start[place] + float(time - self._from[place]) * self._pace[place]

    def played(self, sounds: Iterable[Sound], gain: float) -> Iterator[Played]:
        """The sounds in seconds; `gain` is that of one struck as a melody is."""
        for sound in sounds:
            onset = self.seconds(sound.onset)
            end = self.seconds(sound.onset + sound.duration)
            strength = gain * (sound.velocity / USUAL) ** 1.5
            yield Played(onset, end - onset, sound.pitch, strength)


def to_wav(samples: NDArray[np.int16]) -> bytes:
    """Samples (count, channels) as a WAV file."""
    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(samples.shape[1])
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(np.ascontiguousarray(samples, "<i2").data)
    return written.getvalue()
