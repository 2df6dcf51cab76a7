"""Swing: two notes of a pair are played as two thirds and one third of the time of the pair.

Hornpipes are written with even notes (`AB`) or dotted ones (`A>B`), and both are played alike. As
in abc2midi, even pairs are swung in 2/4 (sixteenths) and 4/4 (eighths), and dotted pairs are swung
in every meter. On request any other tune is swung too, unless its meter is compound.
"""

from fractions import Fraction
from itertools import pairwise

from charnn.music.tune.tune import BarLine, Change, Mark, Meter, Note, Tune

# Factors that turn the durations of two even notes into two thirds and one third of their sum.
_LONG, _SHORT = Fraction(4, 3), Fraction(2, 3)
# Meter -> duration in quarter notes of the even notes that are swung.
_SWUNG_IN_HORNPIPES = {(2, 4): Fraction(1, 4), (4, 4): Fraction(1, 2)}
_SWUNG_ON_REQUEST = _SWUNG_IN_HORNPIPES | {
    (2, 2): Fraction(1, 2),
    (3, 4): Fraction(1, 2),
    (3, 2): Fraction(1, 2),
}


def is_swung(tune: Tune) -> bool:
    """Return whether the R: field of the tune is a hornpipe, which is swung by custom."""
    return tune.rhythm.casefold().startswith("hornpipe")


def swung_durations(tune: Tune, *, any_meter: bool = False) -> dict[int, Fraction]:
    """Return the new durations, in quarter notes, of the notes that swing changes.

    The keys are indices into `tune.music`.

    Args:
        tune: the tune as it was read.
        any_meter: False for a hornpipe, which is swung by custom. True for a tune that is swung on
            request: even pairs are then swung in 2/2, 3/4 and 3/2 as well, and dotted pairs only in
            meters that are not compound.
    """
    meter = tune.meter
    swung_notes = _SWUNG_ON_REQUEST if any_meter else _SWUNG_IN_HORNPIPES
    durations = {} if any_meter and meter.compound else _dotted_pairs(tune)
    bar: list[int] = []  # indices of this bar's notes
    is_pickup = True  # whether a short bar lacks its beginning (otherwise it lacks its end)
    for index, element in enumerate(tune.music):
        if isinstance(element, Note):
            bar.append(index)
        elif isinstance(element, Change) and isinstance(element.value, Meter):
            meter = element.value
        elif isinstance(element, BarLine):
            durations |= _even_pairs(tune, bar, meter, swung_notes, is_pickup)
            bar, is_pickup = [], element.section
    return durations | _even_pairs(tune, bar, meter, swung_notes, is_pickup)


def _dotted_pairs(tune: Tune) -> dict[int, Fraction]:
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
                durations[long] = written_long * _LONG / Fraction(3, 2)
                durations[short] = durations.get(short, _duration(tune, short)) * _SHORT * 2
    return durations


def _even_pairs(
    tune: Tune,
    bar: list[int],
    meter: Meter,
    swung_notes: dict[tuple[int, int], Fraction],
    is_pickup: bool,
) -> dict[int, Fraction]:
    """Return the new durations of the even pairs in a bar.

    The first note of a pair must begin at a multiple of the length of a pair.
    """
    unit = swung_notes.get((meter.numerator, meter.denominator))
    if unit is None:
        return {}
    durations: dict[int, Fraction] = {}
    bar_duration = sum((_duration(tune, index) for index in bar), Fraction(0))
    # The beats of a pickup count backwards from its bar line.
    onset = -bar_duration % (2 * unit) if is_pickup and bar_duration < meter.bar else Fraction(0)
    for first, second in pairwise(bar):
        is_even = _duration(tune, first) == _duration(tune, second) == unit
        on_beat = onset % (2 * unit) == 0
        if is_even and on_beat and _is_sounding(tune, first) and _is_sounding(tune, second):
            durations[first], durations[second] = unit * _LONG, unit * _SHORT
        onset += _duration(tune, first)
    return durations


def _duration(tune: Tune, index: int) -> Fraction:
    note = tune.music[index]
    return note.duration if isinstance(note, Note) else Fraction(0)


def _is_sounding(tune: Tune, index: int) -> bool:
    note = tune.music[index]
    return isinstance(note, Note) and bool(note.pitches)
