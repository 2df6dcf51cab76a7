"""The samples of one note: additive synthesis, which computes a note as a sum of sines.

Every note begins and ends at amplitude 0, so that no note clicks. All voices have about the same
loudness.
"""

from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from charnn.music.sound.timbres import Plucked, Sustained, Voice

SAMPLE_RATE = 44_100  # samples a second, as on a CD
MAX_FREQUENCY = 16_000.0  # Hz; higher partials are hardly heard, and above 22,050 would alias
MAX_PARTIALS = 32  # of a plucked string

# -60 dB is a factor of 1/1000 and ln 1000 = 6.9; -80 dB is 1/10,000 and ln 10,000 = 9.2.
DECAY_60_DB, DECAY_80_DB = 6.9, 9.2

VIBRATO_DELAY, VIBRATO_RISE = 0.18, 0.25  # seconds; players begin a note without vibrato
ACCENT, ACCENT_DECAY = 0.25, 0.09  # extra amplitude of a bow's or tongue's attack, and seconds
LOUDNESS_SECONDS = 0.2  # of a plucked note, over which its power is normalised
GATE = 0.94  # share of a note's time before its release, so that repeated notes are heard apart
MAX_GAP_SECONDS = 0.02  # between a note's release and the next note

Samples: TypeAlias = NDArray[np.float64]


