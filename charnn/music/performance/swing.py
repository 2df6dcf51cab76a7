"""Swing: the first note of a pair is played longer and the second shorter than they are written.

Hornpipes are written with even notes (`AB`) or dotted ones (`A>B`), and both are played alike, as
two thirds and one third of the time of the pair. As in abc2midi, even pairs are swung in 2/4
(sixteenths) and 4/4 (eighths), and dotted pairs are swung in every meter. On request any other tune
is swung too; in jigs the first two of three eighths are a pair.
"""

from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple

from charnn.music.performance.bars_on_beat import BarOnBeat, bars_on_beat
from charnn.music.tune.tempo import is_swung
from charnn.music.tune.tune import Mark, Meter, Note, Tune

# The share of the first note of a pair in the time of the pair.
EVEN, SWUNG = Fraction(1, 2), Fraction(2, 3)
MAX_SHARE = Fraction(4, 5)  # more would sound like a grace note before the beat


class _Group(NamedTuple):
    """Even notes of `unit` quarter notes; `size` of them make a beat, and the first two a pair."""

    unit: Fraction
    size: int


_SIXTEENTHS, _EIGHTHS = _Group(Fraction(1, 4), 2), _Group(Fraction(1, 2), 2)
# Meter -> the even notes that are swung.
_SWUNG_IN_HORNPIPES = {(2, 4): _SIXTEENTHS, (4, 4): _EIGHTHS}
_SWUNG_ON_REQUEST = _SWUNG_IN_HORNPIPES | {(2, 2): _EIGHTHS, (3, 4): _EIGHTHS, (3, 2): _EIGHTHS}


def swung_durations(
    tune: Tune, share: Fraction = SWUNG, *, any_meter: bool = False
) -> dict[int, Fraction]:
    """Return the new durations, in quarter notes, of the notes that swing changes.

    The keys are indices into `tune.music`.

    Args:
        tune: the tune as it was read.
        share: the share of the first note of an even pair in the time of the pair.
        any_meter: False for a hornpipe, which is swung by custom. True for a tune that is swung on
            request: even notes are then swung in other meters as well, and dotted pairs only in
            meters that are not compound.
    """
    durations: dict[int, Fraction] = {}
    if not (any_meter and tune.meter.compound):
        # In other tunes than hornpipes, a dotted pair is meant to differ from an even one.
        durations = _dotted_pairs(tune, share if is_swung(tune) else max(share, SWUNG))
    for bar in bars_on_beat(tune):
        durations |= _even_pairs(tune, bar, _group(bar.meter, any_meter), share)
    return durations


def _group(meter: Meter, any_meter: bool) -> _Group | None:
    """Return the even notes that are swung in a meter."""
    if any_meter and (meter.compound or (meter.numerator, meter.denominator) == (3, 8)):
        return _Group(Fraction(4, meter.denominator), 3)
    swung = _SWUNG_ON_REQUEST if any_meter else _SWUNG_IN_HORNPIPES
    return swung.get((meter.numerator, meter.denominator))


def _dotted_pairs(tune: Tune, share: Fraction) -> dict[int, Fraction]:
    """Return the new durations of dotted pairs: `A>B` is written 3:1 and played 2:1."""
    durations: dict[int, Fraction] = {}
    notes = [index for index, element in enumerate(tune.music) if isinstance(element, Note)]
    for first, second in pairwise(notes):
        for mark in tune.music[first + 1 : second]:
            if isinstance(mark, Mark) and mark.text in (">", "<"):
                long, short = (first, second) if mark.text == ">" else (second, first)
                # The reader has made the durations 3/2 and 1/2 of even notes. Undo these factors
                # before the factors of swing apply.
                written_long = durations.get(long, _duration(tune, long))
                written_short = durations.get(short, _duration(tune, short))
                durations[long] = written_long * 2 * share / Fraction(3, 2)
                durations[short] = written_short * 2 * (1 - share) * 2
    return durations


def _even_pairs(
    tune: Tune, bar: BarOnBeat, group: _Group | None, share: Fraction
) -> dict[int, Fraction]:
    """Return the new durations of the even pairs in a bar.

    The first note of a pair must begin on a beat.
    """
    if group is None:
        return {}
    unit, size = group
    durations: dict[int, Fraction] = {}
    onset = bar.onset
    for place, first in enumerate(bar.notes):
        notes = bar.notes[place : place + size]
        is_even = len(notes) == size and all(_duration(tune, index) == unit for index in notes)
        on_beat = onset % (size * unit) == 0
        if is_even and on_beat and all(_is_sounding(tune, index) for index in notes[:2]):
            durations[first], durations[notes[1]] = 2 * share * unit, 2 * (1 - share) * unit
        onset += _duration(tune, first)
    return durations


def _duration(tune: Tune, index: int) -> Fraction:
    note = tune.music[index]
    return note.duration if isinstance(note, Note) else Fraction(0)


def _is_sounding(tune: Tune, index: int) -> bool:
    note = tune.music[index]
    return isinstance(note, Note) and bool(note.pitches)
