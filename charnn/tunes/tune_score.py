"""The score of a tune, by which the best of several tunes is chosen.

The score is (2 home + rhyme + repetition + range + novelty) / 6. Each figure lies between 0 and
1, and home counts twice, because a listener misses it most:

- home: the mean of two shares: 1 if the tune ends on its tonic, else 0, and the share of its parts
  that end on it;
- rhyme: for each part after the first, the share of its last bar, measured from the end, that
  equals the end of the first part's last bar; the mean of these parts;
- repetition: the share of the bars that equal an earlier bar of the tune: 1 between 0.15 and 0.4,
  falling to 0 at 0 and at 0.8;
- range: the semitones from the lowest note to the highest: 1 between an octave and two octaves
  (12 and 24), falling to 0 at 5 and at 36;
- novelty: 1 if the most similar training tune has a similarity of at most 0.6, falling to 0 at
  0.85, where a tune counts as a copy (`charnn.music.similarity.copies`).

Each figure falls linearly. A tune that cannot be read, or that `charnn check` finds a problem in,
has the score 0.
"""

from collections.abc import Sequence
from dataclasses import asdict, astuple, dataclass
from fractions import Fraction
from statistics import mean

from charnn.music.abc.reader import read_first_tune
from charnn.music.checking.report import check_tune
from charnn.music.form.tune_outline import BarNotes, PartOutline, TuneOutline, outline_tune
from charnn.music.similarity.copies import COPY_SIMILARITY

# Where each figure begins to rise, is 1, ceases to be 1, and is 0 again. The middle half of 3,733
# real tunes lies where it is 1.
_REPETITION = (0.0, 0.15, 0.4, 0.8)
_RANGE = (5, 12, 24, 36)
_NEW_SIMILARITY = 0.6


@dataclass(frozen=True)
class TuneScore:
    """The five figures of a tune, see the module."""

    home: float = 0.0
    rhyme: float = 0.0
    repetition: float = 0.0
    range: float = 0.0
    novelty: float = 0.0

    def __str__(self) -> str:
        """Return the score and its figures as a message shows them."""
        parts = ", ".join(f"{name} {value:.2f}" for name, value in asdict(self).items())
        return f"score {self.total:.2f} ({parts})"

    @property
    def total(self) -> float:
        """Return the score, from 0 to 1."""
        return float(sum(astuple(self)) + self.home) / 6


def score_tune(text: str, similarity: float = 0.0) -> TuneScore:
    """Return the score of the first tune of a text.

    Args:
        text: the tune in ABC notation.
        similarity: the similarity of the training tune that is most similar.
    """
    tune = read_first_tune(text)
    if tune is None or not check_tune(tune).ok:
        return TuneScore()
    outline = outline_tune(tune)
    return TuneScore(
        home=_home(outline.parts),
        rhyme=_rhyme(outline.parts),
        repetition=_repetition(outline),
        range=_range(outline),
        novelty=_trapezium(similarity, (-2, -1, _NEW_SIMILARITY, COPY_SIMILARITY)),
    )


def _home(parts: Sequence[PartOutline]) -> float:
    homes = [bool(part.ends_on_tonic) for part in parts]
    return (homes[-1] + mean(homes)) / 2 if homes else 0.0


def _rhyme(parts: Sequence[PartOutline]) -> float:
    return mean(
        [0.0] if len(parts) < 2 else [_common_end(parts[0].last_bar, p.last_bar) for p in parts[1:]]
    )


def _common_end(one: BarNotes, other: BarNotes) -> float:
    """Return the duration of the equal notes at the ends of two bars, as a share of the longer."""
    common = Fraction(0)
    for note, other_note in zip(reversed(one), reversed(other), strict=False):
        if note != other_note:
            break
        common += note[1]
    longer = max(sum(duration for _, duration in bar) for bar in (one, other))
    return float(common / longer) if longer else 0.0


def _repetition(tune: TuneOutline) -> float:
    bars = [bar for part in tune.parts for bar in part.bars]
    return _trapezium(1 - len(set(bars)) / len(bars), _REPETITION) if bars else 0.0


def _range(tune: TuneOutline) -> float:
    pitches = [pitch for bar in tune.bars for heads, _ in bar for pitch in heads]
    return _trapezium(max(pitches) - min(pitches), _RANGE) if pitches else 0.0


def _trapezium(value: float, corners: tuple[float, float, float, float]) -> float:
    """Return a function of `value` that is 0 outside, 1 in the middle, and linear in between."""
    rise, top, fall, end = corners
    return max(0.0, min(1.0, (value - rise) / (top - rise), (end - value) / (end - fall)))
