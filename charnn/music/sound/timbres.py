"""The instruments of the built-in synthesiser: how each makes one note.

Two ways: a plucked or struck string is a sum of partials that die away, the high ones first; a
bowed string, a reed or a flute is a sum of harmonics under an envelope, with vibrato, a body that
favours some frequencies, and breath. Every note begins and ends at zero, so that none clicks.
"""

from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

RATE = 44_100  # samples a second
HIGHEST = 16_000.0  # Hz; no partial above it
MOST_PARTIALS = 32
VIBRATO_AFTER, VIBRATO_RISE = 0.18, 0.25  # seconds
ACCENT, ACCENT_FALL = 0.25, 0.09  # a bow or tongue begins so much louder, for so many seconds
HEARD = 0.2  # seconds of a plucked note that make its loudness
GATE = 0.94  # of a note's time until its release: the next is heard to begin

Samples: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Plucked:
    """A string that is plucked or struck.

    Attributes:
        place: where, as a fraction of its length; it lacks the partials with a node there.
        slope: how fast the strength of the partials falls with their number.
        stiffness: how far they lie above harmonics.
        ring: seconds until A4 is 60 dB down; lower notes ring longer.
        dullness: how much sooner the high partials die.
        release: seconds in which the string is damped at the note's end.
        knock: strength of the noise at its beginning.
    """

    place: float = 0.2
    slope: float = 1.0
    stiffness: float = 1e-4
    ring: float = 3.0
    dullness: float = 0.6
    release: float = 0.15
    knock: float = 0.0


@dataclass(frozen=True, slots=True)
class Sustained:
    """A tone that lasts as long as it is bowed or blown.

    Attributes:
        partials: their strengths, the fundamental first.
        body: resonances: (Hz, width in octaves, gain).
        floor: gain far from every resonance.
        attack, release: seconds.
        vibrato, speed: cents up and down, times a second.
        reeds: cents that each reed is tuned off.
        breath: strength of the noise.
    """

    partials: tuple[float, ...]
    body: tuple[tuple[float, float, float], ...] = ()
    floor: float = 1.0
    attack: float = 0.03
    release: float = 0.06
    vibrato: float = 0.0
    speed: float = 5.4
    reeds: tuple[float, ...] = (0.0,)
    breath: float = 0.0


Voice: TypeAlias = Plucked | Sustained


def _falling(slope: float, even: float = 1.0, count: int = 24) -> tuple[float, ...]:
    """Strengths that fall with the number of the partial, the even ones made weaker or stronger."""
    return tuple(n**-slope * (1.0 if n % 2 else even) for n in range(1, count + 1))


_FIDDLE = Sustained(
    _falling(0.95),
    body=((300, 0.4, 0.8), (490, 0.35, 1.0), (1100, 0.5, 0.6), (2600, 0.5, 0.8)),
    floor=0.3,
    attack=0.035,
    release=0.07,
    vibrato=7.0,
)
_FLUTE = Sustained(
    (1.0, 0.5, 0.2, 0.1, 0.04, 0.02), attack=0.03, vibrato=4.0, speed=4.8, breath=0.025
)
_WHISTLE = Sustained((1.0, 0.28, 0.1, 0.05, 0.02), attack=0.012, release=0.035, breath=0.02)
_ACCORDION = Sustained(
    _falling(0.75, even=0.7),
    body=((900, 0.8, 0.7), (2200, 0.7, 0.5)),
    floor=0.45,
    attack=0.02,
    release=0.05,
    reeds=(-4.5, 4.5),
)
_CONCERTINA = Sustained(_falling(0.9, even=0.5), attack=0.015, release=0.04)
_PIPES = Sustained(
    _falling(0.55, even=0.9),
    body=((1200, 0.7, 0.8), (3000, 0.6, 0.5)),
    floor=0.35,
    attack=0.01,
    release=0.02,
)
_CLARINET = Sustained(_falling(0.9, even=0.12, count=16), attack=0.03, breath=0.01)
_OBOE = Sustained(
    _falling(0.6),
    body=((1100, 0.5, 1.0), (2900, 0.5, 0.6)),
    floor=0.25,
    attack=0.03,
    vibrato=5.0,
)
_BRASS = Sustained(_falling(1.1), attack=0.04, release=0.07, vibrato=3.0)

_HARP = Plucked(place=0.32, slope=1.25, ring=3.6, dullness=0.5, release=0.5)
_PIANO = Plucked(
    place=0.12, slope=1.05, stiffness=3e-4, ring=5.0, dullness=0.6, release=0.14, knock=0.05
)
_GUITAR = Plucked(place=0.21, slope=1.15, ring=3.0, dullness=0.8, release=0.1, knock=0.02)
_STEEL = Plucked(place=0.14, slope=0.95, ring=2.6, dullness=0.6, release=0.12, knock=0.03)
_BANJO = Plucked(place=0.1, slope=0.7, ring=0.9, dullness=0.5, release=0.06, knock=0.06)
_DULCIMER = Plucked(place=0.1, slope=0.85, stiffness=2e-4, ring=3.2, release=0.6, knock=0.05)
_HARPSICHORD = Plucked(place=0.13, slope=0.6, ring=2.6, dullness=0.4, release=0.05)
_BASS = Plucked(place=0.25, slope=1.4, ring=2.0, dullness=1.0, release=0.1)

