"""The timbres of the built-in synthesiser: the parameters of each instrument.

There are two kinds of voices. A plucked or struck string is a sum of partials that decay, the high
ones first. A bowed string, a reed or a flute is a sum of harmonics under an envelope, with vibrato,
a body that amplifies some frequencies, and breath noise. `tones.py` computes the samples.
"""

from dataclasses import dataclass, replace
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Plucked:
    """A string that is plucked or struck.

    Attributes:
        pluck_position: where the string is plucked, as a fraction of its length. Partials that have
            a node there are missing.
        slope: exponent of the factor 1 / n ** slope in the amplitude of partial n.
        stiffness: inharmonicity B of a stiff string, whose partial n has the frequency
            n * f0 * sqrt(1 + B * n ** 2).
        decay: seconds until A4 is 60 dB down; lower notes last longer.
        damping: the decay rate of partial n is 1 + damping * (n - 1) times the rate of the first.
        release: seconds in which the string is damped at the end of the note.
        attack_noise: amplitude of the noise of the plectrum or hammer.
        course_cents: the detuning of each string of a course; a guitar has single strings.
    """

    pluck_position: float = 0.2
    slope: float = 1.0
    stiffness: float = 1e-4
    decay: float = 3.0
    damping: float = 0.6
    release: float = 0.15
    attack_noise: float = 0.0
    course_cents: tuple[float, ...] = (0.0,)


@dataclass(frozen=True, slots=True)
class Sustained:
    """A tone that lasts as long as it is bowed or blown.

    Attributes:
        partials: amplitudes of the harmonics, the fundamental first.
        body: resonances of the body, each as (Hz, width in octaves, gain).
        body_floor: gain far from all resonances.
        attack: seconds until the tone has its full amplitude.
        release: seconds in which the tone ends.
        vibrato_cents: cents (hundredths of a semitone) of vibrato, up and down.
        vibrato_hz: frequency of the vibrato.
        reed_cents: detuning of each reed in cents; one reed in tune by default.
        breath: amplitude of the breath noise.
    """

    partials: tuple[float, ...]
    body: tuple[tuple[float, float, float], ...] = ()
    body_floor: float = 1.0
    attack: float = 0.03
    release: float = 0.06
    vibrato_cents: float = 0.0
    vibrato_hz: float = 5.4
    reed_cents: tuple[float, ...] = (0.0,)
    breath: float = 0.0


Voice: TypeAlias = Plucked | Sustained


def _harmonic_series(slope: float, even: float = 1.0, count: int = 24) -> tuple[float, ...]:
    """Return the amplitudes n ** -slope of `count` harmonics, even ones multiplied by `even`."""
    return tuple(n**-slope * (1.0 if n % 2 else even) for n in range(1, count + 1))


# The body of a violin resonates near 300 Hz (its air), 490 Hz (its wood) and 2.6 kHz (its bridge).
_FIDDLE = Sustained(
    _harmonic_series(0.95),
    body=((300, 0.4, 0.8), (490, 0.35, 1.0), (1100, 0.5, 0.6), (2600, 0.5, 0.8)),
    body_floor=0.3,
    attack=0.035,
    release=0.07,
    vibrato_cents=7.0,
)
# The larger the body, the lower it resonates.
_VIOLA = replace(
    _FIDDLE,
    body=((230, 0.4, 0.8), (350, 0.35, 1.0), (850, 0.5, 0.6), (2000, 0.5, 0.7)),
    attack=0.045,
)
_CELLO = replace(
    _FIDDLE,
    body=((110, 0.4, 0.8), (185, 0.35, 1.0), (450, 0.5, 0.7), (1500, 0.5, 0.5)),
    attack=0.05,
)
_FLUTE = Sustained(
    (1.0, 0.5, 0.2, 0.1, 0.04, 0.02), attack=0.03, vibrato_cents=4.0, vibrato_hz=4.8, breath=0.025
)
_WHISTLE = Sustained((1.0, 0.28, 0.1, 0.05, 0.02), attack=0.012, release=0.035, breath=0.02)
_LOW_WHISTLE = Sustained((1.0, 0.4, 0.2, 0.08, 0.03), attack=0.02, release=0.045, breath=0.035)
# Narrow and open: the third harmonic is stronger than the second.
_RECORDER = Sustained((1.0, 0.06, 0.22, 0.03, 0.08), attack=0.02, release=0.04, breath=0.012)
# Two reeds a few cents apart beat against each other: the sound of a tremolo-tuned accordion.
_ACCORDION = Sustained(
    _harmonic_series(0.75, even=0.7),
    body=((900, 0.8, 0.7), (2200, 0.7, 0.5)),
    body_floor=0.45,
    attack=0.02,
    release=0.05,
    reed_cents=(-4.5, 4.5),
)
_CONCERTINA = Sustained(_harmonic_series(0.9, even=0.5), attack=0.015, release=0.04)
_HARMONICA = Sustained(
    _harmonic_series(0.7), body=((1500, 0.7, 0.9),), body_floor=0.4, attack=0.02, vibrato_cents=6.0
)
_HARMONIUM = Sustained(_harmonic_series(0.85), attack=0.06, release=0.09, reed_cents=(-1.5, 1.5))
# Amplitudes that fall slowly (a small slope) sound bright and reedy.
_PIPES = Sustained(
    _harmonic_series(0.55, even=0.9),
    body=((1200, 0.7, 0.8), (3000, 0.6, 0.5)),
    body_floor=0.35,
    attack=0.01,
    release=0.02,
)
# Softer than bagpipes for marching, and played indoors.
_UILLEANN_PIPES = replace(
    _PIPES, partials=_harmonic_series(0.8, even=0.7), attack=0.012, release=0.03, vibrato_cents=4.0
)
_SMALLPIPES = Sustained(_harmonic_series(0.7, even=0.2), attack=0.01, release=0.02)
# A cylinder closed at one end, as the clarinet is, has hardly any even harmonics.
_CLARINET = Sustained(_harmonic_series(0.9, even=0.12, count=16), attack=0.03, breath=0.01)
_OBOE = Sustained(
    _harmonic_series(0.6),
    body=((1100, 0.5, 1.0), (2900, 0.5, 0.6)),
    body_floor=0.25,
    attack=0.03,
    vibrato_cents=5.0,
)
_BRASS = Sustained(_harmonic_series(1.1), attack=0.04, release=0.07, vibrato_cents=3.0)

