"""Statistics of tunes: the share without mistakes, and the distributions of their notes.

The shares without mistakes refer to all tunes, so an unreadable tune is a tune with mistakes.
Distributions are compared by the Jensen-Shannon distance with logarithms to base 2,

    d(P, Q) = sqrt(H((P + Q) / 2) - (H(P) + H(Q)) / 2),

which is 0 for equal distributions and 1 for distributions without a common outcome (J. Lin,
Divergence measures based on the Shannon entropy, 1991; the square root of the divergence is a
metric: D. Endres and J. Schindelin, A new metric for probability distributions, 2003).
"""

import math
from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from fractions import Fraction
from itertools import pairwise

from charnn.errors import TuneError
from charnn.music.checking.bar_count import count_bars
from charnn.music.checking.repeats import repeat_problems
from charnn.music.tune.tune import Change, Key, Note, Tune

USUAL_PART_BARS = (4, 8, 12, 16)


@dataclass
class TuneStatistics:
    """Counts over many tunes.

    Attributes:
        tunes: all tunes.
        read: tunes that can be read.
        legal: tunes in which no bar is too long, and no bar inside a part is too short.
        whole: tunes in which every part is a whole number of bars.
        usual: tunes in which every part has 4, 8, 12 or 16 bars.
        balanced: tunes without mistakes in repeat signs and endings.
        notes: notes in keys that have a scale.
        in_mode: the part of `notes` that belongs to the scale of the key.
        parts: parts by their length in bars.
        pitches: notes by semitones above the tonic, 0 to 11.
        intervals: notes by semitones from the note before; rests between notes are ignored.
        lengths: notes by their length in whole notes.
        meters: tunes by their meter; C counts as 4/4.
        modes: tunes by the mode of their key.
    """

    tunes: int = 0
    read: int = 0
    legal: int = 0
    whole: int = 0
    usual: int = 0
    balanced: int = 0
    notes: int = 0
    in_mode: int = 0
    parts: Counter[int] = field(default_factory=Counter)
    pitches: Counter[int] = field(default_factory=Counter)
    intervals: Counter[int] = field(default_factory=Counter)
    lengths: Counter[Fraction] = field(default_factory=Counter)
    meters: Counter[str] = field(default_factory=Counter)
    modes: Counter[str] = field(default_factory=Counter)

    def __add__(self, other: "TuneStatistics") -> "TuneStatistics":
        # All fields are counts, numbers or Counters, and both kinds add up.
        names = [field.name for field in fields(self)]
        return TuneStatistics(
            **{name: getattr(self, name) + getattr(other, name) for name in names}
        )

    def shares(self) -> dict[str, float]:
        """Return the shares of tunes, parts and notes by name; a share of nothing is 0."""
        of_tunes = ("read", "legal", "whole", "usual", "balanced")
        shares = {name: getattr(self, name) / max(1, self.tunes) for name in of_tunes}
        shares["eights"] = self.parts[8] / max(1, self.parts.total())
        shares["in_mode"] = self.in_mode / max(1, self.notes)
        return shares

    def distances(self, other: "TuneStatistics") -> dict[str, float]:
        """Return the Jensen-Shannon distance to other tunes for each distribution, by name."""
        names = ("pitches", "intervals", "lengths", "meters", "modes")
        return {name: js_distance(getattr(self, name), getattr(other, name)) for name in names}


def tune_statistics(tunes: Iterable[Tune | None]) -> TuneStatistics:
    """Return the statistics of tunes; None stands for a tune that cannot be read."""
    statistics = TuneStatistics()
    for tune in tunes:
        statistics.tunes += 1
        if tune is not None:
            _add_tune(tune, statistics)
    return statistics


def js_distance(one: Mapping[Hashable, int], other: Mapping[Hashable, int]) -> float:
    """Return the Jensen-Shannon distance (base 2) of two distributions, given as counts.

    The distance is 1 if only one distribution is empty, and 0 if both are empty.
    """
    totals = sum(one.values()), sum(other.values())
    if not all(totals):
        return float(any(totals))
    divergence = 0.0
    for outcome in one.keys() | other.keys():
        p, q = one.get(outcome, 0) / totals[0], other.get(outcome, 0) / totals[1]
        divergence += _information(p, q) / 2 + _information(q, p) / 2
    # Rounding can make the divergence of equal distributions slightly negative.
    return math.sqrt(max(0.0, divergence))


def _information(p: float, q: float) -> float:
    """Return one outcome's term of a Kullback-Leibler divergence, in bits.

    The divergence is that of P from (P + Q) / 2. The outcome has the probabilities `p` and `q`.
    """
    return p * math.log2(2 * p / (p + q)) if p else 0.0


def _add_tune(tune: Tune, statistics: TuneStatistics) -> None:
    # A tune counts as read even if its bars cannot be counted below.
    statistics.read += 1
    statistics.meters[f"{tune.meter.numerator}/{tune.meter.denominator}"] += 1
    statistics.modes[tune.key.mode] += 1
    try:
        counted = count_bars(tune)
    except TuneError:
        return  # the playing order is too long
    if not counted.parts:
        return  # without music, bars and parts cannot be right
    statistics.legal += not counted.too_long and not counted.too_short
    statistics.whole += all(part.whole for part in counted.parts)
    statistics.usual += all(part.bars in USUAL_PART_BARS for part in counted.parts)
    statistics.balanced += not any(True for _ in repeat_problems(tune))
    statistics.parts.update(part.bars for part in counted.parts)
    notes_and_keys = list(_notes(tune))
    for note, key in notes_and_keys:
        # The first note of a chord counts, as written, because `transpose=` changes no degree.
        written = note.pitches[0].midi - key.transpose
        statistics.lengths[note.duration / 4] += 1
        if key.tonic:
            statistics.pitches[(written - key.semitones) % 12] += 1
            statistics.notes += 1
            statistics.in_mode += written % 12 in key.scale
    for (before, _), (after, _) in pairwise(notes_and_keys):
        statistics.intervals[after.pitches[0].midi - before.pitches[0].midi] += 1


def _notes(tune: Tune) -> Iterator[tuple[Note, Key]]:
    """Yield the notes as written, without rests, each with the key in force."""
    key = tune.key
    for element in tune.music:
        if isinstance(element, Change) and isinstance(element.value, Key):
            key = element.value
        elif isinstance(element, Note) and element.pitches:
            yield element, key
