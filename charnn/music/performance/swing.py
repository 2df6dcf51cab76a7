"""How hornpipes are swung: two notes to a beat sound as two thirds and one third of it.

They are written even (`AB`) or dotted (`A>B`); both mean the same lilt. Even pairs are swung in
2/4 (sixteenths) and 4/4 (eighths), dotted ones in every meter, as abc2midi does it. Any other tune
can be swung too, if that is asked for, unless its beats fall in three.
"""

from fractions import Fraction
from itertools import pairwise

from charnn.music.tune.tune import BarLine, Change, Mark, Meter, Note, Tune

_LONG, _SHORT = Fraction(4, 3), Fraction(2, 3)  # of an even half
_EVEN = {(2, 4): Fraction(1, 4), (4, 4): Fraction(1, 2)}  # meter -> the notes that are swung
_EVEN_IF_ASKED = _EVEN | {(2, 2): Fraction(1, 2), (3, 4): Fraction(1, 2), (3, 2): Fraction(1, 2)}


def is_swung(tune: Tune) -> bool:
    """Whether the tune's rhythm (R:) is one that is swung."""
    return tune.rhythm.casefold().startswith("hornpipe")


def swung_durations(tune: Tune, *, any_meter: bool = False) -> dict[int, Fraction]:
    """The durations, in quarter notes, of the notes that swinging changes, by place in `music`.

    Args:
        tune: as read.
        any_meter: whether even pairs are swung in 2/2, 3/4 and 3/2 as well, and dotted ones only
            where beats do not fall in three: what to do to a tune that need not be a hornpipe.
    """
    meter = tune.meter
    evens = _EVEN_IF_ASKED if any_meter else _EVEN
    changed = {} if any_meter and meter.compound else _dotted_pairs(tune)
    bar: list[int] = []  # places of this bar's notes
    pickup = True  # whether the bar, if it is short, lacks its beginning
    for place, element in enumerate(tune.music):
        if isinstance(element, Note):
            bar.append(place)
        elif isinstance(element, Change) and isinstance(element.value, Meter):
            meter = element.value
        elif isinstance(element, BarLine):
            changed |= _even_pairs(tune, bar, meter, evens, pickup)
            bar, pickup = [], element.section
    return changed | _even_pairs(tune, bar, meter, evens, pickup)


def _dotted_pairs(tune: Tune) -> dict[int, Fraction]:
    """`A>B` is written 3:1 and sounds 2:1."""
    changed: dict[int, Fraction] = {}
    notes = [place for place, element in enumerate(tune.music) if isinstance(element, Note)]
    for first, second in pairwise(notes):
        for mark in tune.music[first + 1 : second]:
            if isinstance(mark, Mark) and mark.text in (">", "<"):
                long, short = (first, second) if mark.text == ">" else (second, first)
                changed[long] = changed.get(long, _duration(tune, long)) * _LONG / Fraction(3, 2)
                changed[short] = changed.get(short, _duration(tune, short)) * _SHORT * 2
    return changed


def _even_pairs(
    tune: Tune,
    bar: list[int],
    meter: Meter,
    evens: dict[tuple[int, int], Fraction],
    pickup: bool,
) -> dict[int, Fraction]:
    """Notes of the swung length that begin on a beat, and their seconds."""
    unit = evens.get((meter.numerator, meter.denominator))
    if unit is None:
        return {}
    changed: dict[int, Fraction] = {}
    whole = sum((_duration(tune, place) for place in bar), Fraction(0))
    onset = -whole % (2 * unit) if pickup and whole < meter.bar else Fraction(0)
    for first, second in pairwise(bar):
        even = _duration(tune, first) == _duration(tune, second) == unit
        if even and onset % (2 * unit) == 0 and _sounds(tune, first) and _sounds(tune, second):
            changed[first], changed[second] = unit * _LONG, unit * _SHORT
        onset += _duration(tune, first)
    return changed


def _duration(tune: Tune, place: int) -> Fraction:
    note = tune.music[place]
    return note.duration if isinstance(note, Note) else Fraction(0)


def _sounds(tune: Tune, place: int) -> bool:
    note = tune.music[place]
    return isinstance(note, Note) and bool(note.pitches)
