"""The features of a tune as numbers, by which a classifier tells generated tunes from real ones."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from charnn.music.form.form_figures import Tally
from charnn.music.form.tune_outline import TuneOutline, bar_rhythm
from charnn.music.tune.tune import Change, Key, Mark, Note

# The upper bounds of groups of intervals, in semitones without direction, and of lengths, in
# eighths of a whole note. The last group has no bound.
_INTERVAL_BOUNDS = (0, 2, 4, 5, 7, 11, 12)
_LENGTH_BOUNDS = (0.49, 0.5, 0.99, 1, 1.5, 2, 3)


def feature_matrix(
    tunes: Sequence[TuneOutline], tallies: Sequence[Mapping[str, Tally]]
) -> NDArray[np.float64]:
    """Return the features of each tune, one row for each tune.

    The features are the figures of form, and statistics: the shares of the degrees, intervals and
    lengths of the notes, the range, and the numbers of bars, notes, rests and signs. A figure
    without a case is NaN.

    Args:
        tunes: at least one tune.
        tallies: the tallies of the figures of form of each tune.
    """
    return np.array(
        [
            [
                *(held / cases if cases else np.nan for held, cases in tally.values()),
                *_note_shares(tune),
                *_sizes(tune),
            ]
            for tune, tally in zip(tunes, tallies, strict=True)
        ],
        dtype=np.float64,
    )


def _note_shares(tune: TuneOutline) -> list[float]:
    """Return shares of the notes: degrees, intervals and lengths."""
    degrees: Counter[int] = Counter()
    outside, pitches, durations = 0, [], []
    key = tune.tune.key
    for element in tune.tune.music:
        if isinstance(element, Change) and isinstance(element.value, Key):
            key = element.value
        elif isinstance(element, Note) and element.pitches:
            written = element.pitches[0].midi - key.transpose
            degrees[(written - key.semitones) % 12] += 1
            outside += written % 12 not in key.scale
            pitches.append(element.pitches[0].midi)
            durations.append(2 * float(element.duration))
    intervals = np.diff(np.array(pitches, np.float64))
    count = max(1, len(pitches))
    return [
        *(degrees[degree] / count for degree in range(12)),
        outside / count,
        *_shares(np.abs(intervals), _INTERVAL_BOUNDS),
        float((intervals > 0).mean()) if len(intervals) else 0.0,
        *_shares(np.array(durations), _LENGTH_BOUNDS),
        sum(one == other for one, other in pairwise(durations)) / count,
    ]


def _shares(values: NDArray[np.float64], bounds: Sequence[float]) -> list[float]:
    """Return the share of the values in each group between two bounds."""
    groups = np.searchsorted(bounds, values)
    counts = np.bincount(groups, minlength=len(bounds) + 1)
    shares: list[float] = (counts / max(1, len(values))).tolist()
    return shares


def _sizes(tune: TuneOutline) -> list[float]:
    """Return the range and the numbers of what a tune consists of."""
    notes = [element for element in tune.tune.music if isinstance(element, Note)]
    heads = [note.pitches[0].midi for note in notes if note.pitches] or [0]
    marks = Counter(each.kind for each in tune.tune.music if isinstance(each, Mark))
    bars = max(1, len(tune.bars))
    inner = [part.bars[-1] for part in tune.parts if part.bars]
    return [
        max(heads) - min(heads),
        min(heads),
        max(heads),
        heads[0] - heads[-1],
        len(tune.bars),
        len(tune.parts),
        len(notes) / bars,
        len(set(tune.bars)) / bars,
        len({bar_rhythm(bar) for bar in tune.bars}) / bars,
        len(tune.first_endings),
        sum(len(bar) for bar in inner) / max(1, len(inner)),
        sum(bool(note.rest) for note in notes) / bars,
        sum(bool(note.graces) for note in notes) / bars,
        sum(len(note.pitches) > 1 for note in notes) / bars,
        *(marks[kind] / bars for kind in ("decoration", "slur", "tuplet", "broken rhythm")),
        len(tune.title.split()),
    ]
