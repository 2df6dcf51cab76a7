"""e ** x in plain arithmetic, so that NumPy and numba compute the same bits."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

# e ** x counts as 0 below this exponent: the smallest normal float64 is about e ** -708.
MIN_EXPONENT = -700.0
LN_2 = 0.6931471805599453
# Adding and subtracting this number rounds a float64 to a whole number, see `quantised`.
_ROUNDING = 1.5 * 2**52
# A float64 has 52 bits of fraction; the exponent of its power of 2, plus 1023, stands above them.
EXPONENT_BIAS, FRACTION_BITS = 1023.0, 52


def exponential(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return e ** x for x <= 0, as 2 ** k times e ** r with a small r.

    The relative error is below 1e-12 down to x = -700, below which the result is 0.
    """
    # Not np.exp: NumPy, numba and their vector libraries round it differently, and then the same
    # seed would write different texts.
    bounded = np.maximum(x, MIN_EXPONENT)
    k = whole(bounded * (1 / LN_2))
    power = ((k + EXPONENT_BIAS).astype(np.int64) << FRACTION_BITS).view(np.float64)
    return np.where(x > MIN_EXPONENT, series(bounded - k * LN_2) * power, 0.0)


def whole(x: Any) -> Any:
    """Return x, an array or a number, rounded to whole numbers."""
    return (x + _ROUNDING) - _ROUNDING


def series(r: Any) -> Any:
    """Return e ** r by ten terms of the Taylor series, for an array or a number.

    For |r| <= ln(2) / 2, as here, the next term is below 1e-12.
    """
    high = 1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r / 3628800))
    low = 1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * high)))
    return 1 + r * (1 + r * (1 / 2 + r * low))
