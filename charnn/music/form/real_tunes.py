"""The figures of form that need real tunes to compare with: types, cadences and title words."""

import re
from collections import Counter, defaultdict
from collections.abc import Hashable, Iterator, Sequence
from fractions import Fraction

from charnn.music.form.form_figures import OWN_FIGURES, Tally, tune_tallies
from charnn.music.form.naive_bayes import NaiveBayes
from charnn.music.form.tune_outline import BarNotes, BarRhythm, TuneOutline, bar_rhythm

# The figures that compare a tune with real ones, and their descriptions.
COMPARED_FIGURES = {
    "last_rhythm": "last bar has a usual rhythm of its type",
    "type_told": "type told from the notes",
    "title_words": "title words in other titles",
}
FIGURES = OWN_FIGURES | COMPARED_FIGURES

USUAL_RHYTHMS = 8
# Too little is known of a type with a smaller share of the real tunes.
MIN_TYPE_SHARE = 0.03
_WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")


class RealTunes:
    """The knowledge of real tunes that the figures of new tunes are compared with.

    - The usual rhythms of a type: the 8 commonest rhythms in the last bars of its parts. Durations
      are shares of a full bar, because some books write reels in C| and others in 2/4.
    - The type that the notes tell: the answer of a naive Bayes classifier, see `type_features`.
    - The words of the titles.

    A real tune is left out when its own type is told and its own title is looked up, so its figures
    are comparable with those of a new tune.

    Args:
        tunes: the real tunes.
    """

    def __init__(self, tunes: Sequence[TuneOutline]) -> None:
        sizes = Counter(tune.rhythm for tune in tunes if tune.rhythm)
        min_tunes = MIN_TYPE_SHARE * sizes.total()
        known = [tune for tune in tunes if tune.rhythm and sizes[tune.rhythm] >= min_tunes]
        rhythms: defaultdict[str, Counter[BarRhythm]] = defaultdict(Counter)
        for tune in known:
            rhythms[tune.rhythm].update(_last_rhythms(tune))
        self._usual = {
            rhythm: frozenset(each for each, _ in counts.most_common(USUAL_RHYTHMS))
            for rhythm, counts in rhythms.items()
        }
        self._types = NaiveBayes((tune.rhythm, type_features(tune)) for tune in known)
        self._title_words = Counter(word for tune in tunes for word in set(_words(tune.title)))

    def tallies(self, tune: TuneOutline, *, is_real: bool = False) -> dict[str, Tally]:
        """Return the tally of each of `FIGURES`.

        Args:
            tune: the tune.
            is_real: whether the tune is one of the real tunes.
        """
        rhythm, words = tune.rhythm, _words(tune.title)
        usual = self._usual.get(rhythm, frozenset())
        last_rhythms = _last_rhythms(tune) if usual else []
        has_type = rhythm in self._types.classes
        told = has_type and rhythm == self._types.classify(
            type_features(tune), learned_as=rhythm if is_real else None
        )
        return tune_tallies(tune) | {
            "last_rhythm": (sum(each in usual for each in last_rhythms), len(last_rhythms)),
            "type_told": (told, has_type),
            "title_words": (sum(self._title_words[w] > is_real for w in words), len(words)),
        }


def type_features(tune: TuneOutline) -> Iterator[Hashable]:
    """Yield the features that tell the type of a tune: its rhythms, and those of its last bars.

    Each rhythm counts once, because bars that are repeated say nothing new: without this, 77 % of
    2,248 real tunes are told right, and 85 % with it.
    """
    for rhythm in {_scaled_rhythm(bar, tune) for bar in tune.bars}:
        yield "bar", rhythm
    for rhythm in set(_last_rhythms(tune)):
        yield "last bar", rhythm


def _last_rhythms(tune: TuneOutline) -> list[BarRhythm]:
    return [_scaled_rhythm(part.last_bar, tune) for part in tune.parts]


def _scaled_rhythm(bar: BarNotes, tune: TuneOutline) -> BarRhythm:
    """Return the rhythm of a bar, with durations as shares of a full bar of the tune."""
    # Free meter has no full bar, so a quarter note takes its place.
    full = tune.tune.meter.bar or Fraction(1)
    return tuple((duration / full, is_rest) for duration, is_rest in bar_rhythm(bar))


def _words(title: str) -> list[str]:
    return _WORD.findall(title.casefold())