# General MIDI: programs up to and with this one have this voice.
_BY_PROGRAM: tuple[tuple[int, Voice], ...] = (
    (5, _PIANO),
    (7, _HARPSICHORD),
    (15, _DULCIMER),
    (22, _ACCORDION),
    (23, _CONCERTINA),
    (24, _GUITAR),
    (31, _STEEL),
    (39, _BASS),
    (44, _FIDDLE),
    (47, _HARP),
    (55, _FIDDLE),
    (63, _BRASS),
    (67, _CLARINET),
    (70, _OBOE),
    (71, _CLARINET),
    (77, _FLUTE),
    (79, _WHISTLE),
    (95, _ACCORDION),
    (103, _DULCIMER),
    (105, _BANJO),
    (108, _STEEL),
    (109, _PIPES),
    (110, _FIDDLE),
    (111, _PIPES),
    (127, _PIANO),
)


def voice_for(program: int) -> Voice:
    """The voice that comes nearest to a General MIDI program, counted from 0."""
    return next(voice for last, voice in _BY_PROGRAM if program <= last)


def frequency(pitch: int) -> float:
    """Hz of a MIDI pitch; A4, 69, is 440."""
    return float(440.0 * 2.0 ** ((pitch - 69) / 12))


def play(voice: Voice, pitch: int, length: int) -> Samples:
    """One note of about the same loudness in every voice, `length` samples and then its release."""
    if isinstance(voice, Plucked):
        return _pluck(voice, pitch, length)
    return _sustain(voice, pitch, length)


def _pluck(voice: Plucked, pitch: int, length: int) -> Samples:
    base = frequency(pitch)
    release = round(voice.release * RATE)
    time = np.arange(length + release) / RATE
    ring = voice.ring * (440.0 / base) ** 0.5  # seconds until 60 dB down
    sound = np.zeros(len(time))
    power = 0.0
    for number in range(1, MOST_PARTIALS + 1):
        partial = base * number * (1 + voice.stiffness * number**2) ** 0.5
        if partial > HIGHEST:
            break
        strength = np.sin(np.pi * number * voice.place) / number**voice.slope
        decay = 6.9 / ring * (1 + voice.dullness * (number - 1))
        audible = time[: round(9.2 / decay * RATE)]  # then it is 80 dB down
        wave = np.exp(-decay * audible) * np.sin(2 * np.pi * partial * audible)
        sound[: len(audible)] += strength * wave
        power += strength**2 * (1 - np.exp(-2 * decay * HEARD)) / (2 * decay * HEARD)
    sound /= max(power, 1e-9) ** 0.5
    if voice.knock:
        burst = min(len(sound), round(0.02 * RATE))
        sound[:burst] += voice.knock * _noise(pitch, burst) * np.hanning(2 * burst)[burst:]
    return sound * _envelope(len(sound), round(0.002 * RATE), release)


def _sustain(voice: Sustained, pitch: int, length: int) -> Samples:
    release = round(min(voice.release * RATE, max(length, 64)))
    gate = max(round(GATE * length), length - round(0.02 * RATE))
    total = gate + release
    time = np.arange(total) / RATE
    sound = np.zeros(total)
    for cents in voice.reeds:
        base = frequency(pitch) * 2.0 ** (cents / 1200)
        sound += _harmonics(voice, base, _phase(voice, base, time))
    sound /= len(voice.reeds) ** 0.5
    if voice.breath:
        sound += voice.breath * _noise(pitch, total) * (1 + 3 * np.exp(-time / 0.03))
    attack = round(min(voice.attack * RATE, 0.3 * length))
    sound *= 1 + ACCENT * np.exp(-time / ACCENT_FALL)
    return sound * _envelope(total, attack, release)


def _phase(voice: Sustained, base: float, time: Samples) -> Samples:
    if not voice.vibrato or len(time) < VIBRATO_AFTER * RATE:
        return 2 * np.pi * base * time
    depth = voice.vibrato * np.log(2) / 1200
    rise = np.clip((time - VIBRATO_AFTER) / VIBRATO_RISE, 0, 1)
    sway = depth * rise * np.sin(2 * np.pi * voice.speed * (time - VIBRATO_AFTER))
    return np.asarray(2 * np.pi * base * (time + np.cumsum(sway) / RATE))


def _harmonics(voice: Sustained, base: float, phase: Samples) -> Samples:
    """The sum of all harmonics, of power 1 before the body: sin(n x) from the two before it."""
    strengths = [
        strength * _resonance(voice, base * number)
        for number, strength in enumerate(voice.partials, 1)
        if base * number < HIGHEST
    ]
    power = max(sum(strength**2 for strength in strengths), 1e-9) ** 0.5
    double, before, now = 2 * np.cos(phase), np.zeros(len(phase)), np.sin(phase)
    sound = np.zeros(len(phase))
    for strength in strengths:
        sound += strength / power * now
        before, now = now, double * now - before
    return sound


def _resonance(voice: Sustained, partial: float) -> float:
    gain = voice.floor + sum(
        peak * float(np.exp(-((np.log2(partial / centre) / width) ** 2)))
        for centre, width, peak in voice.body
    )
    return gain / (1 + (partial / 6000.0) ** 2)  # wood and air swallow the highest


def _envelope(total: int, attack: int, release: int) -> Samples:
    """Up from zero and down to zero again, along cosines."""
    envelope = np.ones(total)
    attack, release = min(attack, total // 2), min(release, total - total // 2)
    envelope[:attack] = 0.5 - 0.5 * np.cos(np.pi * np.arange(attack) / max(attack, 1))
    if release:
        envelope[-release:] *= 0.5 + 0.5 * np.cos(np.pi * np.arange(1, release + 1) / release)
    return envelope


def _noise(seed: int, count: int) -> Samples:
    """Soft noise between about 1 and 8 kHz, the same for the same seed."""
    white = np.random.default_rng(seed).standard_normal(count + 8)
    smooth = np.convolve(white, np.hanning(6)[1:-1] / 2, mode="same")
    return np.asarray((smooth[4:-4] - smooth[:-8]) / 2)
