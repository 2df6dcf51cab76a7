"""How fast a tune goes: as its Q: says, else as is the custom for its kind, else for its meter."""

from fractions import Fraction

from charnn.music.tune import Meter, Tempo, Tune

_QUARTER, _DOTTED, _HALF = Fraction(1), Fraction(3, 2), Fraction(2)

# Usual session speeds: the beat in quarter notes, and beats a minute. Asked in this order, so that
# "double jig" finds jig and "slip jig" its own line.
_BY_RHYTHM = (
    ("slip", _DOTTED, 120),
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
_BY_METER = {
    (2, 2): (_HALF, 100),
    (4, 4): (_QUARTER, 120),
    (2, 4): (_QUARTER, 104),
    (3, 4): (_QUARTER, 110),
}


def default_tempo(tune: Tune) -> Tempo:
    """The tempo at the beginning, whatever the tune leaves unsaid filled in."""
    if tune.tempo and tune.tempo.beats:
        return tune.tempo
    rhythm = tune.rhythm.casefold()
    for name, beat, beats in _BY_RHYTHM:
        if name in rhythm:
            in_two = beat == _HALF and tune.meter.bar == 2  # a reel or hornpipe written in 2/4
            return Tempo("", _QUARTER if in_two else beat, Fraction(beats))
    return _by_meter(tune.meter)


def _by_meter(meter: Meter) -> Tempo:
    if meter.compound or (meter.numerator, meter.denominator) == (3, 8):
        return Tempo("", Fraction(12, meter.denominator), Fraction(120))
    beat, beats = _BY_METER.get((meter.numerator, meter.denominator), (_QUARTER, 120))
    return Tempo("", beat, Fraction(beats))
