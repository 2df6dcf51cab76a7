"""How fast a tune goes: as its Q: says, else as is the custom for its kind, else for its meter."""

import re
from fractions import Fraction

from charnn.music.tune.tune import Meter, Tempo, Tune

_QUARTER, _DOTTED, _HALF = Fraction(1), Fraction(3, 2), Fraction(2)

# Usual session speeds: the beat in quarter notes, and beats a minute.
_BY_RHYTHM = (
    ("slide", _DOTTED, 145),
    ("jig", _DOTTED, 120),
    ("reel", _HALF, 105),
    ("hornpipe", _HALF, 80),
    ("polka", _QUARTER, 135),
    ("waltz", _QUARTER, 130),
    ("strathspey", _QUARTER, 125),
    ("march", _QUARTER, 110),
    ("air", _QUARTER, 70),
)
_MARCH_IN_TWO = Tempo("", _HALF, Fraction(75))  # C and C|
_BY_METER = {
    (2, 2): (_HALF, 100),
    (4, 4): (_QUARTER, 120),
    (2, 4): (_QUARTER, 104),
    (3, 4): (_QUARTER, 110),
}


def default_tempo(tune: Tune) -> Tempo:
    """The tempo of the header, whatever it leaves unsaid filled in."""
    if tune.tempo and tune.tempo.beats:
        return tune.tempo
    rhythm = tune.rhythm.casefold()
    for name, beat, beats in _BY_RHYTHM:
        if re.search(rf"\b{name}(?:e?s)?\b", rhythm):
            return _in_meter(tune.meter, name, beat, Fraction(beats))
    return _by_meter(tune.meter)


def _in_meter(meter: Meter, name: str, beat: Fraction, beats: Fraction) -> Tempo:
    """The custom of a kind, its beat as the meter counts it."""
    if beat == _DOTTED:
        return Tempo("", beat, beats) if _in_threes(meter) else _by_meter(meter)
    if beat == _QUARTER and meter.compound:
        return Tempo("", Fraction(12, meter.denominator), beats)
    if name == "march" and meter.bar == 4:
        return _MARCH_IN_TWO
    if beat == _HALF and meter.bar == 2:  # a reel or hornpipe written in 2/4
        return Tempo("", _QUARTER, beats)
    return Tempo("", beat, beats)


def _in_threes(meter: Meter) -> bool:
    return meter.compound or (meter.numerator, meter.denominator) == (3, 8)


def _by_meter(meter: Meter) -> Tempo:
    if _in_threes(meter):
        return Tempo("", Fraction(12, meter.denominator), Fraction(120))
    beat, beats = _BY_METER.get((meter.numerator, meter.denominator), (_QUARTER, 120))
    return Tempo("", beat, Fraction(beats))
