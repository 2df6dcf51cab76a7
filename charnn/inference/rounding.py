"""Rounding to whole numbers in plain arithmetic, for arrays and for single numbers.

A float32 has 24 bits of precision, a float64 53. Adding and subtracting 1.5 times the largest power
of 2 that is stored with a unit in the last place of 1 leaves no bit for a fraction, so the result
is the nearest whole number in any implementation of IEEE 754 alike.
"""

from typing import Any

import numpy as np

_SHIFT_32, _SHIFT_64 = np.float32(1.5 * 2**23), 1.5 * 2**52


def round_32(x: Any) -> Any:
    """Return x, which is float32, rounded to whole numbers."""
    return (x + _SHIFT_32) - _SHIFT_32


def round_64(x: Any) -> Any:
    """Return x, which is float64, rounded to whole numbers."""
    return (x + _SHIFT_64) - _SHIFT_64
