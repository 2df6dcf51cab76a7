"""The separability of generated and real tunes: how well a simple classifier tells them apart.

Logistic regression is fitted to some of the tunes and asked about the others, in turns
(cross-validation). The area under its ROC curve, the AUC, is the probability that it finds a
generated tune more like a generated one than it finds a real tune: 0.5 if it cannot tell them
apart, 1 if it always can. So a better model has a lower AUC.
"""

from dataclasses import dataclass

import numpy as np

from charnn.music.form.logistic_regression import Floats, LogisticRegression, auc

FOLDS = 5
MIN_TUNES = 20  # of each kind; with fewer tunes, the figure would be chance
# For standardised features, and weights that add up to the number of generated tunes in each kind.
RIDGE = 1.0


@dataclass(frozen=True)
class Separability:
    """The result of the classifier.

    Attributes:
        auc: the area under the ROC curve, the mean of all folds.
        coefficients: the coefficient of each standardised feature, the mean of all folds: above 0
            where generated tunes have more of it, and all else is equal.
    """

    auc: float
    coefficients: tuple[float, ...]


def separability(
    generated: Floats, real: Floats, real_weights: Floats, seed: int = 0
) -> Separability | None:
    """Return how well the classifier tells tunes apart; None for fewer than 20 tunes of a kind.

    Args:
        generated, real: the features, one row for each tune. NaN stands for an unknown value.
        real_weights: the weight of each real tune; a tune of weight 0 is left out.
        seed: the seed of the random division into folds.
    """
    real, real_weights = real[real_weights > 0], real_weights[real_weights > 0]
    if min(len(generated), len(real)) < MIN_TUNES:
        return None
    features = np.concatenate([generated, real])
    is_generated = np.arange(len(features)) < len(generated)
    scaled = real_weights * (len(generated) / real_weights.sum())
    weights = np.concatenate([np.ones(len(generated)), scaled])
    # Each kind is divided evenly.
    random = np.random.default_rng(seed)
    folds = np.concatenate([random.permutation(len(kind)) % FOLDS for kind in (generated, real)])
    areas, coefficients = [], []
    for fold in range(FOLDS):
        asked = folds == fold
        known = ~asked
        fitted = LogisticRegression(features[known], is_generated[known], weights[known], RIDGE)
        coefficients.append(fitted.coefficients)
        # Each fold has an area of its own: the scores of two fits are not on one scale.
        areas.append(auc(fitted.scores(features[asked]), is_generated[asked], weights[asked]))
    return Separability(float(np.mean(areas)), tuple(np.mean(coefficients, axis=0).tolist()))