def frequency(pitch: int) -> float:
    """Return the frequency of a MIDI pitch in Hz, in equal temperament with A4 (69) at 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def note_samples(voice: Voice, pitch: int, length: int) -> Samples:
    """Return the samples of a note that the score holds for `length` samples, and its release."""
    if isinstance(voice, Plucked):
        return _pluck(voice, pitch, length)
    return _sustain(voice, pitch, length)


def _pluck(voice: Plucked, pitch: int, length: int) -> Samples:
    """Return a plucked note: a sum of decaying partials of amplitude sin(n pi p) / n ** slope.

    sin(n pi p) is the amplitude that partial n gets from a pluck at the position p of an ideal
    string; the partials of a stiff string lie at n f0 sqrt(1 + B n²) (Fletcher and Rossing, The
    Physics of Musical Instruments, 2nd ed. 1998, chapter 2).
    """
    release = round(voice.release * SAMPLE_RATE)
    time = np.arange(length + release) / SAMPLE_RATE
    sound = np.zeros(len(time))
    power = 0.0
    for cents in voice.course_cents:
        power += _add_string(sound, voice, frequency(pitch) * 2.0 ** (cents / 1200), time)
    sound /= max(power, 1e-9) ** 0.5
    if voice.attack_noise:
        burst = min(len(sound), round(0.02 * SAMPLE_RATE))
        fade = np.hanning(2 * burst)[burst:]
        sound[:burst] += voice.attack_noise * _noise(pitch, burst) * fade
    return sound * _envelope(len(sound), round(0.002 * SAMPLE_RATE), release)


def _add_string(sound: Samples, voice: Plucked, fundamental: float, time: Samples) -> float:
    """Add the partials of one string to `sound`, and return their power at the beginning."""
    decay_seconds = voice.decay * (440.0 / fundamental) ** 0.5  # until 60 dB down
    power = 0.0
    for number in range(1, MAX_PARTIALS + 1):
        partial = fundamental * number * (1 + voice.stiffness * number**2) ** 0.5
        if partial > MAX_FREQUENCY:
            break
        amplitude = np.sin(np.pi * number * voice.pluck_position) / number**voice.slope
        decay = DECAY_60_DB / decay_seconds * (1 + voice.damping * (number - 1))
        audible = time[: round(DECAY_80_DB / decay * SAMPLE_RATE)]
        wave = np.exp(-decay * audible) * np.sin(2 * np.pi * partial * audible)
        sound[: len(audible)] += amplitude * wave
        # The mean of exp(-2 decay t) over the first LOUDNESS_SECONDS, in closed form.
        exponent = 2 * decay * LOUDNESS_SECONDS
        power += float(amplitude**2 * (1 - np.exp(-exponent)) / exponent)
    return power


def _sustain(voice: Sustained, pitch: int, length: int) -> Samples:
    """Return a bowed or blown note: the harmonics of every reed, breath noise and an envelope."""
    release = round(min(voice.release * SAMPLE_RATE, max(length, 64)))
    gate = max(round(GATE * length), length - round(MAX_GAP_SECONDS * SAMPLE_RATE))
    total = gate + release
    time = np.arange(total) / SAMPLE_RATE
    sound = np.zeros(total)
    for cents in voice.reed_cents:
        fundamental = frequency(pitch) * 2.0 ** (cents / 1200)
        sound += _harmonics(voice, fundamental, _phase(voice, fundamental, time))
    sound /= len(voice.reed_cents) ** 0.5
    if voice.breath:  # strongest in the first hundredths of a second, as the air starts to move
        sound += voice.breath * _noise(pitch, total) * (1 + 3 * np.exp(-time / 0.03))
    attack = round(min(voice.attack * SAMPLE_RATE, 0.3 * length))
    sound *= 1 + ACCENT * np.exp(-time / ACCENT_DECAY)
    return sound * _envelope(total, attack, release)


def _phase(voice: Sustained, fundamental: float, time: Samples) -> Samples:
    """Return the phase of the fundamental in radians: the integral of its frequency over time."""
    if not voice.vibrato_cents or len(time) < VIBRATO_DELAY * SAMPLE_RATE:
        return 2 * np.pi * fundamental * time
    depth = voice.vibrato_cents * np.log(2) / 1200  # cents as a relative change of frequency
    since = time - VIBRATO_DELAY
    rise = np.clip(since / VIBRATO_RISE, 0, 1)
    deviation = depth * rise * np.sin(2 * np.pi * voice.vibrato_hz * since)
    return np.asarray(2 * np.pi * fundamental * (time + np.cumsum(deviation) / SAMPLE_RATE))


def _harmonics(voice: Sustained, fundamental: float, phase: Samples) -> Samples:
    """Return the sum of all harmonics, with a total power of 1.

    Each harmonic is computed from the two harmonics before it: sin(n x) = 2 cos(x) sin((n-1) x) -
    sin((n-2) x), where x is the phase. For each sample, one multiplication and one subtraction
    replace a sine.
    """
    amplitudes = [
        amplitude * _body_gain(voice, fundamental * number)
        for number, amplitude in enumerate(voice.partials, 1)
        if fundamental * number < MAX_FREQUENCY
    ]
    power = max(sum(amplitude**2 for amplitude in amplitudes), 1e-9) ** 0.5
    twice_cosine, before, now = 2 * np.cos(phase), np.zeros(len(phase)), np.sin(phase)
    sound = np.zeros(len(phase))
    for amplitude in amplitudes:
        sound += amplitude / power * now
        before, now = now, twice_cosine * now - before
    return sound


def _body_gain(voice: Sustained, hertz: float) -> float:
    """Return the gain of the body at a frequency.

    Each resonance is a Gaussian of the distance in octaves. Wood and air absorb high frequencies,
    so the gain falls off towards 6 kHz and above.
    """
    gain = voice.body_floor + sum(
        peak * float(np.exp(-((np.log2(hertz / centre) / width) ** 2)))
        for centre, width, peak in voice.body
    )
    return gain / (1 + (hertz / 6000.0) ** 2)  # wood and air absorb the highest frequencies


def _envelope(total: int, attack: int, release: int) -> Samples:
    """Return an envelope of `total` samples that rises from 0 and falls to 0 along cosines."""
    envelope = np.ones(total)
    attack, release = min(attack, total // 2), min(release, total - total // 2)
    envelope[:attack] = 0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / max(attack, 1))
    if release:
        envelope[-release:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, release + 1) / release)
    return envelope


def _noise(seed: int, count: int) -> Samples:
    """Return `count` samples of noise between about 1 and 8 kHz; equal seeds give equal noise."""
    white = np.random.default_rng(seed).standard_normal(count + 8)
    # A short moving average removes high frequencies, a difference over eight samples the low ones.
    smooth = np.convolve(white, np.hanning(6)[1:-1] / 2, mode="same")
    return np.asarray((smooth[4:-4] - smooth[:-8]) / 2)
