"""The stepper in NumPy, the first one that `charnn sample` uses on a CPU.

`torch.nn.LSTM`, called for one step at a time, repacks its weights at every call. Here a step is
one or two matrix products for each layer and a few vector operations. The first character appears
at once, because `import torch`, which takes a second or two, is not needed. Long texts continue in
`charnn.inference.numba_stepper`, which is faster and returns the same logits.

With float32 weights (`FloatMatrix`), this stepper is also the reference that tests compare the
torch network with.

Shape suffixes: S parts of the hidden state (h, c), L layers, B texts side by side, H hidden units,
G gate rows, V vocabulary, P peepholes, R rows of the head.
"""

from collections.abc import Mapping
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from charnn.inference.int8_pointer import empty_memory, point
from charnn.inference.quantised import Array, FloatMatrix, Int8Matrix
from charnn.inference.stepper_state import StepperState
from charnn.model.cells import CELLS
from charnn.model.config import MAX_SHARPNESS, ModelConfig

TokenIds = NDArray[np.int64]
M = TypeVar("M", FloatMatrix, Int8Matrix)


class Stepper(Generic[M]):
    """A model that reads one token of each of B texts at a time.

    The stepper itself has no state: the caller keeps the state of the texts.

    Args:
        config: shape of the model.
        weights: the parameters by name (see `ModelConfig.parameter_shapes`).
        matrix: the class of the weight matrices: `Int8Matrix` to sample, `FloatMatrix` to compare
            the logits with those of the torch network.
    """

    def __init__(self, config: ModelConfig, weights: Mapping[str, Array], matrix: type[M]) -> None:
        self.config = config
        self.cell = CELLS[config.cell]
        self.table_VG = _gates_x_table(config, weights)
        layers = range(config.num_layers)
        self.recurrent: list[M] = [_matrix(matrix, weights, layer, "hh") for layer in layers]
        # The first layer has no input matrix: its gates_x are looked up in the table.
        self.input: list[M] = [_matrix(matrix, weights, layer, "ih") for layer in layers[1:]]
        self.peepholes_LPH = _peepholes(config, weights)
        self.head: M = matrix(*_head(config, weights))
        self.sharpness = np.float32(
            weights["pointer.sharpness"][0].clip(0, MAX_SHARPNESS) if config.pointer else 0
        )

    def initial_state(self, rows: int, steps: int | None = None) -> StepperState:
        """Return the state before the first token of `rows` texts: zeros, and an empty memory.

        Args:
            rows: the number of texts.
            steps: the number of steps that a pointer remembers, at most; `None` for all steps that
                the model can point back. Texts that are shorter need no more, and copies of the
                state are smaller then.
        """
        config = self.config
        remembered = config.pointer if steps is None else min(steps, config.pointer)
        shape = (len(self.cell.state), config.num_layers, rows, config.hidden_size)
        width = config.pointer_width if config.pointer else 0
        memory = empty_memory(rows, remembered, width, self.head.key_dtype)
        return StepperState(np.zeros(shape, np.float32), memory)

    def feed(self, ids_B: TokenIds, state: StepperState) -> Array:
        """Read one token of each text, and return the logits [B, V] of the next tokens.

        Args:
            ids_B: the token of each text.
            state: the state, which is changed in place.
        """
        hidden_SLBH = state.hidden_SLBH
        gates = len(self.cell.gates)
        gates_x_BG = self.table_VG[ids_B]
        for layer, recurrent in enumerate(self.recurrent):
            if layer > 0:
                gates_x_BG = self.input[layer - 1].times(hidden_SLBH[0, layer - 1])
            gates_h_BG = recurrent.times(hidden_SLBH[0, layer])
            _, after = self.cell.step(
                _split_gates(gates_x_BG, gates),
                _split_gates(gates_h_BG, gates),
                hidden_SLBH[:, layer],
                self.peepholes_LPH[layer],
            )
            for part, value_BH in enumerate(after):
                hidden_SLBH[part, layer] = value_BH
        outputs_BR: Array = self.head.times(hidden_SLBH[0, -1])
        if not self.config.pointer:
            return outputs_BR
        logits_BV = np.empty((len(ids_B), self.config.vocab_size), np.float32)
        for row, token_id in enumerate(ids_B.tolist()):
            outputs_R, levels = outputs_BR[row], self.head.key_levels
            point(
                state.memory,
                row,
                token_id,
                outputs_R,
                self.sharpness,
                levels,
                state.temperature,
                logits_BV[row],
            )
        return logits_BV


def _split_gates(gates_BG: Array, gates: int) -> Array:
    """Split gate rows [B, G] into one block for each gate, [gates, B, H]."""
    return gates_BG.reshape(len(gates_BG), gates, -1).swapaxes(0, 1)


def _gates_x_table(config: ModelConfig, weights: Mapping[str, Array]) -> Array:
    """Return gates_x = W_x x + b_x of the first layer for every token id, [V, G]."""
    table = weights["embedding.weight"]
    if config.embedding_size is not None:
        table = table @ weights["layers.0.weight_ih_l0"].T
    return np.ascontiguousarray(table + weights["layers.0.bias_ih_l0"])


def _peepholes(config: ModelConfig, weights: Mapping[str, Array]) -> Array:
    """Return the peepholes of all layers, [L, P, H]; P is 0 for a cell without them."""
    names, layers = CELLS[config.cell].peepholes, range(config.num_layers)
    vectors = [[weights[f"layers.{layer}.{name}"] for name in names] for layer in layers]
    return np.array(vectors, np.float32).reshape(len(layers), len(names), config.hidden_size)


def _head(config: ModelConfig, weights: Mapping[str, Array]) -> tuple[Array, Array]:
    """Return the weights and biases of the head.

    With a pointer, these are the rows of the logits [V], the query [D], the key [D] and the
    sentinel: all are products with the same hidden units.
    """
    head, bias = weights["head.weight"], weights["head.bias"]
    if not config.pointer:
        return head, bias
    names = ("pointer.query", "pointer.key", "pointer.sentinel.weight")
    no_bias = np.zeros(2 * config.pointer_width, np.float32)
    return (
        np.concatenate([head, *(weights[name] for name in names)]),
        np.concatenate([bias, no_bias, weights["pointer.sentinel.bias"]]),
    )


def _matrix(matrix: type[M], weights: Mapping[str, Array], layer: int, kind: str) -> M:
    """Return the matrix and bias of a layer: "ih" for the input, "hh" for the recurrence."""
    prefix = f"layers.{layer}."
    return matrix(weights[f"{prefix}weight_{kind}_l0"], weights[f"{prefix}bias_{kind}_l0"])