# The nearer to the middle a string is plucked, the weaker are its high partials: a harp sounds
# softer than a banjo, whose skin also drains the strings quickly.
_HARP = Plucked(pluck_position=0.32, slope=1.25, decay=3.6, damping=0.5, release=0.5)
_PIANO = Plucked(
    pluck_position=0.12,
    slope=1.05,
    stiffness=3e-4,
    decay=5.0,
    damping=0.6,
    release=0.14,
    attack_noise=0.05,
)
_GUITAR = Plucked(
    pluck_position=0.21, slope=1.15, decay=3.0, damping=0.8, release=0.1, attack_noise=0.02
)
_STEEL = Plucked(
    pluck_position=0.14, slope=0.95, decay=2.6, damping=0.6, release=0.12, attack_noise=0.03
)
# Pairs of strings that are never quite in tune.
_MANDOLIN = Plucked(
    pluck_position=0.11,
    slope=0.8,
    decay=2.2,
    release=0.08,
    attack_noise=0.05,
    course_cents=(-3.0, 3.0),
)
_BOUZOUKI = Plucked(
    pluck_position=0.16, slope=0.9, decay=2.8, attack_noise=0.03, course_cents=(-2.0, 2.0)
)
_BANJO = Plucked(
    pluck_position=0.1, slope=0.7, decay=0.9, damping=0.5, release=0.06, attack_noise=0.06
)
_DULCIMER = Plucked(
    pluck_position=0.1, slope=0.85, stiffness=2e-4, decay=3.2, release=0.6, attack_noise=0.05
)
_HARPSICHORD = Plucked(pluck_position=0.13, slope=0.6, decay=2.6, damping=0.4, release=0.05)
_BASS = Plucked(pluck_position=0.25, slope=1.4, decay=2.0, damping=1.0, release=0.1)

# Instruments without a General MIDI program of their own, or unlike their neighbours in its list.
_VOICES_BY_NAME: dict[str, Voice] = {
    "viola": _VIOLA,
    "cello": _CELLO,
    "low whistle": _LOW_WHISTLE,
    "recorder": _RECORDER,
    "harmonica": _HARMONICA,
    "harmonium": _HARMONIUM,
    "uilleann pipes": _UILLEANN_PIPES,
    "smallpipes": _SMALLPIPES,
    "mandolin": _MANDOLIN,
    "bouzouki": _BOUZOUKI,
    "cittern": _BOUZOUKI,
}
# The last program of each group, and the voice of the group: General MIDI numbers similar
# instruments one after the other.
_VOICES_BY_LAST_PROGRAM: tuple[tuple[int, Voice], ...] = (
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


def voice_for(program: int, name: str = "") -> Voice:
    """Return the voice of an instrument.

    Args:
        program: its General MIDI program, counted from 0.
        name: its name in lower case, for an instrument that has a voice of its own.
    """
    if name in _VOICES_BY_NAME:
        return _VOICES_BY_NAME[name]
    return next(voice for last, voice in _VOICES_BY_LAST_PROGRAM if program <= last)
