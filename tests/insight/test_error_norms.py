"""The lengths of errors against autograd through a network that is unrolled by hand in float64.

The equations are written a second time here. At every step, zeros that have a gradient are added to
the hidden state and to the input: the derivatives by these zeros are the errors.
"""

from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, sigmoid, tanh

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.insight.error_norms import error_norms, exact_network
from charnn.insight.warm_state import rows_of, states_before
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from tests.helpers import random_weights

TOKENS = 40


def checkpoint_of(cell: str, embedding: int | None = 5, pointer: int = 0) -> Checkpoint:
    vocabulary = CharVocabulary("abcdefg")
    config = ModelConfig(len(vocabulary), cell, 2, 9, embedding, pointer=pointer, pointer_width=4)
    return Checkpoint(config, vocabulary, random_weights(config, scale=0.4), {})


def read_tokens(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 9, TOKENS)


def unrolled_step(cell: str, a: Tensor, b: Tensor, state: list[Tensor], p: list[Tensor]) -> Any:
    """Return the next hidden state. a is W x + b_x, b is U h + b_h."""
    h = state[0]
    if cell == "rnn":
        return [tanh(a + b)]
    if cell == "gru":
        (r_x, z_x, n_x), (r_h, z_h, n_h) = a.chunk(3), b.chunk(3)
        z = sigmoid(z_x + z_h)
        return [(1 - z) * tanh(n_x + sigmoid(r_x + r_h) * n_h) + z * h]
    c, s = state[1], a + b
    if cell == "coupled":
        f, g, o = s.chunk(3)
        c = sigmoid(f) * c + (1 - sigmoid(f)) * tanh(g)
        return [sigmoid(o) * tanh(c), c]
    i, f, g, o = s.chunk(4)
    if cell == "peephole":
        i, f = i + p[0] * c, f + p[1] * c
    c = sigmoid(f) * c + sigmoid(i) * tanh(g)
    return [sigmoid(o + p[2] * c if cell == "peephole" else o) * tanh(c), c]


def unrolled_errors(
    checkpoint: Checkpoint, read: np.ndarray, last: int
) -> tuple[list[list[Tensor]], list[Tensor]]:
    """Return the lengths of the error of the loss after step `last`, by layer and step."""
    w = {name: torch.from_numpy(a).double() for name, a in checkpoint.weights.items()}
    cell, layers = checkpoint.config.cell, checkpoint.config.num_layers
    parts = len(CELLS[cell].state)
    zeros = torch.zeros(9, dtype=torch.float64)
    states = [[zeros] * parts for _ in range(layers)]
    leaves: list[list[list[Tensor]]] = [[] for _ in range(layers)]
    inputs = []
    for token in read[: last + 1].tolist():
        if checkpoint.config.embedding_size is None:
            x = torch.nn.functional.one_hot(torch.tensor(token), 9).double()
        else:
            x = w["embedding.weight"][token]
        x = x + torch.zeros_like(x).requires_grad_()
        inputs.append(x)
        for number in range(layers):
            prefix = f"layers.{number}."
            w_ih = w.get(prefix + "weight_ih_l0", w["embedding.weight"].t())
            a = w_ih @ x + w[prefix + "bias_ih_l0"]
            b = w[prefix + "weight_hh_l0"] @ states[number][0] + w[prefix + "bias_hh_l0"]
            peepholes = [w[prefix + name] for name in CELLS[cell].peepholes]
            # The derivative by c contains what flows through h of the same step.
            states[number] = unrolled_step(cell, a, b, states[number], peepholes)
            leaves[number].append(states[number])
            x = states[number][0]
    logits = w["head.weight"] @ x + w["head.bias"]
    loss = -torch.log_softmax(logits, 0)[int(read[last + 1])]
    flat = [part for layer in leaves for step in layer for part in step]
    grads = torch.autograd.grad(loss, [*flat, *inputs], materialize_grads=True)
    lengths = [gradient.norm() for gradient in grads]
    by_layer = torch.stack(lengths[: len(flat)]).reshape(layers, last + 1, parts)
    return [list(by_layer[..., part]) for part in range(parts)], lengths[len(flat) :]


@pytest.mark.parametrize(
    ("cell", "embedding"), [*((cell, 5) for cell in CELLS), ("rnn", None), ("lstm", None)]
)
def test_the_lengths_are_those_of_the_unrolled_network(cell: str, embedding: int | None) -> None:
    checkpoint, read = checkpoint_of(cell, embedding), read_tokens()
    lasts = np.array([38, 12, 30, 5, 38])
    starts = np.array([20, 0, 7, 5, 38])
    found = error_norms(exact_network(checkpoint), read, starts[:, None], lasts[:, None])
    for row, (start, last) in enumerate(zip(starts.tolist(), lasts.tolist(), strict=True)):
        parts, inputs = unrolled_errors(checkpoint, read, last)
        for name, layers in zip(CELLS[cell].state, parts, strict=True):
            for layer, lengths in enumerate(layers):
                computed = found.states[name][row, layer]
                np.testing.assert_allclose(
                    computed[: last + 1 - start], lengths[start:], rtol=1e-8, atol=1e-12
                )
                assert not computed[last + 1 - start :].any()
        expected = torch.stack(inputs[start:])
        np.testing.assert_allclose(
            found.inputs_BT[row, : last + 1 - start], expected, rtol=1e-8, atol=1e-12
        )


def test_a_pointer_sends_errors_past_the_cells() -> None:
    read = np.tile(read_tokens()[:8], 5)
    with_pointer, without = (
        error_norms(exact_network(checkpoint), read, *np.array([[[0]], [[38]]])).states["h"]
        for checkpoint in (checkpoint_of("rnn", pointer=40), checkpoint_of("rnn"))
    )
    assert with_pointer[0, 1, 5] > 10 * without[0, 1, 5]


@pytest.mark.parametrize("pointer", [0, 12])
def test_each_row_reads_what_comes_before_its_place(pointer: int) -> None:
    checkpoint = checkpoint_of("lstm", pointer=pointer)
    network, read = exact_network(checkpoint), np.tile(read_tokens(), 20)
    starts = np.array([[0, 7, 14], [3, 10, 17], [511, 518, 525], [600, 607, 614]])
    states = states_before(network, read, starts, chunk=200)
    for row, start in enumerate(starts.flatten().tolist()):
        expected = network.initial_state(1)
        if start:
            expected = network.read(torch.from_numpy(read[:start])[:, None], expected)
        state = rows_of(states, slice(row, row + 1))
        for layer, other in zip(state.layers, expected.layers, strict=True):
            assert max((a - b).abs().max() for a, b in zip(layer, other, strict=True)) < 1e-9
        if state.memory and expected.memory:
            assert torch.equal(state.memory.ids_BM, expected.memory.ids_BM)
            keys = (state.memory.keys_BMD - expected.memory.keys_BMD).abs().amax(-1)
            assert (keys * (state.memory.ids_BM >= 0)).max() < 1e-9
