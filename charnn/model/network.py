"""The network in torch: token ids -> embedding -> recurrent layers -> logits of the next token.

A pointer (`charnn.model.pointer`) may mix in tokens that it copies from the recent past.

Every layer is a module of its own, with dropout between the layers: cuDNN does not show the state
of its own dropout, so a run that used it could not be resumed exactly.

Shape suffixes: T steps of a segment, B rows of a batch, E embedding, H hidden units, G gate rows,
V vocabulary.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, embedding, linear, log_softmax

from charnn.model.batch_rows import BatchRows
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.model.dropout import drop
from charnn.model.fused_layer import run_segment, trace_segment
from charnn.model.layer_weights import Layer, initialise_layer
from charnn.model.network_state import NetworkState
from charnn.model.plain_layer import HiddenState, Trace, run_plainly
from charnn.model.pointer import Pointer, at_least_float32
from charnn.model.stock_layer import is_stock_fastest, run_stock

STOCK: dict[str, Callable[[int, int], nn.Module]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


class Network(nn.Module):
    """The network of a model: embedding, recurrent layers, a linear head, and a pointer.

    Recurrent matrices are initialised to be orthogonal gate by gate (Saxe et al. 2014), and biases
    are initialised to 0.

    Args:
        config: shape of the model.
    """

    def __init__(self, config: ModelConfig) -> None:
        super().__init__()
        self.config = config
        self.cell = CELLS[config.cell]
        width = config.gate_size if config.embedding_size is None else config.embedding_size
        self.embedding = nn.Embedding(config.vocab_size, width)
        self.layers = nn.ModuleList()
        for layer in range(config.num_layers):
            if layer == 0 and config.embedding_size is None:
                self.layers.append(Layer(self.cell, None, config.hidden_size))
            elif config.cell in STOCK:
                self.layers.append(STOCK[config.cell](width, config.hidden_size))
            else:
                self.layers.append(Layer(self.cell, width, config.hidden_size))
            width = config.hidden_size
        self.head = nn.Linear(config.hidden_size, config.vocab_size)
        self.pointer = (
            Pointer(config.hidden_size, config.pointer, config.pointer_width)
            if config.pointer
            else None
        )
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        """Initialise the weights from torch's global random generator."""
        hidden = self.config.hidden_size
        bound = hidden**-0.5
        # With one-hot input, the embedding holds the input weights of the first layer. Other
        # embeddings keep PyTorch's standard normal distribution.
        if self.config.embedding_size is None:
            nn.init.uniform_(self.embedding.weight, -bound, bound)
        for layer in self.layers:
            initialise_layer(layer, hidden)
        nn.init.uniform_(self.head.weight, -bound, bound)
        nn.init.zeros_(self.head.bias)
        if self.pointer:
            self.pointer.initialise()

    def initial_state(self, batch_size: int) -> NetworkState:
        """Return the state before the first token: hidden units of 0 and an empty memory."""
        zeros = self.head.weight.new_zeros(batch_size, self.config.hidden_size)
        layers: list[HiddenState] = [(zeros,) * len(self.cell.state) for _ in self.layers]
        memory = self.pointer.empty_memory(batch_size) if self.pointer else None
        return NetworkState(layers, memory)

    def forward(
        self, ids_TB: Tensor, state: NetworkState, traces: list[Trace] | None = None
    ) -> tuple[Tensor, NetworkState]:
        """Return the logits of each next token [T, B, V] and the state after the segment.

        With a pointer, the logits are log-probabilities.

        Args:
            ids_TB: the token ids of a segment, [T, B].
            state: the state before the segment.
            traces: a list to which the trace of every layer is added. The layers then run by their
                plain equations, which are slower.
        """
        h_TBH, logits, layers = self._run_softmax(ids_TB, state, traces)
        if self.pointer is None or state.memory is None:
            return logits, NetworkState(layers, None, state.part)
        plain_TBV = log_softmax(at_least_float32(logits), -1)
        logits, memory = self.pointer.log_probabilities(h_TBH, ids_TB, plain_TBV, state.memory)
        return logits, NetworkState(layers, memory, state.part)

    def losses(
        self,
        ids_TB: Tensor,
        targets_TB: Tensor,
        state: NetworkState,
        traces: list[Trace] | None = None,
    ) -> tuple[Tensor, NetworkState]:
        """Return the loss of each target [T, B] in nats, and the state after the segment.

        The losses are those of `forward`, but with a pointer they take much less time.

        Args:
            ids_TB, state, traces: as in `forward`.
            targets_TB: the token id that follows each input, [T, B].
        """
        h_TBH, logits, layers = self._run_softmax(ids_TB, state, traces)
        # In float32, also under autocast: bf16 has 8 bits of precision, too few for a
        # log-probability.
        losses = cross_entropy(
            at_least_float32(logits).flatten(0, 1), targets_TB.flatten(), reduction="none"
        )
        losses = losses.view_as(targets_TB)
        if self.pointer is None or state.memory is None:
            return losses, NetworkState(layers, None, state.part)
        log_p, memory = self.pointer.target_log_probabilities(
            h_TBH, ids_TB, -losses, targets_TB, state.memory
        )
        return -log_p, NetworkState(layers, memory, state.part)

    def read(self, ids_TB: Tensor, state: NetworkState) -> NetworkState:
        """Return the state after reading token ids [T, B], without computing any logits."""
        h_TBH, layers = self._run_layers(ids_TB, state, None)
        if self.pointer is None or state.memory is None:
            return NetworkState(layers, None, state.part)
        memory = self.pointer.remember(h_TBH, ids_TB, state.memory)
        return NetworkState(layers, memory, state.part)

    def _run_softmax(
        self, ids_TB: Tensor, state: NetworkState, traces: list[Trace] | None
    ) -> tuple[Tensor, Tensor, list[HiddenState]]:
        """Return the outputs of the last layer [T, B, H], the logits without the pointer [T, B, V],
        and the hidden states of all layers."""
        h_TBH, layers = self._run_layers(ids_TB, state, traces)
        return h_TBH, self.head(self._drop_outputs(h_TBH, state.part)), layers

    def _run_layers(
        self, ids_TB: Tensor, state: NetworkState, traces: list[Trace] | None
    ) -> tuple[Tensor, list[HiddenState]]:
        """Return the outputs of the last layer [T, B, H], and the hidden states of all layers."""
        x = ids_TB
        after = []
        for number, before in enumerate(state.layers):
            if number > 0:
                x = self._drop_outputs(x, state.part)
            x, layer_state = self._run_layer(number, x, before, traces)
            after.append(layer_state)
        return x, after

    def _drop_outputs(self, x: Tensor, part: BatchRows | None) -> Tensor:
        """Apply dropout to the outputs of a layer while training.

        The size of the step dimension is 1 in the shape of the mask, so all steps of a segment
        share one mask: variational dropout (Gal and Ghahramani 2016).
        """
        return drop(x, self.config.dropout, (1, *x.shape[1:]), part) if self.training else x

    def _drop(self, x: Tensor, probability: float, shape: tuple[int, ...] | None = None) -> Tensor:
        """Apply dropout while training."""
        return drop(x, probability, shape) if self.training else x

    def _run_layer(
        self, number: int, x: Tensor, state: HiddenState, traces: list[Trace] | None
    ) -> tuple[Tensor, HiddenState]:
        """Run a layer over a segment by the fastest implementation.

        Args:
            number: the index of the layer, from 0.
            x: token ids [T, B] for the first layer, else the outputs of the layer below.
            state: the hidden state of the layer before the segment.
            traces: see `forward`.
        """
        layer: Any = self.layers[number]
        # DropConnect on the recurrent weights, as in AWD-LSTM (Merity et al. 2018): one mask for
        # all steps of a segment.
        weight_hh = self._drop(layer.weight_hh_l0, self.config.weight_drop)
        if traces is None and is_stock_fastest(layer, x.device):
            vectors = embedding(x, self._vectors()) if number == 0 else x
            return run_stock(layer, vectors, state, weight_hh)
        peepholes = tuple(getattr(layer, name) for name in self.cell.peepholes)
        gates_x_TBG = self._input_gates(number, x)
        layer_inputs = (gates_x_TBG, state, weight_hh, layer.bias_hh_l0, peepholes)
        if traces is not None:
            traces.append(trace := trace_segment(self.cell, *layer_inputs))
            return trace.outputs, trace.states[-1]
        run = run_segment if x.device.type == "cpu" else run_plainly
        return run(self.cell, *layer_inputs)

    def _vectors(self) -> Tensor:
        """Return the embedding [V, E]. Dropout zeroes the vector of a token for a whole segment."""
        return self._drop(
            self.embedding.weight, self.config.embedding_dropout, (self.config.vocab_size, 1)
        )

    def _input_gates(self, number: int, x: Tensor) -> Tensor:
        """Return gates_x = W_x x + b_x, [T, B, G].

        The first layer has only V distinct inputs, so its gates_x are looked up in a table [V, G],
        unless the segment has fewer tokens than the vocabulary.
        """
        layer: Any = self.layers[number]
        if number > 0:
            return linear(x, layer.weight_ih_l0, layer.bias_ih_l0)
        uses_table = self.config.vocab_size <= x.numel()
        vectors = self._vectors() if uses_table else embedding(x, self._vectors())
        # The hidden state depends on gates_x at every step, and the table is small: float32 here
        # costs little and loses nothing.
        with torch.autocast(x.device.type, enabled=False):
            if self.config.embedding_size is None:
                gates = vectors + layer.bias_ih_l0
            else:
                gates = linear(vectors, layer.weight_ih_l0, layer.bias_ih_l0)
        return embedding(x, gates) if uses_table else gates


def export_weights(network: Network) -> dict[str, np.ndarray]:
    """Return copies of the parameters as float32 NumPy arrays, by name."""
    # numpy() shares the memory of the parameter, which the next training step changes.
    return {
        name: parameter.detach().to("cpu", torch.float32).numpy().copy()
        for name, parameter in network.named_parameters()
    }


def import_weights(network: Network, weights: dict[str, np.ndarray]) -> None:
    """Set the parameters from arrays with the same names and shapes."""
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
