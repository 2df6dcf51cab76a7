"""Every cell against its paper: the equations written a second time, number by number in float64.

Nothing is shared with the program except the names of the parameters, so a mistake in
`charnn/model/cells.py` is not repeated here. a is W x + b_x and b is U h + b_h, gate by gate.
"""

from itertools import product
from math import exp, tanh

import numpy as np
import pytest
import torch

from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.model.network import Network
from tests.helpers import random_weights

Vector = list[float]
HiddenState = dict[str, Vector]


def sigma(x: float) -> float:
    return 1 / (1 + exp(-x))


def elman(
    a: list[Vector], b: list[Vector], before: HiddenState, peepholes: HiddenState
) -> HiddenState:
    """Elman 1990: h_t = tanh(W x_t + U h_t-1 + b)."""
    return {"h": [tanh(w + u) for w, u in zip(a[0], b[0], strict=True)]}


def gru(
    a: list[Vector], b: list[Vector], before: HiddenState, peepholes: HiddenState
) -> HiddenState:
    """Cho et al. 2014, equations 5 to 8, with r applied after the product, as cuDNN does."""
    h = []
    for j, h_before in enumerate(before["h"]):
        r = sigma(a[0][j] + b[0][j])
        z = sigma(a[1][j] + b[1][j])
        candidate = tanh(a[2][j] + r * b[2][j])
        h.append(z * h_before + (1 - z) * candidate)
    return {"h": h}


def lstm(
    a: list[Vector], b: list[Vector], before: HiddenState, peepholes: HiddenState
) -> HiddenState:
    """Gers, Schmidhuber & Cummins 2000: s_t = s_t-1 y_phi + y_in g(net_c), y_c = y_out h(s_t)."""
    h, c = [], []
    for j, c_before in enumerate(before["c"]):
        y_in, y_phi = sigma(a[0][j] + b[0][j]), sigma(a[1][j] + b[1][j])
        y_out = sigma(a[3][j] + b[3][j])
        c.append(c_before * y_phi + y_in * tanh(a[2][j] + b[2][j]))
        h.append(y_out * tanh(c[j]))
    return {"h": h, "c": c}


def peephole(
    a: list[Vector], b: list[Vector], before: HiddenState, peepholes: HiddenState
) -> HiddenState:
    """Gers & Schmidhuber 2000: in and phi see s_t-1 by their peepholes, out sees s_t."""
    h, c = [], []
    for j, c_before in enumerate(before["c"]):
        y_in = sigma(a[0][j] + b[0][j] + peepholes["peephole_input"][j] * c_before)
        y_phi = sigma(a[1][j] + b[1][j] + peepholes["peephole_forget"][j] * c_before)
        c.append(y_phi * c_before + y_in * tanh(a[2][j] + b[2][j]))
        y_out = sigma(a[3][j] + b[3][j] + peepholes["peephole_output"][j] * c[j])
        h.append(y_out * tanh(c[j]))
    return {"h": h, "c": c}


def coupled(
    a: list[Vector], b: list[Vector], before: HiddenState, peepholes: HiddenState
) -> HiddenState:
    """Greff et al. 2017, CIFG: i_t = 1 - f_t in the LSTM."""
    h, c = [], []
    for j, c_before in enumerate(before["c"]):
        f = sigma(a[0][j] + b[0][j])
        i = 1 - f
        c.append(i * tanh(a[1][j] + b[1][j]) + f * c_before)
        h.append(sigma(a[2][j] + b[2][j]) * tanh(c[j]))
    return {"h": h, "c": c}


PAPERS = {"rnn": elman, "gru": gru, "lstm": lstm, "peephole": peephole, "coupled": coupled}
VECTORS = {"rnn": "h", "gru": "h", "lstm": "hc", "peephole": "hc", "coupled": "hc"}


def test_every_cell_has_its_paper() -> None:
    assert PAPERS.keys() == VECTORS.keys() == CELLS.keys()


def affine(weights: np.ndarray, x: Vector, biases: Vector) -> Vector:
    """Return W x + b."""
    return [
        bias + sum(weight * number for weight, number in zip(row, x, strict=True))
        for row, bias in zip(weights.tolist(), biases, strict=True)
    ]


def logits_by_the_paper(
    config: ModelConfig, weights: dict[str, np.ndarray], text: list[int]
) -> list[Vector]:
    """Return the logits of each next token."""
    units = config.hidden_size

    def by_gate(values: Vector) -> list[Vector]:
        return [values[begin : begin + units] for begin in range(0, len(values), units)]

    states = [
        {name: [0.0] * units for name in VECTORS[config.cell]} for _ in range(config.num_layers)
    ]
    logits = []
    for token_id in text:
        x = weights["embedding.weight"][token_id].tolist()
        for layer, before in enumerate(states):
            of_layer = {
                name.removeprefix(f"layers.{layer}."): value
                for name, value in weights.items()
                if name.startswith(f"layers.{layer}.")
            }
            bias = of_layer["bias_ih_l0"].tolist()
            if "weight_ih_l0" in of_layer:
                a = affine(of_layer["weight_ih_l0"], x, bias)
            else:  # a one-hot vector picks a column of the input weights
                a = [weight + number for weight, number in zip(x, bias, strict=True)]
            b = affine(of_layer["weight_hh_l0"], before["h"], of_layer["bias_hh_l0"].tolist())
            parameters = {name: value.tolist() for name, value in of_layer.items()}
            states[layer] = PAPERS[config.cell](by_gate(a), by_gate(b), before, parameters)
            x = states[layer]["h"]
        logits.append(affine(weights["head.weight"], x, weights["head.bias"].tolist()))
    return logits


@pytest.mark.parametrize(
    ("cell", "layers", "width"), list(product(PAPERS, (1, 2, 3), (None, 4))), ids=str
)
def test_a_network_computes_the_equations_of_the_paper(
    cell: str, layers: int, width: int | None
) -> None:
    config = ModelConfig(7, cell, layers, 5, width)
    weights = {
        name: array.astype(np.float64) for name, array in random_weights(config, scale=0.8).items()
    }
    network = Network(config).double().eval()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
    text = np.random.default_rng(3).integers(0, 7, 20).tolist()
    expected = torch.tensor(logits_by_the_paper(config, weights, text), dtype=torch.float64)
    for recording in (False, True):  # two implementations of a segment
        with torch.set_grad_enabled(recording):
            logits, _ = network(torch.tensor(text)[:, None], network.initial_state(1))
        torch.testing.assert_close(logits[:, 0].detach(), expected, rtol=0, atol=1e-10)
    assert expected.std(dim=0).min() > 0.01
