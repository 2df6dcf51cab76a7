"""One step of a model as a graph of ONNX: a token and the state in, logits and the next state out.

    token -> embedding -> layers -> head (-> pointer) -> logits

The graph is written by the `onnx` package's helpers from the equations of the cells, so it needs no
exporter of torch. docs/share.md describes its inputs and outputs.

Shape suffixes: H hidden units, G gate rows, V vocabulary, M steps of the memory, D width of a key.
"""

import json
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.vocabulary import SEPARATOR
from charnn.errors import CheckpointError
from charnn.model.cells import CELLS
from charnn.model.config import MAX_SENTINEL, MAX_SHARPNESS, ModelConfig
from charnn.share.onnx_recorder import Recorder, Wire
from charnn.share.shared_model import configuration

OPSET, IR_VERSION = 18, 9
# A file of protobuf cannot be larger than 2 GB.
MAX_BYTES = 1_900_000_000
# The id of a step of the memory that does not exist.
EMPTY = -1
# As in `charnn.model.pointer`: the logarithm of 0 would be infinite.
_TINY = 1e-30

Weights = Mapping[str, NDArray[np.float32]]


def onnx_bytes(checkpoint: Checkpoint) -> bytes:
    """Return the content of an ONNX file of one step, with the vocabulary in its metadata.

    Raises:
        CheckpointError: the model is too large for such a file.
        ModuleNotFoundError: the package onnx is not installed.
    """
    from onnx import TensorProto, helper
    from onnx.checker import check_model

    config, weights = checkpoint.config, checkpoint.weights
    if 4 * config.parameter_count() > MAX_BYTES:
        raise CheckpointError(
            f"{config.parameter_count():,} parameters are too many for a file of ONNX, which has "
            "at most 2 GB: share the model with charnn export-model"
        )
    recorder = Recorder()
    token = Wire(recorder, "token")
    state = {name: Wire(recorder, name) for name in state_shapes(config)}
    output, after = _run_layers(recorder, config, weights, token, state)
    logits = output @ recorder.constant(weights["head.weight"].T) + recorder.constant(
        weights["head.bias"]
    )
    if config.pointer:
        logits, memory = _point(recorder, config, weights, output, logits, token, state)
        after |= memory
    logits.named("logits")
    for name, wire in after.items():
        wire.named(f"next_{name}")

    def value(name: str, shape: tuple[int, ...]) -> object:
        kind = TensorProto.INT64 if name.endswith(("token", "ids")) else TensorProto.FLOAT
        return helper.make_tensor_value_info(name, kind, shape)

    shapes = state_shapes(config)
    graph = helper.make_graph(
        recorder.nodes,
        "charnn",
        [value("token", ()), *(value(name, shape) for name, shape in shapes.items())],
        [
            value("logits", (config.vocab_size,)),
            *(value(f"next_{name}", shape) for name, shape in shapes.items()),
        ],
        recorder.constants,
    )
    opset = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(
        graph, producer_name="charnn", opset_imports=opset, ir_version=IR_VERSION
    )
    helper.set_model_props(model, {"charnn": json.dumps(configuration(checkpoint))})
    check_model(model)
    content: bytes = model.SerializeToString()
    return content


def state_shapes(config: ModelConfig) -> dict[str, tuple[int, ...]]:
    """Return the name and the shape of each part of the state.

    Before the first token, each part is 0, and each of the `ids` is `EMPTY`.
    """
    parts = CELLS[config.cell].state
    shapes: dict[str, tuple[int, ...]] = {
        f"{part}{layer}": (config.hidden_size,)
        for layer in range(config.num_layers)
        for part in parts
    }
    if config.pointer:
        shapes["keys"] = (config.pointer, config.pointer_width)
        shapes["ids"] = (config.pointer,)
    return shapes


