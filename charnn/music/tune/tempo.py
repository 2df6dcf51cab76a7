"""The tempo of a tune: its Q:, else the usual tempo of its type of dance, else of its meter."""

import re
from fractions import Fraction

from charnn.music.tune.tune import Meter, Tempo, Tune

_QUARTER, _DOTTED_QUARTER, _HALF = Fraction(1), Fraction(3, 2), Fraction(2)

# Usual tempos in sessions: the type, the beat in quarter notes, and beats a minute. The first type
# in this order that occurs in the R: of a tune counts.
_BY_RHYTHM = (
    ("slide", _DOTTED_QUARTER, 145),
    ("jig", _DOTTED_QUARTER, 120),
    ("reel", _HALF, 105),
    ("hornpipe", _HALF, 80),
    ("polka", _QUARTER, 135),
    ("waltz", _QUARTER, 130),
    ("strathspey", _QUARTER, 125),
    ("march", _QUARTER, 110),
    ("air", _QUARTER, 70),
)
_MARCH_IN_TWO = Tempo("", _HALF, Fraction(75))  # in C and C|
# For tunes of other types, close to the medians of Q: in Aird's Airs, in quarter notes a minute:
# 200 in C|, 120 in C, 104 in 2/4, 100 in 3/4, 180 in 6/8.
_BY_METER = {
    (2, 2): (_HALF, 100),
    (4, 4): (_QUARTER, 120),
    (2, 4): (_QUARTER, 104),
    (3, 4): (_QUARTER, 110),
}


def default_tempo(tune: Tune) -> Tempo:
    """Return the tempo of the header; the usual tempo if Q: is missing or contains only words."""
    if tune.tempo and tune.tempo.beats:
        return tune.tempo
    rhythm = tune.rhythm.casefold()
    for name, beat, beats in _BY_RHYTHM:
        if re.search(rf"\b{name}(?:e?s)?\b", rhythm):
            return _tempo_of_rhythm(tune.meter, name, beat, Fraction(beats))
    return _tempo_of_meter(tune.meter)


def is_swung(tune: Tune) -> bool:
    """Return whether the R: field of the tune is a hornpipe, which is swung by custom."""
    return tune.rhythm.casefold().startswith("hornpipe")


def _tempo_of_rhythm(meter: Meter, name: str, beat: Fraction, beats: Fraction) -> Tempo:
    """Return the usual tempo of a type of dance, with a beat that suits the meter."""
    if beat == _DOTTED_QUARTER:
        return Tempo("", beat, beats) if _counts_in_threes(meter) else _tempo_of_meter(meter)
    if beat == _QUARTER and meter.compound:
        return Tempo("", Fraction(12, meter.denominator), beats)
    if name == "march" and meter.bar == 4:
        return _MARCH_IN_TWO
    if beat == _HALF and meter.bar == 2:  # a reel or hornpipe in 2/4 has notes of half the length
        return Tempo("", _QUARTER, beats)
    return Tempo("", beat, beats)


def _counts_in_threes(meter: Meter) -> bool:
    # A bar of 3/8 is one dotted quarter, as is half a bar of 6/8.
    return meter.compound or (meter.numerator, meter.denominator) == (3, 8)


def _tempo_of_meter(meter: Meter) -> Tempo:
    if _counts_in_threes(meter):
        return Tempo("", Fraction(12, meter.denominator), Fraction(120))
    beat, beats = _BY_METER.get((meter.numerator, meter.denominator), (_QUARTER, 120))
    return Tempo("", beat, Fraction(beats))
