"""The built-in synthesiser: notes in seconds become stereo samples in a small room.

The synthesiser needs only NumPy, and the same notes always give the same samples. `tones.py`
computes each note. This module sums the notes, and adds the reverberation of the room: a
convolution with an impulse response for each ear.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charnn.music.sound.timbres import Voice
from charnn.music.sound.tones import SAMPLE_RATE, Samples, note_samples

TAIL = 1.5  # seconds after the end of the last note in which strings and room die away, at most
SILENCE = 10 ** (-60 / 20)  # -60 dB of the loudest sample, about as soft as a tape's noise
FADE_SECONDS = 0.05  # of a sound that is softer than SILENCE, so that its end does not click
PEAK = 10 ** (-1 / 20)  # -1 dB of full scale, so that a player that resamples does not clip
NOTE_LEVEL = 0.1  # amplitude of a note in the mix, which is scaled to PEAK at the end
MAX_CACHED_SAMPLES = 8_000_000  # samples of notes that are kept for repetitions: 64 MB
MAX_NOTE_SAMPLES = 60 * SAMPLE_RATE  # longer than any bow or breath; a tied note can last minutes

FFT_BLOCK = 1 << 16  # samples that are convolved with the room at once
ROOM_SECONDS = 0.45  # until the reverberation is 60 dB down
ROOM_LEVEL = 0.22  # amplitude of the reverberation, relative to the instrument
ROOM_BAND = (200, 4000)  # Hz: where a melody has most of its energy
# Seconds and strength of the first echoes, each from a single wall. In the right ear they arrive
# 1.7 ms later, which makes the sound wide.
EARLY_ECHOES = ((0.011, 0.1), (0.017, 0.08), (0.023, 0.06))
RIGHT_EAR_DELAY = 0.0017


@dataclass(frozen=True, slots=True)
class TimedNote:
    """A note of the synthesiser.

    Attributes:
        onset: seconds from the beginning.
        duration: seconds.
        pitch: MIDI pitch, 60 for middle C.
        gain: factor of the amplitude; 1 is usual.
    """

    onset: float
    duration: float
    pitch: int
    gain: float


def render(parts: Sequence[tuple[Voice, Sequence[TimedNote]]], seconds: float) -> NDArray[np.int16]:
    """Return the samples of all parts together: shape (samples, 2), peak at -1 dB.

    Args:
        parts: pairs of a voice and its notes.
        seconds: the length of the music. The samples end when its last sound has died away, at most
            1.5 s later. A note longer than a minute is cut off after a minute.
    """
    total = round((seconds + TAIL) * SAMPLE_RATE)
    dry = np.zeros(total, np.float32)
    for voice, notes in parts:
        _mix(dry, voice, notes)
    ears = [_in_room(dry, side) for side in (0, 1)]
    del dry  # ten minutes take 106 MB
    loudest = max(float(max(ear.max(initial=0), -ear.min(initial=0))) for ear in ears)
    end = sounding_length(ears, SILENCE * loudest)
    samples = np.empty((end, 2), np.int16)
    fade = np.linspace(1, 0, min(round(FADE_SECONDS * SAMPLE_RATE), end), dtype=np.float32)
    for side, ear in enumerate(ears):
        heard = ear[:end]
        heard[end - len(fade) :] *= fade
        heard *= 32767 * PEAK / max(loudest, 1e-9)
        samples[:, side] = np.rint(heard, out=heard)
    return samples


def sounding_length(channels: Sequence[NDArray[np.float32]], threshold: float) -> int:
    """Return the number of samples until all channels stay below `threshold`, and of a fade."""
    total = len(channels[0])
    for stop in range(total, 0, -SAMPLE_RATE):  # a second at a time: most ends are short
        start = max(stop - SAMPLE_RATE, 0)
        loud = [np.flatnonzero(np.abs(channel[start:stop]) > threshold) for channel in channels]
        last = max((int(indices[-1]) for indices in loud if len(indices)), default=-1)
        if last >= 0:
            return min(start + last + 1 + round(FADE_SECONDS * SAMPLE_RATE), total)
    return total


def _mix(sound: NDArray[np.float32], voice: Voice, notes: Iterable[TimedNote]) -> None:
    """Add the notes of one voice to `sound`; a cache stores the samples of recurring notes."""
    cache: dict[tuple[int, int], Samples] = {}
    cached_samples = 0
    for note in notes:
        length = min(max(round(note.duration * SAMPLE_RATE), 1), MAX_NOTE_SAMPLES)
        samples = cache.get((note.pitch, length))
        if samples is None:
            samples = note_samples(voice, note.pitch, length)
            if cached_samples + len(samples) > MAX_CACHED_SAMPLES:
                cache, cached_samples = {}, 0
            cache[note.pitch, length] = samples
            cached_samples += len(samples)
        start = round(note.onset * SAMPLE_RATE)
        part = sound[start : start + len(samples)]
        part += (NOTE_LEVEL * note.gain * samples[: len(part)]).astype(np.float32)


def _in_room(dry: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Return the sound at one ear: the dry sound plus the reverberation.

    The reverberation is the convolution of the dry sound with the impulse response of the room. It
    is computed block by block with FFTs (overlap-add), so that the FFTs of a long tune need no more
    memory than those of a short one.
    """
    response = _impulse_response(side)
    size = 1
    while size < FFT_BLOCK + len(response):
        size *= 2
    spectrum = np.fft.rfft(response, size)
    heard = dry.copy()
    for start in range(0, len(dry), FFT_BLOCK):
        block = np.fft.irfft(np.fft.rfft(dry[start : start + FFT_BLOCK], size) * spectrum, size)
        part = heard[start : start + size]
        part += block[: len(part)].astype(np.float32)
    return heard


def _impulse_response(side: int) -> Samples:
    """Return the impulse response of a small wooden room at the left (0) or the right ear (1).

    A few early echoes are followed by noise that decays exponentially, a common model of a room's
    diffuse reverberation. Each ear has different noise, since reverberation reaches the ears from
    all sides.
    """
    count = round(ROOM_SECONDS * SAMPLE_RATE)
    time = np.arange(count) / SAMPLE_RATE
    noise = np.random.default_rng(side).standard_normal(count)
    noise = np.convolve(noise, np.hanning(12)[1:-1] / 5.5, mode="same")  # walls absorb the highs
    # exp(-6.9) = 1/1000, which is -60 dB. The noise begins 8 ms after the direct sound.
    response = noise * np.exp(-6.9 * time / ROOM_SECONDS) * np.clip((time - 0.008) / 0.01, 0, 1)
    # Scale by the melody's band only: above that band the smoothing has removed the energy.
    low, high = (frequency * count // SAMPLE_RATE for frequency in ROOM_BAND)
    band = np.abs(np.fft.rfft(response))[low:high]
    response *= ROOM_LEVEL / np.sqrt(np.mean(band**2))
    for delay, strength in EARLY_ECHOES:
        index = round((delay + RIGHT_EAR_DELAY * side) * SAMPLE_RATE)
        response[index] += strength * ROOM_LEVEL
    return np.asarray(response)
