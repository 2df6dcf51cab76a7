"""e ** x and its inverse in plain arithmetic, so that NumPy and numba compute the same bits.

The functions take arrays; numba compiles the same lines for single numbers.
"""

from typing import Any

import numpy as np

from charnn.inference.rounding import round_32, round_64

# e ** x counts as 0 below this exponent: the smallest normal float64 is about e ** -708.
_MIN_EXPONENT = -700.0
LN_2 = 0.6931471805599453
# A float64 has 52 bits of fraction; the exponent of its power of 2, plus 1023, stands above them.
_EXPONENT_BIAS, _FRACTION_BITS = 1023.0, 52
_FRACTION = 2.0**_FRACTION_BITS
# The bits of the square root of 1/2, read as an integer.
_BITS_OF_SQRT_HALF = int(np.float64(0.5**0.5).view(np.int64))
# The same for float32. A literal would compile to float64 and promote the result.
_MIN_EXPONENT_32, _LN_2_32 = np.float32(-80), np.float32(LN_2)
_INVERSE_LN_2_32 = np.float32(1 / LN_2)
_EXPONENT_BIAS_32, _FRACTION_32 = np.float32(127), np.float32(2**23)
_T1, _T2, _T3 = np.float32(1), np.float32(1 / 2), np.float32(1 / 6)
_T4, _T5, _T6 = np.float32(1 / 24), np.float32(1 / 120), np.float32(1 / 720)


def exponential(x: Any) -> Any:
    """Return e ** x for x <= 0, as 2 ** k times e ** r with a small r.

    The relative error is below 1e-12 down to x = -700, below which the result is 0.
    """
    # Not np.exp: NumPy, numba and their vector libraries round it differently, and then the same
    # seed would write different texts.
    bounded = np.maximum(x, _MIN_EXPONENT)
    k = round_64(bounded * (1 / LN_2))
    power = np.int64((k + _EXPONENT_BIAS) * _FRACTION).view(np.float64)
    return series(bounded - k * LN_2) * power * (x > _MIN_EXPONENT)


def exponential_32(x: Any) -> Any:
    """Return e ** x in float32 for x <= 80, or e ** -80 for x < -80, as `exponential` does.

    The relative error is below 1e-5, and near x = 0 below 1e-6.
    """
    bounded = np.maximum(x, _MIN_EXPONENT_32)
    k = round_32(bounded * _INVERSE_LN_2_32)
    power = np.int32((k + _EXPONENT_BIAS_32) * _FRACTION_32).view(np.float32)
    r = bounded - k * _LN_2_32
    series = _T1 + r * (_T1 + r * (_T2 + r * (_T3 + r * (_T4 + r * (_T5 + r * _T6)))))
    return series * power


def logarithm(x: Any) -> Any:
    """Return the natural logarithm of positive float64 numbers; the error is below 1e-9.

    x is 2 ** k times a number m near 1, and log m = 2 artanh((m - 1) / (m + 1)). Six terms of the
    series of artanh suffice.
    """
    bits = np.float64(x).view(np.int64)
    k = (bits - _BITS_OF_SQRT_HALF) >> _FRACTION_BITS
    m = np.int64(bits - (k << _FRACTION_BITS)).view(np.float64)
    s = (m - 1) / (m + 1)
    t = s * s
    high = 1 / 7 + t * (1 / 9 + t * (1 / 11))
    return k * LN_2 + 2 * s * (1 + t * (1 / 3 + t * (1 / 5 + t * high)))


def series(r: Any) -> Any:
    """Return e ** r by ten terms of the Taylor series, for an array or a number.

    For |r| <= ln(2) / 2, as here, the next term is below 1e-12.
    """
    high = 1 / 5040 + r * (1 / 40320 + r * (1 / 362880 + r / 3628800))
    low = 1 / 6 + r * (1 / 24 + r * (1 / 120 + r * (1 / 720 + r * high)))
    return 1 + r * (1 + r * (1 / 2 + r * low))
