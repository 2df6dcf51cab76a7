"""Units that are tied to something a person can name: quotes, the bar of a part, the column.

How closely a unit is tied to a feature is the share of its variance that the classes of the feature
explain (the correlation ratio of Pearson and Fisher), beyond what the last token explains: a unit
that only sees a quotation mark does not know that it is inside quotes (a partial correlation
ratio: token and class together explain the unit, and the part of the token is taken off).

The text is cut into blocks, and every second block belongs to the other half. Units are ranked on
the one half; the shares that are reported come from the other half, so the best of many units is
not better by choice.

Several hundred units times a dozen features always have some chance relations. So the classes are
also moved along the text by random distances, which keeps their rhythm and breaks every relation. A
unit counts as found if, on both halves, its share exceeds that of every unit at every one of these
moves. By chance, a feature is found once in `(MOVES + 1) ** 2` = 900 texts.

Shape suffixes: P places, N units of all layers, V vocabulary, K classes.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charnn.errors import CorpusError
from charnn.insight.named_features import NO_CLASS, NamedFeature

MOVES = 29
# The places of each half that are compared; a chance share is then about 0.001.
PLACES = 12_000
_MIN_PLACES = 400
# The number of values in the array of all units at the places of one half: 64 MB.
_MAX_VALUES = 16_000_000
_BLOCKS = 8
# A class with fewer places in a half is left out.
_MIN_CLASS = 8

Values = NDArray[np.float32]
Places = NDArray[np.int64]


class Tie(NamedTuple):
    """The relation of a unit to a feature, on the half of the text that did not choose the unit.

    Attributes:
        unit: the number of the unit, counted over all layers.
        share: the share of the unit's variance that the feature explains beyond the last token.
        whole_share: the share of the unit's variance that the feature explains.
        means: the mean of the unit in each class; NaN for a class without places.
    """

    unit: int
    share: float
    whole_share: float
    means: tuple[float, ...]


@dataclass(frozen=True)
class FeatureTies:
    """The units that are tied to a feature.

    Attributes:
        feature: the name of the feature.
        labels: the names of its classes.
        chance: the largest share of any unit at any move of the classes, on the reporting half.
        found: the units that count as found, the one with the largest share on the choosing half
            first.
        best: the unit with the largest share on the choosing half, found or not.
    """

    feature: str
    labels: tuple[str, ...]
    chance: float
    found: tuple[Tie, ...]
    best: Tie


def choose_places(tokens: int, units: int) -> tuple[Places, Places]:
    """Return the places of a text that are compared: those of the one half, and of the other.

    Args:
        tokens: the number of tokens of the text.
        units: the number of units, which bounds the number of places.

    Raises:
        CorpusError: the text is too short.
    """
    if tokens < _MIN_PLACES:
        raise CorpusError(
            f"the text has only {tokens:,} tokens, too few to tell a relation from chance: name a "
            f"text with at least {_MIN_PLACES}, better 50,000"
        )
    random = np.random.default_rng(0)
    block_T = np.arange(tokens) * _BLOCKS // tokens
    wanted = min(PLACES, max(_MIN_PLACES, _MAX_VALUES // units))
    halves = []
    for half in (0, 1):
        places = np.flatnonzero(block_T % 2 == half)
        if len(places) > wanted:
            places = np.sort(random.choice(places, wanted, replace=False))
        halves.append(places)
    return halves[0], halves[1]


def find_ties(
    values: tuple[Values, Values],
    ids: tuple[Places, Places],
    features: Sequence[tuple[NamedFeature, NamedFeature]],
) -> list[FeatureTies]:
    """Return the units that are tied to each feature, for the features that vary in both halves.

    Args:
        values: [P, N] the values of the units at the places of the choosing and the reporting half.
        ids: [P] the tokens there.
        features: each feature at the places of both halves.
    """
    random = np.random.default_rng(0)
    results = []
    for pair in features:
        halves = [_shares(*each, random) for each in zip(values, ids, pair, strict=True)]
        if None not in halves:
            results.append(_ties(pair[1], *(half for half in halves if half is not None)))
    return results


class _Shares(NamedTuple):
    """The shares of all units in one half: [N], and for each of the classes the means [K, N]."""

    shares: Values
    whole_shares: Values
    chance: float
    means: Values


def _ties(feature: NamedFeature, chosen: _Shares, reported: _Shares) -> FeatureTies:
    def tie(unit: int) -> Tie:
        return Tie(
            unit,
            float(reported.shares[unit]),
            float(reported.whole_shares[unit]),
            tuple(reported.means[:, unit].tolist()),
        )

    order = np.argsort(-chosen.shares, kind="stable").tolist()
    found = [
        unit
        for unit in order
        if chosen.shares[unit] > chosen.chance and reported.shares[unit] > reported.chance
    ]
    return FeatureTies(
        feature.name,
        feature.labels,
        reported.chance,
        tuple(map(tie, found)),
        tie(found[0] if found else order[0]),
    )


def _shares(
    values_PN: Values, ids_P: Places, feature: NamedFeature, random: np.random.Generator
) -> _Shares | None:
    """Return the shares in one half, or None if the feature does not vary there."""
    classes_P, count = feature.classes, len(feature.labels)
    sizes_K = np.bincount(classes_P[classes_P != NO_CLASS], minlength=count)
    defined = (classes_P != NO_CLASS) & (sizes_K[classes_P] >= _MIN_CLASS)
    if (sizes_K >= _MIN_CLASS).sum() < 2:
        return None
    classes_P, values_PN = classes_P[defined], values_PN[defined]
    mean_N = values_PN.mean(axis=0)
    values_PN = values_PN - mean_N
    # From here on, tokens are numbered without gaps.
    _, ids_P = np.unique(ids_P[defined], return_inverse=True)
    token_means_VN = _class_means(values_PN, ids_P)
    beyond_PN = values_PN - token_means_VN[ids_P]
    total_N, beyond_N = (values_PN**2).sum(axis=0), (beyond_PN**2).sum(axis=0)
    means_KN = _class_means(values_PN, classes_P, count)
    whole_N = (sizes_K[:, None].astype(np.float32) * means_KN**2).sum(axis=0)

    def share(classes_P: NDArray[np.int8]) -> Values:
        explained_N = _explained_beyond(beyond_PN, ids_P, classes_P, count)
        return _ratio(explained_N, beyond_N, total_N)

    # A move by less than a tenth of the half could leave a slow relation as it is.
    low, high = len(classes_P) // 10, len(classes_P) - len(classes_P) // 10
    moves = random.integers(low, high, MOVES).tolist()
    chance = max(float(share(np.roll(classes_P, move)).max()) for move in moves)
    means_KN += mean_N
    means_KN[sizes_K < _MIN_CLASS] = np.nan
    return _Shares(share(classes_P), _ratio(whole_N, total_N, total_N), chance, means_KN)


def _explained_beyond(
    beyond_PN: Values, ids_P: Places, classes_P: NDArray[np.int8], count: int
) -> Values:
    """Return the squares [N] that the classes explain beyond the tokens.

    This is a regression on tokens and classes together, solved for the classes. `beyond_PN` has the
    mean 0 at each token, so only the [K, K] products of the classes need that correction.
    """
    sums_KN = _class_sums(beyond_PN, classes_P, count)
    tokens = int(ids_P.max()) + 1
    sizes_VK = np.bincount(ids_P * count + classes_P, minlength=tokens * count)
    sizes_VK = sizes_VK.reshape(tokens, count).astype(np.float64)
    products_KK = np.diag(sizes_VK.sum(axis=0)) - sizes_VK.T @ (
        sizes_VK / sizes_VK.sum(axis=1, keepdims=True)
    )
    # The products have at least one direction without a size: classes add up to 1.
    inverse_KK: Values = np.linalg.pinv(products_KK, rcond=1e-6, hermitian=True).astype(np.float32)
    explained_N: Values = (sums_KN * (inverse_KK @ sums_KN)).sum(axis=0)
    return explained_N


def _class_sums(values_PN: Values, classes_P: NDArray[Any], count: int | None = None) -> Values:
    """Return the sums [K, N] of the values in each class."""
    classes = np.arange(int(classes_P.max()) + 1 if count is None else count)
    sums_KN: Values = (classes_P[:, None] == classes).astype(np.float32).T @ values_PN
    return sums_KN


def _class_means(values_PN: Values, classes_P: NDArray[Any], count: int | None = None) -> Values:
    """Return the mean [K, N] of the values in each class; 0 for a class without places."""
    sums_KN = _class_sums(values_PN, classes_P, count)
    sizes_K = np.bincount(classes_P, minlength=len(sums_KN)).astype(np.float32)
    means_KN: Values = sums_KN / sizes_K.clip(1)[:, None]
    return means_KN


def _ratio(explained_N: Values, of_N: Values, total_N: Values) -> Values:
    """Return the quotient, and 0 for a unit that does not vary or follows from the last token."""
    varies_N = (of_N > 1e-4 * total_N) & (total_N > 1e-6)
    divisor_N = np.where(varies_N, of_N, np.float32(1))
    quotient_N: Values = np.where(varies_N, explained_N / divisor_N, np.float32(0))
    return quotient_N
