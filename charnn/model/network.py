"""The network in torch: symbol -> vector -> recurrent layers -> scores of the next symbol.

Shape suffixes: T characters of a window, B rows of a batch, E embedding, H units, G gate rows,
V vocabulary. Layers are single modules with dropout between them: cuDNN keeps the state of its own
dropout to itself, and a run could not be resumed exactly with it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import embedding, linear

from charnn.model.cells import CELLS, Cell
from charnn.model.config import ModelConfig
from charnn.model.dropout import drop
from charnn.model.fused_layer import Trace, run_plainly, run_segment, run_traced
from charnn.model.kernels import HiddenState

STOCK: dict[str, Callable[[int, int], nn.Module]] = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}

# Of an LSTM layer in bf16; measured with 16 rows on one core and on two of a Zen 4.
MOST_STOCK_WEIGHTS = 2_000_000


class Layer(nn.Module):
    """The parameters of a recurrent layer that torch has no module for.

    They are named as in the stock modules, so that a checkpoint need not tell them apart; those of
    the cell's own as the cell says.

    Args:
        cell: the equations.
        width: of the input; None where its weights are looked up, row by row.
        hidden_size: units.
    """

    def __init__(self, cell: type[Cell], width: int | None, hidden_size: int) -> None:
        super().__init__()
        rows = len(cell.gates) * hidden_size
        if width is not None:
            self.weight_ih_l0 = nn.Parameter(torch.empty(rows, width))
        self.weight_hh_l0 = nn.Parameter(torch.empty(rows, hidden_size))
        self.bias_ih_l0 = nn.Parameter(torch.empty(rows))
        self.bias_hh_l0 = nn.Parameter(torch.empty(rows))
        for name in cell.parameters:
            self.register_parameter(name, nn.Parameter(torch.empty(hidden_size)))


class Network(nn.Module):
    """The character model.

    Weights start as in common practice for character models: recurrent matrices orthogonal gate by
    gate (Saxe et al. 2014), the gate that a cell remembers by open (see `Cell.unit_bias_gate`).
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
        self.initialise()

    @torch.no_grad()
    def initialise(self) -> None:
        """Draw fresh weights from torch's global random generator."""
        hidden = self.config.hidden_size
        bound = hidden**-0.5
        if self.config.embedding_size is None:
            nn.init.uniform_(self.embedding.weight, -bound, bound)
        for layer in self.layers:
            for name, parameter in layer.named_parameters():
                if name.startswith("weight_hh"):
                    for block in torch.split(parameter, hidden):
                        nn.init.orthogonal_(block)
                elif name.startswith("weight_ih"):
                    nn.init.uniform_(parameter, -bound, bound)
                else:
                    nn.init.zeros_(parameter)
            if self.cell.unit_bias_gate:
                biases = torch.split(layer.get_parameter("bias_ih_l0"), hidden)
                biases[self.cell.gates.index(self.cell.unit_bias_gate)].fill_(1)
        nn.init.uniform_(self.head.weight, -bound, bound)
        nn.init.zeros_(self.head.bias)

    def initial_state(self, batch_size: int) -> list[HiddenState]:
        """The state before the first character: zeros, one tuple of [B, H] tensors a layer."""
        zeros = self.head.weight.new_zeros(batch_size, self.config.hidden_size)
        return [(zeros,) * len(self.cell.state) for _ in self.layers]

    def forward(
        self, ids_TB: Tensor, state: list[HiddenState], traces: list[Trace] | None = None
    ) -> tuple[Tensor, list[HiddenState]]:
        """Scores of each next symbol, [T, B, V], and the state after the window.

        Given a list of `traces`, the layers run by their plain equations, and add theirs to it.
        """
        x = ids_TB
        after = []
        for number, before in enumerate(state):
            x, layer_state = self._run_layer(number, x, before, traces)
            after.append(layer_state)
            x = self._drop(x, self.config.dropout, (1, *x.shape[1:]))
        logits: Tensor = self.head(x)
        return logits, after

    def _drop(self, x: Tensor, share: float, shape: tuple[int, ...] | None = None) -> Tensor:
        """Dropout while training. Of units the mask is the same for all steps of a window: the
        variational dropout of Gal & Ghahramani 2016."""
        return drop(x, share, shape) if self.training else x

    def _run_layer(
        self, number: int, x: Tensor, state: HiddenState, traces: list[Trace] | None
    ) -> tuple[Tensor, HiddenState]:
        """A layer over the window, by whatever is fastest: x is the ids for the first layer."""
        layer: Any = self.layers[number]
        # One mask a window for the recurrent weights, too: DropConnect, as in AWD-LSTM (Merity et
        # al. 2018).
        weight_hh = self._drop(layer.weight_hh_l0, self.config.weight_drop)
        if traces is None and _is_stock_fastest(layer, x.device):
            vectors = embedding(x, self._vectors()) if number == 0 else x
            return _run_stock(layer, vectors, state, weight_hh)
        own = tuple(getattr(layer, name) for name in self.cell.parameters)
        layer_inputs = (self._input_gates(number, x), state, weight_hh, layer.bias_hh_l0, own)
        if traces is not None:
            traces.append(trace := run_traced(self.cell, *layer_inputs))
            return trace.outputs, trace.states[-1]
        run = run_segment if x.device.type == "cpu" else run_plainly
        return run(self.cell, *layer_inputs)

    def _vectors(self) -> Tensor:
        """Those of the symbols. Dropout silences a symbol for a whole window, in all places."""
        return self._drop(
            self.embedding.weight, self.config.embedding_dropout, (self.config.vocab_size, 1)
        )

    def _input_gates(self, number: int, x: Tensor) -> Tensor:
        """W_ih x + b_ih, [T, B, G]. For the first layer, of whose x there are but as many as there
        are symbols, it is looked up, unless the window is the smaller of the two."""
        layer: Any = self.layers[number]
        if number > 0:
            return linear(x, layer.weight_ih_l0, layer.bias_ih_l0)
        looked_up = self.config.vocab_size <= x.numel()
        vectors = self._vectors() if looked_up else embedding(x, self._vectors())
        with torch.autocast(x.device.type, enabled=False):
            if self.config.embedding_size is None:
                gates = vectors + layer.bias_ih_l0
            else:
                gates = linear(vectors, layer.weight_ih_l0, layer.bias_ih_l0)
        return embedding(x, gates) if looked_up else gates


