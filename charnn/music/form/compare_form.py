"""The comparison of the form of new tunes with that of real tunes of the same kinds.

A jig has other endings than a reel, so figures of many tunes depend on what kinds of tunes they
are. The real tunes are weighted so that each type, meter and mode has the same share as among the
new tunes.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charnn.errors import TuneError
from charnn.music.form.form_figures import figures
from charnn.music.form.real_tunes import RealTunes
from charnn.music.form.separability import separability
from charnn.music.form.tune_features import tune_features
from charnn.music.form.tune_outline import TuneOutline, outline_tune
from charnn.music.tune.tune import Tune

# The figures of fewer real tunes would be chance, so a wider kind of tunes takes their place.
MIN_GROUP = 10


@dataclass(frozen=True)
class FormComparison:
    """The form of new tunes beside that of real tunes.

    Attributes:
        new, real: the figures of `charnn.music.form.real_tunes.FIGURES`; None for a figure without
            a case. The real tunes are weighted by type, meter and mode.
        new_types, real_types: the share of each type among the tunes with a type, not weighted.
        auc: how well a classifier tells new tunes from real ones, see
            `charnn.music.form.separability`; None for too few tunes.
        telling: the coefficients of the classifier by the names of their features, the largest
            first; above 0 where new tunes have more. Empty for too few tunes.
    """

    new: dict[str, float | None]
    real: dict[str, float | None]
    new_types: dict[str, float]
    real_types: dict[str, float]
    auc: float | None
    telling: dict[str, float]


class FormJudge:
    """A judge of the form of new tunes, which has read the real ones once.

    Args:
        real: the real tunes.
    """

    def __init__(self, real: Iterable[Tune]) -> None:
        self._tunes = _outlines(real)
        self._known = RealTunes(self._tunes)
        self._tallies = [self._known.tallies(tune, is_real=True) for tune in self._tunes]

    @cached_property
    def _features(self) -> list[dict[str, float]]:
        return list(map(tune_features, self._tunes, self._tallies))

    def compare(self, new: Iterable[Tune]) -> FormComparison:
        """Compare new tunes with the real ones.

        If no new tune has the meter of a real tune, all real tunes have the same weight.
        """
        tunes = _outlines(new)
        tallies = [self._known.tallies(tune) for tune in tunes]
        weights = _weights(tunes, self._tunes)
        found, names = None, list[str]()
        if tunes and self._tunes:  # a matrix has at least one row
            features = list(map(tune_features, tunes, tallies))
            names = list(features[0])
            found = separability(_matrix(features), _matrix(self._features), np.array(weights))
        return FormComparison(
            new=figures(tallies),
            real=figures(self._tallies, weights),
            new_types=_type_shares(tunes),
            real_types=_type_shares(self._tunes),
            auc=found.auc if found else None,
            telling=_by_size(dict(zip(names, found.coefficients, strict=True)) if found else {}),
        )


def _outlines(tunes: Iterable[Tune]) -> list[TuneOutline]:
    """Return the outlines of tunes, without those whose playing order is too long."""
    outlines = []
    for tune in tunes:
        with suppress(TuneError):
            outlines.append(outline_tune(tune))
    return outlines


def _weights(new: Sequence[TuneOutline], real: Sequence[TuneOutline]) -> list[float]:
    """Return the weight of each real tune.

    Each new tune gives a weight of 1 in equal shares to a group of real tunes: to those of its
    type, meter and mode, or of its type and meter, or of its meter. The group is the first of these
    with at least `MIN_GROUP` tunes, else the first with any.
    """
    groups: defaultdict[tuple[str, ...], list[int]] = defaultdict(list)
    for number, tune in enumerate(real):
        for kind in _kinds(tune):
            groups[kind].append(number)
    weights = [0.0] * len(real)
    for kinds, count in Counter(map(_kinds, new)).items():
        found = [groups[kind] for kind in kinds if kind in groups]
        large = [group for group in found if len(group) >= MIN_GROUP]
        for group in (large or found)[:1]:
            for number in group:
                weights[number] += count / len(group)
    return weights if any(weights) else [1.0] * len(real)


def _kinds(tune: TuneOutline) -> tuple[tuple[str, ...], ...]:
    """Return what a tune is, from the narrowest kind to the widest."""
    mode = tune.tune.key.mode
    return (tune.meter, tune.rhythm, mode), (tune.meter, tune.rhythm), (tune.meter,)


def _matrix(features: Sequence[dict[str, float]]) -> NDArray[np.float64]:
    return np.array([list(each.values()) for each in features], np.float64)


def _by_size(coefficients: dict[str, float]) -> dict[str, float]:
    return dict(sorted(coefficients.items(), key=lambda item: -abs(item[1])))


def _type_shares(tunes: Sequence[TuneOutline]) -> dict[str, float]:
    """Return the share of each type among the tunes with a type, the commonest first."""
    counts = Counter(tune.rhythm for tune in tunes if tune.rhythm)
    return {rhythm: count / counts.total() for rhythm, count in counts.most_common()}
