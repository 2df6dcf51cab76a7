"""The few functions that the cells' equations need, in plain arithmetic.

They are written for NumPy arrays, and `charnn.inference.numba_stepper` compiles the very same lines
into loops over numbers. Nothing is used but + - * / and comparisons of float32, each of which the
IEEE standard rounds in one way only; so whatever computes them, on whatever machine, gets the same
bits, and a text does not depend on how it was computed. Library functions such as `np.tanh` differ
in their last bits from one to the next. Of torch's tensors, with which a network is trained,
torch's own functions are taken, which are exact and have derivatives.
"""

from typing import Any

import numpy as np

# Arrays of float32 here, numbers where the lines are compiled, or torch's tensors.
Value = Any

# Of float32, for a 1 alone would be a whole number where the lines are compiled, and the result
# of twice the precision.
ONE = np.float32(1)
_HALF = np.float32(0.5)
# tanh(x) = x P(x x) / Q(x x) within 5e-7, fitted to the least largest error on [0, 8]; from there
# on it is 1 to the same precision.
_END = np.float32(8)
_P0, _P1 = np.float32(0.9999993630281794), np.float32(0.1291364339224627)
_P2, _P3 = np.float32(0.002938828987992771), np.float32(1.1310222621682318e-05)
_Q1, _Q2 = np.float32(0.462467423681418), np.float32(0.02376383470062238)
_Q3, _Q4 = np.float32(0.00023702855578968833), np.float32(2.423838566527319e-07)
# Of a float32, adding it leaves no room for what is behind the point, which is thus rounded.
_ROUND = np.float32(1.5 * 2**23)
# An output h, in [-1, 1], becomes a whole number of so many steps.
LEVELS = 127
_LEVELS = np.float32(LEVELS)


def tanh(x: Value) -> Value:
    """The hyperbolic tangent; never beyond -1 and 1."""
    return x.tanh() if hasattr(x, "tanh") else plain_tanh(x)


def sigmoid(x: Value) -> Value:
    """1 / (1 + exp(-x))."""
    return x.sigmoid() if hasattr(x, "sigmoid") else plain_sigmoid(x)


def plain_tanh(x: Value) -> Value:
    """tanh of arrays and numbers."""
    x = np.minimum(np.maximum(x, -_END), _END)
    s = x * x
    p = ((_P3 * s + _P2) * s + _P1) * s + _P0
    q = (((_Q4 * s + _Q3) * s + _Q2) * s + _Q1) * s + ONE
    return x * p / q


def plain_sigmoid(x: Value) -> Value:
    """sigmoid of arrays and numbers, by tanh."""
    return _HALF * plain_tanh(_HALF * x) + _HALF


def level(h: Value) -> Value:
    """Of an output in [-1, 1], the nearest of `LEVELS` steps to either side, a whole number."""
    return (_LEVELS * h + _ROUND) - _ROUND