def _is_stock_fastest(layer: nn.Module, device: torch.device) -> bool:
    """Whether torch has a kernel for whole windows of this layer: for all of its own modules on a
    GPU; on a CPU for the LSTM alone, by oneDNN. That one takes 0.7 to 0.9 of the time of our loop,
    but twice as long in bf16 when the weights are too many for the caches."""
    if device.type != "cpu":
        return isinstance(layer, nn.RNNBase)
    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not (isinstance(layer, nn.LSTM) and has_onednn):
        return False
    weights = 4 * layer.hidden_size * (layer.input_size + layer.hidden_size)
    return not torch.is_autocast_enabled("cpu") or weights <= MOST_STOCK_WEIGHTS


def _run_stock(
    layer: nn.RNNBase, x: Tensor, state: HiddenState, weight_hh: Tensor
) -> tuple[Tensor, HiddenState]:
    """Call torch's function behind a stock module, with the recurrent weights [G, H] that are
    given, and the state as a tuple of [B, H] tensors, whatever form it wants."""
    functions: dict[type, Any] = {nn.LSTM: torch.lstm, nn.GRU: torch.gru, nn.RNN: torch.rnn_tanh}
    stacked = tuple(part.unsqueeze(0) for part in state)
    hx = stacked if len(stacked) > 1 else stacked[0]
    weights = [layer.weight_ih_l0, weight_hh, layer.bias_ih_l0, layer.bias_hh_l0]
    options = {"has_biases": True, "num_layers": 1, "dropout": 0.0, "train": layer.training}
    options |= {"bidirectional": False, "batch_first": False}
    y, *after = functions[type(layer)](x, hx, weights, **options)
    return y, tuple(part.squeeze(0) for part in after)


def export_weights(network: Network) -> dict[str, np.ndarray]:
    """The parameters as float32 NumPy arrays, by name: copies, which training does not touch."""
    return {
        name: parameter.detach().to("cpu", torch.float32).numpy().copy()
        for name, parameter in network.named_parameters()
    }


def import_weights(network: Network, weights: dict[str, np.ndarray]) -> None:
    """Set the parameters from arrays that have the names and shapes of the network's own."""
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
