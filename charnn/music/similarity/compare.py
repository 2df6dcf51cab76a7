"""The comparison of new tunes with the training tunes: mistakes, distributions, form and copies.

A figure about new tunes means little alone, so the same figure about real tunes, the training
tunes, is reported as well:

- The distance from a few tunes to many is above 0 by chance alone. So a random sample of the real
  tunes is compared with the remaining real tunes. The sample has as many tunes as there are new
  tunes, but at most half of the real tunes.
- Real tunes share phrases: in a collection of 4,083 tunes, 35 % share a run of 16 tokens with
  another tune. So each real tune is also compared with all other real tunes.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from charnn.music.abc.reader import read_first_tune
from charnn.music.form.compare_form import FormComparison, FormJudge
from charnn.music.similarity.copies import NearestTune, TuneIndex
from charnn.music.similarity.tune_statistics import TuneStatistics, tune_statistics

RUN_LENGTHS = (16, 32)  # in intervals: about two and four bars of a reel


@dataclass(frozen=True)
class SharedRuns:
    """A measure of the runs of intervals that tunes have in common with other tunes.

    Attributes:
        length: the length of the runs, in intervals.
        tunes: the share of the tunes that have at least one such run.
        runs: the share of a tune's runs that occur in other tunes; the mean over all tunes.
    """

    length: int
    tunes: float
    runs: float


@dataclass(frozen=True)
class TuneComparison:
    """New tunes compared with the training tunes.

    Attributes:
        new, real: the statistics of the new tunes and of the training tunes.
        new_distances: the Jensen-Shannon distances from the new tunes to the training tunes.
        real_distances: the Jensen-Shannon distances from a random sample of the training tunes to
            all other training tunes. The sample has as many tunes as there are new tunes, but at
            most half of the training tunes. `{}` if there is only one training tune.
        new_copying: for each of `RUN_LENGTHS`, the runs that new tunes share with training tunes.
        real_copying: for each of `RUN_LENGTHS`, the runs that training tunes share with each other.
        nearest: for each new tune, the training tune that is most similar to the new tune.
        form: the form of the new tunes beside that of training tunes of the same kinds.
    """

    new: TuneStatistics
    real: TuneStatistics
    new_distances: dict[str, float]
    real_distances: dict[str, float]
    new_copying: tuple[SharedRuns, ...]
    real_copying: tuple[SharedRuns, ...]
    nearest: tuple[NearestTune, ...]
    form: FormComparison


def compare_tunes(new: Sequence[str], real: Sequence[str]) -> TuneComparison:
    """Compare new tunes with training tunes.

    Each argument contains at least one tune as a text in ABC notation.
    """
    # Neighbours in a book may be alike, so the sample is random; the seed is fixed, so that the
    # same tunes give the same figures.
    new_tunes, real_tunes = ([read_first_tune(text) for text in texts] for texts in (new, real))
    shuffled = list(real_tunes)
    random.Random(0).shuffle(shuffled)
    sample_size = min(len(new), len(real) // 2)
    sample = tune_statistics(shuffled[:sample_size])
    others = tune_statistics(shuffled[sample_size:])
    new_statistics, real_statistics = tune_statistics(new_tunes), sample + others
    index = TuneIndex(real)
    return TuneComparison(
        new=new_statistics,
        real=real_statistics,
        new_distances=new_statistics.distances(real_statistics),
        real_distances=sample.distances(others) if sample_size else {},
        new_copying=tuple(
            _shared_runs(length, [index.share_of_runs(tune, length) for tune in new])
            for length in RUN_LENGTHS
        ),
        real_copying=tuple(
            _shared_runs(length, index.shares_among_themselves(length)) for length in RUN_LENGTHS
        ),
        nearest=tuple(index.nearest(tune) for tune in new),
        form=FormJudge(filter(None, real_tunes)).compare(filter(None, new_tunes)),
    )


def _shared_runs(length: int, shares: Sequence[float]) -> SharedRuns:
    count = max(1, len(shares))
    return SharedRuns(length, sum(share > 0 for share in shares) / count, sum(shares) / count)
