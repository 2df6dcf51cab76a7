"""The trace of a model: what it says is what the stepper and torch compute."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import charnn
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.errors import CharnnWarning, CorpusError
from charnn.inference.quantised import FloatMatrix
from charnn.inference.stepper import Stepper
from charnn.insight.read_text import read_texts
from charnn.insight.text_trace import trace, trace_chunks
from charnn.library import Model
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights
from charnn.model.plain_layer import Trace as LayerTrace
from charnn.model.plain_layer import run_traced
from tests.helpers import PROJECT, prose, random_weights

VOCABULARY = CharVocabulary(" abcdefghijklmnopqrstuvwxyz\n,.")


def checkpoint_of(cell: str, pointer: int = 0) -> Checkpoint:
    config = ModelConfig(len(VOCABULARY), cell, 2, 12, 5, pointer=pointer, pointer_width=4)
    return Checkpoint(config, VOCABULARY, random_weights(config, scale=0.15), {})


def text_of(length: int) -> str:
    return "".join(char for char in prose(3 * length).lower() if char in VOCABULARY)[:length]


def log_softmax(logits_TV: NDArray[np.float32]) -> NDArray[np.float32]:
    shifted = logits_TV - logits_TV.max(axis=1, keepdims=True)
    difference: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    return difference


@pytest.mark.parametrize(("cell", "pointer"), [*((cell, 0) for cell in CELLS), ("lstm", 8)])
def test_a_trace_is_what_the_stepper_computes(cell: str, pointer: int) -> None:
    checkpoint = checkpoint_of(cell, pointer)
    traced = trace(checkpoint, read_texts(checkpoint, [text_of(300)]))
    stepper = Stepper(checkpoint.config, checkpoint.weights, FloatMatrix)
    state = stepper.initial_state(1)
    logits = [stepper.feed(np.array([checkpoint.start_token_id]), state)[0]]
    states = []
    for token_id in traced.ids.astype(np.int64):
        logits.append(stepper.feed(np.array([token_id]), state)[0])
        states.append(state.hidden_SLBH[:, :, 0].copy())
    computed = np.concatenate([traced.first_logits[None], traced.logits])
    if pointer:
        # The logits are right up to a constant, and the stepper's keys are whole numbers.
        difference = log_softmax(computed) - log_softmax(np.stack(logits))
        assert np.abs(difference).max() < 1e-2
    else:
        assert np.abs(computed - logits).max() < 1e-6
    for part, name in enumerate(CELLS[cell].state):
        values = np.stack([step[part] for step in states])
        assert traced.states[name].shape == (300, 2, 12)
        assert np.abs(traced.states[name] - values).max() < 1e-6


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_gates_make_the_states(cell: str) -> None:
    checkpoint = checkpoint_of(cell)
    traced = trace(checkpoint, read_texts(checkpoint, [text_of(100)]))
    assert tuple(traced.gates) == CELLS[cell].gates
    gates = traced.gates
    h, h_before = traced.states["h"][1:], traced.states["h"][:-1]
    if cell == "rnn":
        assert np.abs(gates["h"] - traced.states["h"]).max() < 1e-6
    elif cell == "gru":
        z, n = gates["update"][1:], gates["new"][1:]
        assert np.abs((1 - z) * n + z * h_before - h).max() < 1e-6
    else:
        c, c_before, f = traced.states["c"][1:], traced.states["c"][:-1], gates["forget"][1:]
        i = 1 - f if cell == "coupled" else gates["input"][1:]
        assert np.abs(f * c_before + i * gates["cell"][1:] - c).max() < 1e-6
        assert np.abs(gates["output"][1:] * np.tanh(c) - h).max() < 1e-6


@pytest.mark.parametrize("cell", list(CELLS))
def test_the_compiled_trace_is_that_of_autograd(cell: str) -> None:
    checkpoint = checkpoint_of(cell)
    network = Network(checkpoint.config).eval()
    import_weights(network, checkpoint.weights)
    ids = torch.from_numpy(np.random.default_rng(0).integers(0, len(VOCABULARY), (50, 3)))
    compiled: list[LayerTrace] = []
    with torch.no_grad():
        network(ids, network.initial_state(3), compiled)
    for layer in compiled:
        inputs = (layer.cell, layer.gates_x_TBG, layer.states[0], layer.weight_hh, layer.bias_hh)
        plain = run_traced(*inputs, layer.peepholes)
        for part, other in zip(layer.stacked_states(0), plain.stacked_states(0), strict=True):
            assert (part - other).abs().max() < 1e-6


def test_rows_side_by_side_are_nearly_one_row() -> None:
    checkpoint = checkpoint_of("gru")
    read = read_texts(checkpoint, [text_of(5000)])
    one, rows = trace(checkpoint, read), np.empty(5000, np.float32)
    begins = []
    for part in trace_chunks(checkpoint, read, rows=3):
        rows[part.begin : part.begin + len(part)] = part.surprise()
        begins.append(part.begin)
    assert np.abs(rows - one.surprise()).max() < 1e-4
    assert {0, 1667, 3334} <= set(begins)


def test_the_surprise_is_the_evaluated_loss() -> None:
    text = text_of(400)
    model = Model(PROJECT / "none.safetensors", checkpoint_of("peephole"))
    mean = float(model.trace(text).surprise().mean())
    assert abs(mean - model.evaluate(text).bits_per_char) < 1e-5


def test_the_pieces_of_tunes_are_their_characters() -> None:
    model = charnn.load("folk")
    tunes = list(model.tunes(2, seed=4))
    read = read_texts(model.checkpoint, tunes)
    assert read.text == "".join(tunes)
    tokens = model.checkpoint.vocabulary.token_texts()
    for token_id, piece in zip(read.ids.tolist(), read.pieces, strict=True):
        # A label has no characters, and a moved note may get other letters and accidentals.
        assert piece in ("", tokens[token_id]) or set(piece) <= set("^_=',ABCDEFGabcdefg")


def test_unknown_characters_are_left_out_with_a_warning() -> None:
    model = Model(PROJECT / "none.safetensors", checkpoint_of("rnn"))
    with pytest.warns(CharnnWarning, match=r"'É' \(2\), '7' \(1\)"):
        assert "".join(model.trace("aÉb7É").pieces) == "ab"
    with pytest.raises(CorpusError, match="knows no character"):
        model.trace("123")
    with pytest.raises(CorpusError, match="the text is empty"):
        model.trace("")
