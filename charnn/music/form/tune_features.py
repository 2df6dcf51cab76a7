"""The features of a tune as numbers, by which a classifier tells generated tunes from real ones.

Only the music has features, and they do not depend on the key that it is written in.
"""

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping
from itertools import pairwise

from charnn.music.form.form_figures import Tally
from charnn.music.form.real_tunes import FIGURES
from charnn.music.form.tune_outline import TuneOutline, bar_rhythm
from charnn.music.tune.tune import Change, Key, Mark, MarkKind, Note

# Groups by their upper bounds: of intervals in semitones, up or down, and of lengths in eighths.
_INTERVALS = {
    "repeated notes": 0,
    "steps": 2,
    "thirds": 4,
    "fourths": 5,
    "tritones and fifths": 7,
    "sixths and sevenths": 11,
    "octaves": 12,
    "wider intervals": math.inf,
}
_LENGTHS = {
    "notes shorter than 1/16": 0.49,
    "notes of 1/16": 0.5,
    "notes between 1/16 and 1/8": 0.99,
    "notes of 1/8": 1,
    "notes up to 3/16": 1.5,
    "notes up to 1/4": 2,
    "notes up to 3/8": 3,
    "notes longer than 3/8": math.inf,
}
_SIGNS: dict[str, MarkKind] = {
    "decorations": "decoration",
    "slurs": "slur",
    "tuplets": "tuplet",
    "broken rhythms": "broken rhythm",
}


def tune_features(tune: TuneOutline, tallies: Mapping[str, Tally]) -> dict[str, float]:
    """Return the features of a tune by name; every tune has the same names.

    They are the figures of form, and statistics: shares of the notes by degree, interval and
    length, the range, and the numbers of bars, notes, rests and signs. A figure without a case is
    NaN.

    Args:
        tune: the tune.
        tallies: the tallies of the figures of form.
    """
    figures = {
        FIGURES[name]: held / cases if cases else math.nan
        for name, (held, cases) in tallies.items()
        if name != "title_words"
    }
    return figures | _degrees(tune) | _melody(tune) | _sizes(tune)


def _degrees(tune: TuneOutline) -> dict[str, float]:
    """Return the share of each degree above the tonic, and of the notes off the scale."""
    degrees: Counter[int] = Counter()
    off_scale = 0
    key = tune.tune.key
    for element in tune.tune.music:
        if isinstance(element, Change) and isinstance(element.value, Key):
            key = element.value
        elif isinstance(element, Note) and element.pitches:
            written = element.pitches[0].midi - key.transpose
            degrees[(written - key.semitones) % 12] += 1
            off_scale += written % 12 not in key.scale
    count = max(1, degrees.total())
    return {
        **{f"notes {step} semitones above the tonic": degrees[step] / count for step in range(12)},
        "notes off the scale": off_scale / count,
    }


def _melody(tune: TuneOutline) -> dict[str, float]:
    """Return shares of the intervals and lengths of the notes, and the range."""
    notes = [(heads[0], duration) for bar in tune.bars for heads, duration in bar if heads]
    pitches, lengths = [pitch for pitch, _ in notes], [float(2 * each) for _, each in notes]
    intervals = [after - before for before, after in pairwise(pitches)]
    return {
        **_shares(map(abs, intervals), _INTERVALS),
        **_shares(lengths, _LENGTHS),
        "rising intervals": sum(each > 0 for each in intervals) / max(1, len(intervals)),
        "equal lengths in a row": sum(a == b for a, b in pairwise(lengths)) / max(1, len(lengths)),
        "range": max(pitches, default=0) - min(pitches, default=0),
        "first note above the last": pitches[0] - pitches[-1] if pitches else 0,
    }


def _shares(values: Iterable[float], groups: Mapping[str, float]) -> dict[str, float]:
    """Return the share of the values in each group; a group is named, and has an upper bound."""
    bounds = list(groups.values())
    counts = Counter(bisect_left(bounds, value) for value in values)
    return {name: counts[place] / max(1, counts.total()) for place, name in enumerate(groups)}


def _sizes(tune: TuneOutline) -> dict[str, float]:
    """Return the numbers of what a tune consists of, most of them for each bar."""
    notes = [element for element in tune.tune.music if isinstance(element, Note)]
    signs = Counter(each.kind for each in tune.tune.music if isinstance(each, Mark))
    bars = max(1, len(tune.bars))
    last_bars = [part.last_bar for part in tune.parts]
    return {
        "bars": len(tune.bars),
        "parts": len(tune.parts),
        "first endings": len(tune.first_endings),
        "notes in a bar": len(notes) / bars,
        "notes in a last bar": sum(map(len, last_bars)) / max(1, len(last_bars)),
        "different bars": len(set(tune.bars)) / bars,
        "different rhythms of bars": len(set(map(bar_rhythm, tune.bars))) / bars,
        "rests": sum(bool(note.rest) for note in notes) / bars,
        "grace notes": sum(bool(note.graces) for note in notes) / bars,
        "chords": sum(len(note.pitches) > 1 for note in notes) / bars,
        **{name: signs[kind] / bars for name, kind in _SIGNS.items()},
    }
