"""The features of tunes in ABC notation: header, bars, beats, parts, chords, tuplets, graces."""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from charnn.errors import TuneError
from charnn.insight.named_features import NO_CLASS, Classes, NamedFeature
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import split_book
from charnn.music.abc.tuplet import parse_tuplet
from charnn.music.checking.bars import CountedBar, split_into_bars
from charnn.music.tune.tune import BarLine, Mark, Note, Tune

_YES_OR_NO = ("no", "yes")
_LABELS: dict[str, tuple[str, ...]] = {
    "inside a field of the header": _YES_OR_NO,
    "position in the bar (eighths)": (*"0123456", "7+"),
    "on a beat": _YES_OR_NO,
    "beat of the bar": ("1", "2", "3", "4+"),
    "bar of the part": (*"1234567", "8+"),
    "part of the tune": ("1", "2", "3", "4+"),
    "inside a chord": _YES_OR_NO,
    "inside a tuplet": _YES_OR_NO,
    "inside grace notes": _YES_OR_NO,
    "inside quotes": _YES_OR_NO,
}
HEADER, POSITION, ON_BEAT, BEAT, BAR, PART, CHORD, TUPLET, GRACES, QUOTES = _LABELS


def tune_features(text: str) -> list[NamedFeature]:
    """Return the features of a text of tunes, with a class for each character.

    The characters of a tune that cannot be read have no features.
    """
    classes = {name: np.full(len(text), NO_CLASS, np.int8) for name in _LABELS}
    starts = _line_starts(text)
    for source in split_book(text):
        try:
            tune = read_tune(source)
        except TuneError:
            continue
        _mark_tune(tune, source.text, starts[source.line - 1], starts, classes)
    return [NamedFeature(name, labels, classes[name]) for name, labels in _LABELS.items()]


def _line_starts(text: str) -> NDArray[np.int64]:
    """Return the place of the first character of every line."""
    ends = np.flatnonzero(np.array([character == "\n" for character in text], bool))
    return np.concatenate([[0], ends + 1])


def _mark_tune(
    tune: Tune,
    source: str,
    begin: int,
    starts: NDArray[np.int64],
    classes: dict[str, Classes],
) -> None:
    """Write the classes of the characters of one tune.

    Args:
        tune: the tune.
        source: its text.
        begin: the place of its first character in the whole text.
        starts: the place of each line of the whole text.
        classes: the classes of each feature, changed in place.
    """
    end = min(begin + len(source), len(classes[HEADER]))
    places = [int(starts[each.line - 1]) + each.column - 1 for each in tune.music]
    first = places[0] if places else end
    # The body begins on the line of its first sign.
    body = int(starts[np.searchsorted(starts, first, "right") - 1]) if places else end
    classes[HEADER][begin:end] = 0
    classes[HEADER][begin:body] = 1
    for name, opening, closing in ((GRACES, "{", "}"), (QUOTES, '"', '"')):
        classes[name][body:end] = _inside(source[body - begin : end - begin], opening, closing)
    for name in (CHORD, TUPLET):
        classes[name][body:end] = 0
    for mark in _tuplets(tune, [*places, end]):
        classes[TUPLET][mark] = 1
    bars, bar_of_note = split_into_bars(tune)
    numbers = list(_places_of_bars(bars))
    onset: Fraction | None = None
    bar: int | None = None
    for index, (begins, ends) in enumerate(pairwise([*places, end])):
        element = tune.music[index]
        if isinstance(element, BarLine):
            onset = bar = None
        elif isinstance(element, Note):
            if bar_of_note[index] != bar:
                bar = bar_of_note[index]
                # A pick-up ends where a bar begins.
                short = bars[bar].meter.bar - bars[bar].duration
                onset = short if numbers[bar][1] is None else Fraction(0)
            if len(element.pitches) > 1:
                length = source[begins - begin : ends - begin].find("]")
                classes[CHORD][begins : begins + max(0, length)] = 1
        if bar is not None and onset is not None:
            _mark_time(classes, slice(begins, ends), onset, bars[bar], numbers[bar])
            if isinstance(element, Note):
                onset += element.duration


def _mark_time(
    classes: dict[str, Classes],
    where: slice,
    onset: Fraction,
    bar: CountedBar,
    place: tuple[int, int | None],
) -> None:
    """Write the time features of the characters of one element."""
    meter = bar.meter
    beat = Fraction(3, 2) if meter.compound else Fraction(4, meter.denominator or 4)
    part, number = place
    for name, value in (
        (POSITION, int(2 * onset)),
        (ON_BEAT, int(onset % beat == 0)),
        (BEAT, int(onset / beat)),
        (PART, part),
        (BAR, NO_CLASS if number is None else number),
    ):
        classes[name][where] = min(value, len(_LABELS[name]) - 1)


def _places_of_bars(bars: list[CountedBar]) -> Iterator[tuple[int, int | None]]:
    """Yield the part of each bar, and its number in the part, from 0; None for a pick-up."""
    part = number = -1
    for bar in bars:
        if bar.begins_part:
            part += 1
            number = -1
        if bar.begins_part and bar.too_short and not bar.begins_ending:
            yield part, None
        else:
            number += 1
            yield part, number


def _tuplets(tune: Tune, places: list[int]) -> Iterator[slice]:
    """Yield the place of each tuplet, from its sign to the end of its last note."""
    for index, element in enumerate(tune.music):
        if not isinstance(element, Mark) or element.kind != "tuplet":
            continue
        left = parse_tuplet(element.text, compound=tune.meter.compound)[2]
        for after in range(index + 1, len(tune.music)):
            left -= isinstance(tune.music[after], Note)
            if left == 0:
                yield slice(places[index], places[after + 1])
                break


def _inside(text: str, opening: str, closing: str) -> list[int]:
    """Return 1 for each character between two signs, 0 for others. Both end with the line."""
    inside, found = 0, []
    for character in text:
        if inside and character in (closing, "\n"):
            inside = 0
        elif not inside and character == opening:
            inside = 1
        found.append(inside)
    return found
