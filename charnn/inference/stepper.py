"""The network in NumPy, one symbol at a time: what `charnn sample` begins to write with on a CPU.

A stock torch module, called for one step at a time, repacks its weights at every call; here a step
is a product or two a layer and a handful of vector operations, and there is no torch to import, so
the first character appears at once. The first layer's input part is a table with a row for every
symbol. `charnn.inference.numba_stepper` goes on from here, faster and with the same results.

With the weights as they were learned (`Full`) this is also the oracle of the torch network.
Shapes: S vectors of a state, L layers, B texts side by side, H units, G gate rows, V symbols,
P vectors of a cell's own.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from charnn.inference.quantized import Array, EightBit, Full
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig

TokenIds = NDArray[np.int64]
M = TypeVar("M", Full, EightBit)


class Stepper(Generic[M]):
    """A model that reads one symbol of each of some texts at a time.

    What it remembers of the texts is a state [S, L, B, H], the outputs h first, which belongs to
    the caller.

    Args:
        config: shape of the model.
        weights: its parameters by name (see `ModelConfig.parameter_shapes`).
        matrix: what the weights are multiplied as: `EightBit` to write, `Full` to compare with.
    """

    def __init__(self, config: ModelConfig, weights: Mapping[str, Array], matrix: type[M]) -> None:
        self.config = config
        self.cell = CELLS[config.cell]
        self.table_VG = _table(config, weights)
        numbers = range(config.num_layers)
        self.recurrent: list[M] = [_matrix(matrix, weights, number, "hh") for number in numbers]
        self.input: list[M] = [_matrix(matrix, weights, number, "ih") for number in numbers[1:]]
        self.own_LPH = _own(config, weights)
        self.head: M = matrix(weights["head.weight"], weights["head.bias"])

    def beginning(self, rows: int) -> Array:
        """The state before the first symbol of so many texts."""
        config = self.config
        shape = (len(self.cell.state), config.num_layers, rows, config.hidden_size)
        return np.zeros(shape, np.float32)

    def feed(self, ids_B: TokenIds, hidden_SLBH: Array) -> Array:
        """Read the next symbol of each text, which changes the state; the scores [B, V] of those
        after them."""
        gates = len(self.cell.gates)
        x = self.table_VG[ids_B]
        for layer, recurrent in enumerate(self.recurrent):
            if layer > 0:
                x = self.input[layer - 1].times(hidden_SLBH[0, layer - 1])
            r = recurrent.times(hidden_SLBH[0, layer])
            after = self.cell.step(
                _by_gate(x, gates), _by_gate(r, gates), hidden_SLBH[:, layer], self.own_LPH[layer]
            )
            for part, vectors in enumerate(after):
                hidden_SLBH[part, layer] = vectors
        logits: Array = self.head.times(hidden_SLBH[0, -1])
        return logits


def _by_gate(x_BG: Array, gates: int) -> Array:
    """Gate by gate: [gates, B, H]."""
    return x_BG.reshape(len(x_BG), gates, -1).swapaxes(0, 1)


def _table(config: ModelConfig, weights: Mapping[str, Array]) -> Array:
    """The first layer's input part of its gates, for every symbol: [V, G]."""
    table = weights["embedding.weight"]
    if config.embedding_size is not None:
        table = table @ weights["layers.0.weight_ih_l0"].T
    return np.ascontiguousarray(table + weights["layers.0.bias_ih_l0"])


def _own(config: ModelConfig, weights: Mapping[str, Array]) -> Array:
    """The cells' own parameters, [L, P, H]."""
    names = CELLS[config.cell].parameters
    own = [
        [weights[f"layers.{layer}.{name}"] for name in names] for layer in range(config.num_layers)
    ]
    return np.array(own, np.float32).reshape(config.num_layers, len(names), config.hidden_size)


def _matrix(matrix: type[M], weights: Mapping[str, Array], layer: int, part: str) -> M:
    prefix = f"layers.{layer}."
    return matrix(weights[f"{prefix}weight_{part}_l0"], weights[f"{prefix}bias_{part}_l0"])
