"""The derivatives of the cells, by hand: one step backwards through the equations of a cell.

Each function takes what `Cell.step` takes, and the gradient of the loss by each vector of the
hidden state after the step. From these it returns the gradients by gates_x, by gates_h, by each
vector of the hidden state before the step (apart from what passes through gates_h), and by the
peepholes. The name `d_a` stands for the gradient of the loss by `a`.

A step computes each unit separately from the others, so everything is a number for each unit. The
gates are computed again, since that takes less time than storing them.

As in `charnn.model.cells`, only + - * /, `one_minus`, `tanh` and `sigmoid` are used: numba compiles
the functions, and torch runs them. Tests compare them with autograd.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from charnn.model.activations import Value, one_minus, sigmoid, tanh
from charnn.model.cells import GRU, LSTM, Cell, Coupled, Elman, Peephole

# d_gates_x, d_gates_h, the gradients by the hidden state before the step, and by the peepholes.
Gradients = tuple[Any, Any, Any, Any]

_ZERO = np.float32(0)


def by_sigmoid(s: Value) -> Value:
    """Return the derivative of the sigmoid where its value is s."""
    return s * one_minus(s)


def by_tanh(t: Value) -> Value:
    """Return the derivative of tanh where its value is t."""
    return one_minus(t * t)


def elman(
    gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value, d_after: Value
) -> Gradients:
    """Return the gradients of a step of `Elman`."""
    d_gates = (d_after[0] * by_tanh(tanh(gates_x[0] + gates_h[0])),)
    return d_gates, d_gates, (_ZERO,), ()


def gru(
    gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value, d_after: Value
) -> Gradients:
    """Return the gradients of a step of `GRU`."""
    r_x, z_x, n_x = gates_x
    r_h, z_h, n_h = gates_h
    d_h = d_after[0]
    r = sigmoid(r_x + r_h)
    z = sigmoid(z_x + z_h)
    n = tanh(n_x + r * n_h)
    d_n = d_h * one_minus(z) * by_tanh(n)
    d_r = d_n * n_h * by_sigmoid(r)
    d_z = d_h * (hidden_state[0] - n) * by_sigmoid(z)
    return (d_r, d_z, d_n), (d_r, d_z, d_n * r), (d_h * z,), ()


def lstm(
    gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value, d_after: Value
) -> Gradients:
    """Return the gradients of a step of `LSTM`."""
    i_x, f_x, g_x, o_x = gates_x
    i_h, f_h, g_h, o_h = gates_h
    c = hidden_state[1]
    i = sigmoid(i_x + i_h)
    f = sigmoid(f_x + f_h)
    g = tanh(g_x + g_h)
    o = sigmoid(o_x + o_h)
    tanh_c = tanh(f * c + i * g)
    d_o = d_after[0] * tanh_c * by_sigmoid(o)
    d_c = d_after[1] + d_after[0] * o * by_tanh(tanh_c)
    d_i = d_c * g * by_sigmoid(i)
    d_f = d_c * c * by_sigmoid(f)
    d_g = d_c * i * by_tanh(g)
    d_gates = (d_i, d_f, d_g, d_o)
    return d_gates, d_gates, (_ZERO, d_c * f), ()


def peephole(
    gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value, d_after: Value
) -> Gradients:
    """Return the gradients of a step of `Peephole`."""
    i_x, f_x, g_x, o_x = gates_x
    i_h, f_h, g_h, o_h = gates_h
    p_i, p_f, p_o = peepholes
    c = hidden_state[1]
    i = sigmoid(i_x + i_h + p_i * c)
    f = sigmoid(f_x + f_h + p_f * c)
    g = tanh(g_x + g_h)
    c_next = f * c + i * g
    o = sigmoid(o_x + o_h + p_o * c_next)
    tanh_c = tanh(c_next)
    d_o = d_after[0] * tanh_c * by_sigmoid(o)
    d_c = d_after[1] + d_after[0] * o * by_tanh(tanh_c) + d_o * p_o
    d_i = d_c * g * by_sigmoid(i)
    d_f = d_c * c * by_sigmoid(f)
    d_g = d_c * i * by_tanh(g)
    d_gates = (d_i, d_f, d_g, d_o)
    d_before = d_c * f + d_i * p_i + d_f * p_f
    return d_gates, d_gates, (_ZERO, d_before), (d_i * c, d_f * c, d_o * c_next)


def coupled(
    gates_x: Value, gates_h: Value, hidden_state: Value, peepholes: Value, d_after: Value
) -> Gradients:
    """Return the gradients of a step of `Coupled`."""
    f_x, g_x, o_x = gates_x
    f_h, g_h, o_h = gates_h
    c = hidden_state[1]
    f = sigmoid(f_x + f_h)
    g = tanh(g_x + g_h)
    o = sigmoid(o_x + o_h)
    tanh_c = tanh(f * c + one_minus(f) * g)
    d_o = d_after[0] * tanh_c * by_sigmoid(o)
    d_c = d_after[1] + d_after[0] * o * by_tanh(tanh_c)
    d_f = d_c * (c - g) * by_sigmoid(f)
    d_g = d_c * one_minus(f) * by_tanh(g)
    d_gates = (d_f, d_g, d_o)
    return d_gates, d_gates, (_ZERO, d_c * f), ()


GRADIENTS: dict[type[Cell], Callable[..., Gradients]] = {
    Elman: elman,
    GRU: gru,
    LSTM: lstm,
    Peephole: peephole,
    Coupled: coupled,
}