def _run_layers(
    recorder: Recorder, config: ModelConfig, weights: Weights, token: Wire, state: dict[str, Wire]
) -> tuple[Wire, dict[str, Wire]]:
    """Return the output of the last layer [H], and the hidden state after the step by name."""
    cell = CELLS[config.cell]
    after: dict[str, Wire] = {}
    embedding = recorder.constant(weights["embedding.weight"])
    output = recorder.node("Gather", embedding, token)
    for layer in range(config.num_layers):
        own = {
            name: recorder.constant(weights[f"layers.{layer}.{name}"])
            for name in ("bias_ih_l0", "bias_hh_l0", *cell.peepholes)
        }
        if layer > 0 or config.embedding_size is not None:
            output = output @ recorder.constant(weights[f"layers.{layer}.weight_ih_l0"].T)
        before = [state[f"{part}{layer}"] for part in cell.state]
        recurrent = recorder.constant(weights[f"layers.{layer}.weight_hh_l0"].T)
        gates_x = output + own["bias_ih_l0"]
        gates_h = before[0] @ recurrent + own["bias_hh_l0"]
        _, values = cell.step(
            _split(recorder, gates_x, len(cell.gates)),
            _split(recorder, gates_h, len(cell.gates)),
            before,
            [own[name] for name in cell.peepholes],
        )
        after |= {f"{part}{layer}": each for part, each in zip(cell.state, values, strict=True)}
        output = values[0]
    return output, after


def _split(recorder: Recorder, gates_G: Wire, count: int) -> list[Wire]:
    if count == 1:
        return [gates_G]
    return recorder.nodes_of("Split", count, gates_G, axis=0, num_outputs=count)


def _point(
    recorder: Recorder,
    config: ModelConfig,
    weights: Weights,
    output: Wire,
    logits: Wire,
    token: Wire,
    state: dict[str, Wire],
) -> tuple[Wire, dict[str, Wire]]:
    """Return the log-probabilities of the mixture [V], and the memory after the step.

    The equations are in `charnn.model.pointer`. The memory is the last M steps in order: the key of
    each, and the token that was read at it.
    """
    node = recorder.node
    sharpness = float(weights["pointer.sharpness"][0].clip(0, MAX_SHARPNESS))
    query_D, key_D = (
        _unit(recorder, output @ recorder.constant(weights[f"pointer.{name}"].T))
        for name in ("query", "key")
    )
    sentinel = node(
        "Clip",
        output @ recorder.constant(weights["pointer.sentinel.weight"].T)
        + recorder.constant(weights["pointer.sentinel.bias"]),
        -MAX_SENTINEL,
        MAX_SENTINEL,
    )
    # Nothing is copied across documents.
    begins = node("Equal", token, recorder.constant(np.array(SEPARATOR, np.int64)))
    empty = recorder.constant(np.array(EMPTY, np.int64))
    ids_M = node("Where", begins, empty, state["ids"])
    exists_M = node("Greater", ids_M, empty)
    token_1 = node("Reshape", token, [1])
    following_M = node("Concat", node("Slice", ids_M, [1], [config.pointer], [0]), token_1, axis=0)
    scores_M = (state["keys"] @ query_D) * sharpness - sharpness
    weights_M = node("Where", exists_M, node("Exp", scores_M), 0.0)
    zeros_V = recorder.constant(np.zeros(config.vocab_size, np.float32))
    copied_V = node("ScatterElements", zeros_V, following_M, weights_M, axis=0, reduction="add")
    total = node("ReduceSum", weights_M, [0], keepdims=1)
    shift = sentinel - sharpness
    plain_V = shift + node("LogSoftmax", logits, axis=0)
    mixed_V = _log_add(recorder, _safe_log(recorder, copied_V), plain_V)
    all_1 = _log_add(recorder, _safe_log(recorder, total), shift)
    keys = node("Slice", state["keys"], [1], [config.pointer], [0])
    memory = {
        "keys": node("Concat", keys, node("Reshape", key_D, [1, config.pointer_width]), axis=0),
        "ids": following_M,
    }
    return mixed_V - all_1, memory


def _unit(recorder: Recorder, vector: Wire) -> Wire:
    """Return a vector divided by its length."""
    length = recorder.node("ReduceL2", vector, [0], keepdims=1)
    return recorder.node("Div", vector, recorder.node("Max", length, 1e-12))


def _safe_log(recorder: Recorder, x: Wire) -> Wire:
    return recorder.node("Log", recorder.node("Max", x, _TINY))


def _log_add(recorder: Recorder, a: Wire, b: Wire) -> Wire:
    """Return log(e^a + e^b)."""
    highest = recorder.node("Max", a, b)
    both = recorder.node("Exp", a - highest) + recorder.node("Exp", b - highest)
    return highest + recorder.node("Log", both)
