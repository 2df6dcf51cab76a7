"""tanh and sigmoid, in plain arithmetic.

The functions use only + - * / and comparisons of float32 numbers, and the IEEE 754 standard defines
every rounding of these. So NumPy and the loops that numba compiles from these lines compute the
same bits on every machine, and the generated text does not depend on the backend. `np.tanh`
and the tanh of numba's vector library differ in their last bits.

For torch tensors, as in training, torch's own tanh and sigmoid are called: autograd has their
derivatives.
"""

from typing import Any

import numpy as np

# A float32 array (NumPy), a float32 number (compiled by numba) or a torch tensor.
Value = Any

# Constants are float32: a literal 1 would compile to int64 and promote the result to float64.
_ONE = np.float32(1)
_HALF = np.float32(0.5)
# tanh(x) = x P(x^2) / Q(x^2) is a minimax fit on [0, 8] with an error below 5e-7. At 8, tanh is 1
# to the same precision.
_SATURATION = np.float32(8)
_P0, _P1 = np.float32(0.9999993630281794), np.float32(0.1291364339224627)
_P2, _P3 = np.float32(0.002938828987992771), np.float32(1.1310222621682318e-05)
_Q1, _Q2 = np.float32(0.462467423681418), np.float32(0.02376383470062238)
_Q3, _Q4 = np.float32(0.00023702855578968833), np.float32(2.423838566527319e-07)


def tanh(x: Value) -> Value:
    """Return the hyperbolic tangent, which lies in [-1, 1]."""
    return x.tanh() if hasattr(x, "tanh") else plain_tanh(x)


def sigmoid(x: Value) -> Value:
    """Return 1 / (1 + exp(-x))."""
    return x.sigmoid() if hasattr(x, "sigmoid") else plain_sigmoid(x)


def one_minus(x: Value) -> Value:
    """Return 1 - x, in the precision of x."""
    return _ONE - x


def plain_tanh(x: Value) -> Value:
    """Return tanh of an array or a number."""
    x = np.minimum(np.maximum(x, -_SATURATION), _SATURATION)
    s = x * x
    p = ((_P3 * s + _P2) * s + _P1) * s + _P0
    q = (((_Q4 * s + _Q3) * s + _Q2) * s + _Q1) * s + _ONE
    return x * p / q


def plain_sigmoid(x: Value) -> Value:
    """Return the sigmoid of an array or a number, as 1/2 + tanh(x / 2) / 2."""
    return _HALF * plain_tanh(_HALF * x) + _HALF
