"""New tunes beside those a model has learned from: are they as right, as alike, and are they new?

Every figure of the new tunes stands beside the same figure of real ones, or it says little. The
distances of as many real tunes to all the others show what chance alone makes of a small number
(of half of them at most, so that there are others); what the real tunes share with each other shows
how much of a tune is common property.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from charnn.music.similarity.copies import Nearest, TuneIndex
from charnn.music.similarity.tune_statistics import TuneStatistics, tune_statistics

RUNS = (16, 32)


@dataclass(frozen=True)
class Copying:
    """What tunes have in common with a collection.

    Attributes:
        length: symbols in a run.
        tunes: share of the tunes with a run of that length that is in the collection.
        runs: mean share of a tune's runs that are.
    """

    length: int
    tunes: float
    runs: float


@dataclass(frozen=True)
class TuneComparison:
    """New tunes beside the training tunes.

    Attributes:
        new, real: what they are like.
        new_distances: from the new tunes to the training tunes.
        real_distances: from as many training tunes, but half of them at most, chosen by chance, to
            all the others; empty where there is only one training tune.
        new_copying: what the new tunes have in common with the training tunes, for each of `RUNS`.
        real_copying: what each training tune has in common with all the others.
        nearest: the training tune that each new tune is most similar to.
    """

    new: TuneStatistics
    real: TuneStatistics
    new_distances: dict[str, float]
    real_distances: dict[str, float]
    new_copying: tuple[Copying, ...]
    real_copying: tuple[Copying, ...]
    nearest: tuple[Nearest, ...]


def compare_tunes(new: Sequence[str], real: Sequence[str]) -> TuneComparison:
    """Judge new tunes beside the training tunes, at least one each, as texts in ABC notation."""
    order = list(real)
    random.Random(0).shuffle(order)
    chosen = min(len(new), len(real) // 2)
    some, others = tune_statistics(order[:chosen]), tune_statistics(order[chosen:])
    measured, learned = tune_statistics(new), some + others
    collection = TuneIndex(real)
    return TuneComparison(
        new=measured,
        real=learned,
        new_distances=measured.distances(learned),
        real_distances=some.distances(others) if chosen else {},
        new_copying=tuple(
            _copying(length, [collection.shared(tune, length) for tune in new]) for length in RUNS
        ),
        real_copying=tuple(
            _copying(length, collection.shared_with_others(length)) for length in RUNS
        ),
        nearest=tuple(collection.nearest(tune) for tune in new),
    )


def _copying(length: int, shares: Sequence[float]) -> Copying:
    count = max(1, len(shares))
    return Copying(length, sum(share > 0 for share in shares) / count, sum(shares) / count)
