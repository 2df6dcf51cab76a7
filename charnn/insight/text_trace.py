"""The trace of a network: its gates, its hidden states and its logits at every token of a text.

The gates come from `charnn.model.cells`, like everything that charnn computes with a cell.

Shape suffixes: T tokens, L layers, H hidden units, V vocabulary.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.vocabulary import UNKNOWN
from charnn.evaluation.scored_part import CONTEXT
from charnn.insight.read_text import ReadText
from charnn.insight.warm_state import state_before
from charnn.model.network_state import NetworkState
from charnn.model.plain_layer import Trace as LayerTrace
from charnn.model.plain_layer import gate_values
from charnn.model.restored_network import restored_network

# The tokens of one call of the network, in all its rows. It bounds the memory.
CHUNK = 2048
# On two cores, 16 rows of an LSTM 1 x 640 take 25 microseconds a token, one row 180.
MAX_ROWS = 16
Most = Literal["logits", "states", "gates"]


@dataclass(frozen=True)
class Trace:
    """The values that a network computed at each of T tokens of a text.

    Attributes:
        begin: the place of the first token in the whole text, counted from 0.
        ids: [T] the tokens.
        pieces: the characters that each token stands for, see `charnn.insight.read_text.ReadText`.
        logits: [T, V] the logits of the next token, after each token. With a pointer, they are
            log-probabilities.
        first_logits: [V] the logits of the first token, before it was read.
        states: the hidden state after each token, [T, L, H] by the names in `Cell.state`: "h", and
            "c" for cells with a memory cell.
        gates: the value of each gate at each token, [T, L, H] by the names in `Cell.gates`. The
            values of sigmoid gates lie in [0, 1], those of the candidate ("cell", "new") in
            [-1, 1]. The only gate of an Elman network is h.
    """

    begin: int
    ids: NDArray[Any]
    pieces: tuple[str, ...]
    logits: NDArray[np.float32]
    first_logits: NDArray[np.float32]
    states: dict[str, NDArray[np.float32]]
    gates: dict[str, NDArray[np.float32]]

    def __len__(self) -> int:
        """Return the number T of tokens."""
        return len(self.ids)

    def __repr__(self) -> str:
        """Return the size of the trace, and the names of its arrays."""
        _, layers, units = self.states["h"].shape
        names = ", ".join((*self.states, *self.gates))
        return f"<Trace of {len(self):,} tokens, {layers} x {units} units: {names}>"

    def log_probabilities(self) -> NDArray[np.float32]:
        """Return the log-probability (natural logarithm) of every token at each place, [T, V].

        Row t is the prediction of token t, before it was read.
        """
        before_TV = np.concatenate([self.first_logits[None], self.logits[:-1]])
        highest = before_TV.max(axis=1, keepdims=True)
        shifted = before_TV - highest
        result: NDArray[np.float32] = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
        return result

    def surprise(self) -> NDArray[np.float32]:
        """Return the surprise at each token, [T], in bits: -log2 of its probability."""
        log_p_T = self.log_probabilities()[np.arange(len(self)), self.ids]
        result: NDArray[np.float32] = -log_p_T / np.log(2, dtype=np.float32)
        return result


def trace(checkpoint: Checkpoint, text: ReadText) -> Trace:
    """Return the trace of a whole text. It takes about 4 (L H gates + V) bytes a token."""
    chunks = list(trace_chunks(checkpoint, text))

    def joined(name: str) -> dict[str, NDArray[np.float32]]:
        parts = [getattr(chunk, name) for chunk in chunks]
        return {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}

    logits = np.concatenate([chunk.logits for chunk in chunks])
    states, gates = joined("states"), joined("gates")
    return Trace(0, text.ids, text.pieces, logits, chunks[0].first_logits, states, gates)


def fast_rows(tokens: int) -> int:
    """Return the number of rows with which a text of this many tokens is traced fastest."""
    return max(1, min(MAX_ROWS, tokens // (4 * CONTEXT)))


def trace_chunks(
    checkpoint: Checkpoint,
    text: ReadText,
    rows: int = 1,
    start: NDArray[np.float32] | None = None,
    *,
    most: Most = "gates",
) -> Iterator[Trace]:
    """Yield the traces of the parts of a text, so that the memory is bounded.

    The network reads a start token first, as at the start of a sample, and carries the hidden state
    from part to part. With several rows, it reads as many stretches of the text side by side, each
    from `CONTEXT` tokens before its first one: several times as fast, and nearly the same. The
    traces then come in the order of their time, not of their places (`Trace.begin`).

    Args:
        checkpoint: the model.
        text: the text, at least one token.
        rows: the number of rows, see `fast_rows`.
        start: [S, L, H] the hidden state of the first row, see `Checkpoint.starts`; None for zeros.
        most: what the traces have: "logits" alone, which is twice as fast, "states" as well, or
            "gates" as well.
    """
    network = restored_network(checkpoint.config, checkpoint.weights)
    tokens, length = len(text.ids), math.ceil(len(text.ids) / rows)
    starts_B = np.arange(0, tokens, length)
    # The padding at the end is read by the last row and not returned.
    padding = np.full(length, UNKNOWN, np.int64)
    read = np.concatenate([text.with_start(checkpoint.start_token_id), padding])
    steps = max(1, CHUNK // len(starts_B))
    with torch.no_grad():
        state = state_before(network, read, starts_B, CHUNK)
        if start is not None:
            state = _begun(state, start)
        first_1BV, state = network(torch.from_numpy(read[starts_B])[None], state)
        first_BV = first_1BV[0].numpy()
        for offset in range(0, length, steps):
            places_TB = starts_B + np.arange(offset, min(offset + steps, length))[:, None]
            layers: list[LayerTrace] | None = None if most == "logits" else []
            logits, state = network(torch.from_numpy(read[places_TB + 1]), state, layers)
            logits_TBV = logits.numpy()
            states, gates = _stacked(layers, with_gates=most == "gates") if layers else ({}, {})
            for row, begin in enumerate(places_TB[0].tolist()):
                count = min(len(places_TB), tokens - begin)
                if count > 0:
                    yield Trace(
                        begin,
                        text.ids[begin : begin + count],
                        text.pieces[begin : begin + count],
                        logits_TBV[:count, row],
                        first_BV[row],
                        {name: values[:count, row] for name, values in states.items()},
                        {name: values[:count, row] for name, values in gates.items()},
                    )
            first_BV = logits_TBV[-1]


def _begun(state: NetworkState, start: NDArray[np.float32]) -> NetworkState:
    """Return a state whose first row has the hidden state `start`, [S, L, H]."""
    begun = torch.from_numpy(start)
    layers = [
        tuple(torch.cat([begun[each, layer][None], part[1:]]) for each, part in enumerate(parts))
        for layer, parts in enumerate(state.layers)
    ]
    return NetworkState(layers, state.memory)


def _stacked(
    layers: list[LayerTrace], *, with_gates: bool
) -> tuple[dict[str, NDArray[np.float32]], dict[str, NDArray[np.float32]]]:
    """Return the hidden states and the gates of all layers, [T, B, L, H] by name."""
    cell = layers[0].cell
    states = [layer.stacked_states(1) for layer in layers]
    gates = [gate_values(layer) if with_gates else () for layer in layers]

    def joined(names: tuple[str, ...], values: list[Any]) -> dict[str, NDArray[np.float32]]:
        by_name = zip(names, zip(*values, strict=True), strict=True)
        return {name: torch.stack(each_layer, 2).numpy() for name, each_layer in by_name}

    return joined(cell.state, states), joined(cell.gates if with_gates else (), gates)
