"""Which notes share a beam: those that ABC writes without a space between them; where a tune never
spaces any, those of a beat.
"""

from fractions import Fraction

from charnn.music.score.staff import Event, Measure
from charnn.music.tune.tune import Meter


def beam(measures: list[Measure]) -> None:
    """Join the notes of a tune by beams."""
    spaced = any(
        not event.joined
        for measure in measures
        for event in list(measure.events())[1:]
        if event.value.flags and not event.grace
    )
    for place, measure in enumerate(measures):
        _beam(measure, spaced, first=place == 0)


def _beam(measure: Measure, spaced: bool, first: bool) -> None:
    beat = _beat(measure.meter)
    onset = measure.meter.bar - measure.duration if first else Fraction(0)
    onset = max(onset, Fraction(0))
    group: list[Event] = []
    start = onset  # of the group
    graces: list[Event] = []
    for event in measure.events():
        if event.grace:
            graces.append(event)
            continue
        _join(graces)
        graces = []
        apart = not event.joined if spaced else start // beat != onset // beat
        if apart or not event.heads or not event.value.flags:
            _join(group)
            group = []
        if event.heads and event.value.flags:
            if not group:
                start = onset
            group.append(event)
        onset += event.duration
    _join(group)


def _beat(meter: Meter) -> Fraction:
    """How much goes under one beam where nothing else says so, in quarter notes."""
    if not meter.bar:
        return Fraction(1)
    if meter.compound or (meter.numerator == 3 and meter.denominator == 8):
        return Fraction(12, meter.denominator)
    return Fraction(2) if meter.bar == 4 else Fraction(1)


def _join(group: list[Event]) -> None:
    """Give the notes of one group their beams."""
    if len(group) < 2:
        return
    flags = [event.value.flags for event in group]
    for place, event in enumerate(group):
        before = flags[place - 1] if place else 0
        after = flags[place + 1] if place + 1 < len(group) else 0
        for level in range(1, flags[place] + 1):
            left, right = before >= level, after >= level
            if left or right:
                event.beams.append("continue" if left and right else "end" if left else "begin")
            else:
                event.beams.append("backward hook" if place else "forward hook")
