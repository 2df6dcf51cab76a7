"""The types of dances that a book does not state, told from those that it states.

A tune without R: is compared with the tunes that have one, by naive Bayes: meter, tempo and the
rhythms of its bars. So only types that the books themselves name are told, and none by a book that
names no types. Airs and set dances are of any rhythm, so they are never told from the notes; but a
tune that the book marks as slow is an air.

Held-out accuracy: benchmarks/quality.md, by `benchmarks/book_cleaning.py`.
"""

import math
import re
from collections import Counter, defaultdict
from collections.abc import Iterable

from charnn.music.abc.patterns import FIELD, WITHOUT_NOTES
from charnn.music.abc.spelled_tune import SpelledTune

# The posterior probability from which a type is told.
CONFIDENCE = 0.9

# Types whose tunes differ in rhythm.
_MIXED_TYPES = frozenset({"air", "set dance"})
# A type is compared with in a meter in which the books have this many tunes of the type.
_MIN_TUNES = 10
# A tune repeats its rhythms, so bars are far from independent evidence; a tempo is one decision.
_BAR_WEIGHT = 0.12
_TEMPO_WEIGHT = 2.0
# Additive smoothing of the counts of bars and tempos.
_BAR_SMOOTHING, _TEMPO_SMOOTHING = 0.5, 0.3
# Tempos are counted in steps of eight beats a minute.
_TEMPO_STEP = 8

_SAME_METERS = {"C": "4/4", "C|": "4/4", "2/2": "4/4"}
_TEMPO = re.compile(r"(\d{1,2}/\d{1,2})=(\d{1,3})(?!\d)")
_SLOW = re.compile(r"\b(?:slow|adagio|andant|larg|lento|tender|affett?u|plaintive)", re.I)
_CHORD = re.compile(r"\[([_^=]*[A-Ga-g][,']*[\d/]*)[^\]|]*\]")
_BAR_LINE = re.compile(r"[|:\[\]\n]+")
_RHYTHM = re.compile(r"[A-Ga-gxz][,']*([\d/]*)|([<>]+|\(\d)")


class TypeStatistics:
    """Counts of bars and tempos by meter and type of dance.

    Args:
        tunes: tunes whose types are known, each with its type.
    """

    def __init__(self, tunes: Iterable[tuple[SpelledTune, str]]) -> None:
        self._tunes: Counter[tuple[str, str]] = Counter()
        self._bars: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
        self._tempos: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for tune, rhythm in tunes:
            kind = _meter(tune), rhythm
            self._tunes[kind] += 1
            self._bars[kind].update(_bars(tune))
            self._tempos[rhythm].update(_tempo(tune))
        self._bar_totals = {kind: bars.total() for kind, bars in self._bars.items()}
        self._bar_kinds = len({bar for bars in self._bars.values() for bar in bars})
        self._tempo_kinds = len({tempo for tempos in self._tempos.values() for tempo in tempos})

    def probabilities(self, tune: SpelledTune) -> dict[str, float]:
        """Return the probability of each type that the books have in the meter of a tune.

        The result is empty if they have fewer than two: nothing would speak against the only one.
        """
        meter = _meter(tune)
        types = [r for (m, r), count in self._tunes.items() if m == meter and count >= _MIN_TUNES]
        if len(types) < 2:
            return {}
        bars, tempos = _bars(tune), _tempo(tune)
        scores = {rhythm: self._score(bars, tempos, meter, rhythm) for rhythm in types}
        best = max(scores.values())
        weights = {rhythm: math.exp(score - best) for rhythm, score in scores.items()}
        return {rhythm: weight / sum(weights.values()) for rhythm, weight in weights.items()}

    def infer(self, tune: SpelledTune) -> str:
        """Return the type of a tune without R:, or `""` if it is not told with confidence."""
        if _SLOW.search(tune.tempo):
            return "air"
        probabilities = self.probabilities(tune)
        rhythm = max(probabilities, key=lambda name: probabilities[name], default="")
        if rhythm in _MIXED_TYPES or probabilities.get(rhythm, 0.0) < CONFIDENCE:
            return ""
        # Too few tempos of a type say nothing, and any tempo seems to fit the type.
        if _tempo(tune) and self._tempos[rhythm].total() < _MIN_TUNES:
            return ""
        return rhythm

    def _score(self, bars: list[str], tempos: list[str], meter: str, rhythm: str) -> float:
        """Return the logarithm of the probability of a tune and its type, up to a constant."""
        bar_counts, tempo_counts = self._bars[meter, rhythm], self._tempos[rhythm]
        all_bars = self._bar_totals[meter, rhythm] + _BAR_SMOOTHING * self._bar_kinds
        all_tempos = tempo_counts.total() + _TEMPO_SMOOTHING * (self._tempo_kinds + 1)
        score = math.log(self._tunes[meter, rhythm])
        for bar in bars:
            score += _BAR_WEIGHT * math.log((bar_counts[bar] + _BAR_SMOOTHING) / all_bars)
        for tempo in tempos:
            share = (tempo_counts[tempo] + _TEMPO_SMOOTHING) / all_tempos
            score += _TEMPO_WEIGHT * math.log(share)
        return score


def _meter(tune: SpelledTune) -> str:
    """Return the meter of a tune; common time and cut time count as 4/4."""
    meter = tune.fields["M"]
    return _SAME_METERS.get(meter, meter)


def _tempo(tune: SpelledTune) -> list[str]:
    """Return the tempo as a beat and a rounded speed, as in `1/4=104`; nothing without Q:."""
    found = _TEMPO.search(tune.tempo)
    return [f"{found[1]}={round(int(found[2]) / _TEMPO_STEP) * _TEMPO_STEP}"] if found else []


def _bars(tune: SpelledTune) -> list[str]:
    """Return the rhythm of each bar: the lengths of its notes as they are written, with L:."""
    music = "\n".join(line for line in tune.body if not FIELD.match(line))
    music = _CHORD.sub(r"\1", WITHOUT_NOTES.sub("", music))
    return [
        " ".join([tune.fields["L"], *(length or sign or "1" for length, sign in rhythm)])
        for bar in _BAR_LINE.split(music)
        if (rhythm := _RHYTHM.findall(bar))
    ]
