"""Units that are held at a value: a change of the weights, which every stepper then computes with.

What is held is the memory of a unit: its cell c, shown as tanh(c), or h in a cell without one. The
gates and the candidate of the unit are set to constants whose fixed point is the value, so the
equations stay as they are:

    lstm, peephole   f = 3/4, i = 1, g = c / 4:    c = f c + i g
    coupled          f = 0, g = c:                 c = f c + (1 - f) g
    gru              z = 0, n = h:                 h = (1 - z) n + z h
    rnn                                            h = tanh(bias)
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint, Tensors
from charnn.errors import UsageError, shorten
from charnn.insight.unit_names import Unit, parse_unit
from charnn.model.cells import CELLS
from charnn.model.config import ModelConfig

# sigmoid(40) is 1 in float32, and exp(40) does not overflow.
_OPEN = 40.0
# The forget gate of a held unit, whose memory cell then holds up to 1 / (1 - 3/4) = 4: tanh(4) is
# 0.999.
_KEPT = 0.75
# Just below 1, where atanh is infinite.
_MAX = 1 - 1e-6


def parse_clamps(values: Sequence[str], config: ModelConfig) -> dict[Unit, float]:
    """Return the units that `--clamp L.I=VALUE` holds, each with its value.

    Raises:
        UsageError: a text has another form, a unit does not exist or is held twice, or no unit of
            the model has such a value.
    """
    held: dict[Unit, float] = {}
    for text in values:
        name, equals, number = text.partition("=")
        if not equals:
            raise UsageError(
                f"--clamp {shorten(text, 40) or repr(text)}: write LAYER.UNIT=VALUE, such as 0.5=1"
            )
        unit = parse_unit(name, config, "--clamp")
        if unit in held:
            raise UsageError(f"--clamp {unit} is given twice: leave one of them out")
        try:
            held[unit] = float(number)
        except ValueError:
            raise UsageError(
                f"--clamp {unit}={shorten(number, 40)} is not a number: write it in digits, such "
                "as 1 or -0.5"
            ) from None
        limit = _limit(config)
        if not -limit <= held[unit] <= limit:
            raise UsageError(
                f"--clamp {unit}={held[unit]:g} must lie in -{limit:g}..{limit:g}, the values of a "
                f"unit of this {config.cell} model"
            )
    return held


def _limit(config: ModelConfig) -> float:
    """Return the largest value of a unit: tanh(1) where c is a mean of candidates, otherwise 1."""
    cell = CELLS[config.cell]
    return 0.76 if "c" in cell.state and "input" not in cell.gates else 1.0


def clamped(checkpoint: Checkpoint, held: Mapping[Unit, float]) -> Checkpoint:
    """Return a model that holds some units at a value; see the top of this file."""
    config = checkpoint.config
    cell = CELLS[config.cell]
    weights = {name: array.copy() for name, array in checkpoint.weights.items()}
    shape = 1, len(cell.state), config.num_layers, config.hidden_size
    starts = np.zeros(shape, np.float32) if checkpoint.starts is None else checkpoint.starts.copy()
    for unit, value in held.items():
        content = _inverse_tanh(value) if "c" in cell.state else value
        if "input" in cell.gates:
            content = max(-1, min(1, content * (1 - _KEPT)))
            _set_gate(weights, config, unit, "input", _OPEN)
            _set_gate(weights, config, unit, cell.memory_gate, math.log(_KEPT / (1 - _KEPT)))
            # The memory has the value from the first token on.
            starts[:, cell.state.index("c"), unit.layer, unit.unit] = content / (1 - _KEPT)
        elif cell.memory_gate:
            _set_gate(weights, config, unit, cell.memory_gate, -_OPEN)
        _set_gate(weights, config, unit, cell.candidate, _inverse_tanh(content))
        for name in cell.peepholes:
            if name != "peephole_output":
                weights[f"layers.{unit.layer}.{name}"][unit.unit] = 0
    return replace(checkpoint, weights=weights, starts=starts)


def _inverse_tanh(value: float) -> float:
    return math.atanh(max(-_MAX, min(_MAX, value)))


def _set_gate(weights: Tensors, config: ModelConfig, unit: Unit, gate: str, value: float) -> None:
    """Set a gate of a unit to the same value before its sigmoid or tanh at every token."""
    row = CELLS[config.cell].gates.index(gate) * config.hidden_size + unit.unit
    prefix = f"layers.{unit.layer}."
    if unit.layer == 0 and config.embedding_size is None:
        weights["embedding.weight"][:, row] = 0
    else:
        weights[f"{prefix}weight_ih_l0"][row] = 0
    weights[f"{prefix}weight_hh_l0"][row] = 0
    weights[f"{prefix}bias_ih_l0"][row] = value
    weights[f"{prefix}bias_hh_l0"][row] = 0


def unit_values(cell: str, states: Mapping[str, NDArray[np.float32]]) -> NDArray[np.float32]:
    """Return the values of units in -1..1: tanh(c), or h in a cell without a memory cell.

    Args:
        cell: the name of the cell.
        states: the hidden states by the names in `Cell.state`, of any shape.
    """
    values: NDArray[np.float32] = np.tanh(states["c"]) if "c" in states else states["h"]
    return values
