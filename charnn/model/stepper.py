"""The network in NumPy, one character at a time: what `charnn sample` runs on a CPU.

A stock torch module, called for one step at a time, repacks its weights at every call; here each
step is one matrix-vector product a layer and a handful of vector operations, and there is no torch
to import, so the first character appears at once. Two products are saved beforehand: the first
layer's input part is a table with a row for every symbol, and an upper layer's input and recurrent
weights lie side by side in one matrix where the equations allow it.

The equations stand here as a lecture writes them, so this is also the oracle of the torch cells.
Shapes: V symbols, H units, G gate rows.
"""

from collections.abc import Mapping
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from charnn.model.config import STATES, ModelConfig

Array = NDArray[np.float32]


class Stepper:
    """A model that is fed one symbol at a time and keeps its state between them.

    Args:
        config: shape of the model.
        weights: its parameters by name (see `ModelConfig.parameter_shapes`).
    """

    def __init__(self, config: ModelConfig, weights: Mapping[str, Array]) -> None:
        self.config = config
        layer = LAYERS[config.cell]
        self.layers = [layer(weights, number) for number in range(config.num_layers)]
        self.table_VG = self._table(weights)
        self.head_VH = np.ascontiguousarray(weights["head.weight"])
        self.head_bias = weights["head.bias"]
        self.reset()

    def reset(self) -> None:
        """Forget everything that was fed."""
        zeros = np.zeros(self.config.hidden_size, np.float32)
        self.state = [(zeros,) * STATES[self.config.cell] for _ in self.layers]

    def feed(self, symbol: int) -> Array:
        """Read one symbol; the scores [V] of the one after it."""
        x = self.table_VG[symbol]
        for number, layer in enumerate(self.layers):
            self.state[number] = layer.step(x, self.state[number])
            x = self.state[number][0]
        scores: Array = self.head_VH @ x + self.head_bias
        return scores

    def _table(self, weights: Mapping[str, Array]) -> Array:
        """The first layer's input part of its gates, for every symbol: [V, G]."""
        table = weights["embedding.weight"]
        if self.config.embedding_size is not None:
            table = table @ weights["layers.0.weight_ih_l0"].T
        return np.ascontiguousarray(table + self.layers[0].bias_ih)


class Layer:
    """One recurrent layer. The first gets its gates' input part ready made, the others a vector."""

    def __init__(self, weights: Mapping[str, Array], number: int) -> None:
        prefix = f"layers.{number}."
        self.first = number == 0
        self.weight_hh = np.ascontiguousarray(weights[prefix + "weight_hh_l0"])
        self.bias_ih = weights[prefix + "bias_ih_l0"]
        self.bias_hh = weights[prefix + "bias_hh_l0"]
        if not self.first:
            self.weight_ih = np.ascontiguousarray(weights[prefix + "weight_ih_l0"])

    @cached_property
    def joined(self) -> Array:
        """Input and recurrent weights side by side: one product does the work of two."""
        return np.concatenate([self.weight_ih, self.weight_hh], axis=1)

    @cached_property
    def bias(self) -> Array:
        """Both biases in one."""
        return self.bias_ih + self.bias_hh

    def step(self, x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        """The state after the symbol; its first vector is the layer's output h."""
        raise NotImplementedError

    def gates(self, x: Array, h: Array) -> Array:
        """W_ih x + b_ih + W_hh h + b_hh, [G]."""
        if self.first:
            gates: Array = x + self.weight_hh @ h + self.bias_hh
        else:
            gates = self.joined @ np.concatenate([x, h]) + self.bias
        return gates


class ElmanLayer(Layer):
    """h' = tanh(W x + U h + b)   (Elman 1990)."""

    def step(self, x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        (h,) = state
        return (np.tanh(self.gates(x, h)),)


class LSTMLayer(Layer):
    """c' = f c + i g, h' = o tanh(c')   (Hochreiter & Schmidhuber 1997, Gers et al. 2000)."""

    def step(self, x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        h, c = state
        i, f, g, o = np.split(self.gates(x, h), 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        return (sigmoid(o) * np.tanh(c), c)


class GRULayer(Layer):
    """n = tanh(Wx + r (Uh + b)), h' = (1 - z) n + z h   (Cho et al. 2014, reset after the product).

    The reset gate scales the recurrent part of n alone, so the two products stay apart.
    """

    def step(self, x: Array, state: tuple[Array, ...]) -> tuple[Array, ...]:
        (h,) = state
        from_x = x if self.first else self.weight_ih @ x + self.bias_ih
        x_r, x_z, x_n = np.split(from_x, 3)
        h_r, h_z, h_n = np.split(self.weight_hh @ h + self.bias_hh, 3)
        r = sigmoid(x_r + h_r)
        z = sigmoid(x_z + h_z)
        n = np.tanh(x_n + r * h_n)
        return ((1 - z) * n + z * h,)


LAYERS: dict[str, type[Layer]] = {"rnn": ElmanLayer, "gru": GRULayer, "lstm": LSTMLayer}


def sigmoid(x: Array) -> Array:
    """1 / (1 + exp(-x)), by tanh, which cannot overflow."""
    half = np.float32(0.5)
    result: Array = half * np.tanh(half * x) + half
    return result
