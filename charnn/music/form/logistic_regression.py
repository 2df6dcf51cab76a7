"""Logistic regression in NumPy, and the area under the ROC curve of its scores."""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Booleans = NDArray[np.bool_]

_MAX_NEWTON_STEPS = 30
_PRECISION = 1e-8  # of the coefficients
_MAX_LOGIT = 30.0  # the exponential of more would leave a Hessian of zeros


class LogisticRegression:
    """Logistic regression with a ridge penalty, fitted by Newton's method.

    The features are standardised. An unknown value (NaN) is replaced by the mean of its feature.
    The coefficients b and the intercept a minimise

        sum of w log(1 + exp(-s (a + b x))) + ridge / 2 * |b| ** 2,

    where x, s (1 or -1) and w are the features, the class and the weight of an example.

    Args:
        features: one row for each example.
        is_positive: whether each example belongs to the positive class.
        weights: the weight of each example; both classes have a weight above 0.
        ridge: the strength of the penalty, above 0.
    """

    def __init__(
        self, features: Floats, is_positive: Booleans, weights: Floats, ridge: float
    ) -> None:
        known = ~np.isnan(features)
        sums = (weights[:, None] * known).sum(axis=0)
        filled = np.where(known, features, 0.0)
        self._means = weights @ filled / np.maximum(sums, _PRECISION)
        deviations = np.where(known, features - self._means, 0.0)
        spread = np.sqrt(weights @ deviations**2 / weights.sum())
        # A constant feature has no spread, and its deviations are all 0.
        self._scales = np.where(spread > _PRECISION, spread, 1.0)
        self._fitted = _minimise(self._prepared(features), is_positive, weights, ridge)

    @property
    def coefficients(self) -> Floats:
        """Return the coefficient of each standardised feature, without the intercept."""
        return self._fitted[1:]

    def scores(self, features: Floats) -> Floats:
        """Return the log odds of the positive class for each row."""
        return self._prepared(features) @ self._fitted

    def _prepared(self, features: Floats) -> Floats:
        """Return standardised features, with a column of ones for the intercept in front."""
        standardised = np.nan_to_num((features - self._means) / self._scales)
        return np.column_stack([np.ones(len(features)), standardised])


def auc(scores: Floats, is_positive: Booleans, weights: Floats) -> float:
    """Return the area under the ROC curve, from the ranks of the scores.

    This is the probability that a positive example has a higher score than a negative one; a tie
    counts as a half. Examples are drawn by their weights. Both classes have a weight above 0.

    The source is J. Hanley and B. McNeil, The meaning and use of the area under a receiver
    operating characteristic curve, 1982.
    """
    levels, places = np.unique(scores, return_inverse=True)
    positive = np.bincount(places, weights * is_positive, len(levels))
    negative = np.bincount(places, weights * ~is_positive, len(levels))
    lower = np.cumsum(negative) - negative
    area = positive @ (lower + negative / 2) / (positive.sum() * negative.sum())
    # Rounding can carry the area of perfect scores beyond 1.
    return float(min(1.0, area))


def _minimise(x: Floats, is_positive: Booleans, weights: Floats, ridge: float) -> Floats:
    """Return the coefficients of the columns of `x`, the first of which is not penalised."""
    penalty = np.full(x.shape[1], ridge)
    penalty[0] = _PRECISION
    coefficients = np.zeros(x.shape[1])
    for _ in range(_MAX_NEWTON_STEPS):
        logits = np.clip(x @ coefficients, -_MAX_LOGIT, _MAX_LOGIT)
        probabilities = 1 / (1 + np.exp(-logits))
        gradient = x.T @ (weights * (probabilities - is_positive)) + penalty * coefficients
        curvature = weights * probabilities * (1 - probabilities)
        hessian = (x.T * curvature) @ x + np.diag(penalty)
        step = np.linalg.solve(hessian, gradient)
        coefficients = coefficients - step
        if np.abs(step).max() < _PRECISION:
            break
    return coefficients
