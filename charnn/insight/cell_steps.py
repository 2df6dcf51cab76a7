"""One cell at work: the values of a few units at each token, and the equations with these numbers.

The values come from the trace of the network; the equations are `Cell.equations`.

Shape suffixes: T tokens, U units that are shown, E inputs of a layer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import UsageError
from charnn.insight.read_text import ReadText
from charnn.insight.step_page import step_page
from charnn.insight.step_picture import draw_steps
from charnn.insight.token_names import piece_names
from charnn.insight.unit_names import Unit
from charnn.model.cells import CELLS
from charnn.model.plain_layer import Trace as LayerTrace
from charnn.model.plain_layer import gate_values
from charnn.model.restored_network import restored_network

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A person looks at one step at a time.
MAX_TOKENS = 500
MAX_UNITS = 8
# The inputs of a unit that are shown as numbers; a layer has hundreds.
SHOWN_INPUTS = 6
_SYMBOL = re.compile(r"(?<!\w)[a-z](?:_[a-z])?'?(?!\w)")

Values = NDArray[np.float32]


@dataclass(frozen=True)
class CellSteps:
    """The steps of a cell over a text.

    Attributes:
        cell: the name of the cell.
        names: [T] the name of each token.
        units: the U units.
        values: [T, U] by symbol, as `Cell.equations` names them: the gates, the sums that they
            consist of, and the state before and after the step.
        inputs: for each unit, the first inputs x of its layer, [T, SHOWN_INPUTS].
        outputs: for each unit, the first outputs h of its layer before the step.
        sizes: for each unit, the number of inputs of its layer, and the number of hidden units.
    """

    cell: str
    names: tuple[str, ...]
    units: tuple[Unit, ...]
    values: dict[str, Values]
    inputs: tuple[Values, ...]
    outputs: tuple[Values, ...]
    sizes: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        """Return the number T of steps."""
        return len(self.names)

    def __repr__(self) -> str:
        """Return the cell, the number of steps and the units."""
        units = ", ".join(map(str, self.units))
        return f"<CellSteps of {self.cell}: {len(self):,} steps, units {units}>"

    @property
    def equations(self) -> dict[str, str]:
        """Return the equations of the cell, see `charnn.model.cells.Cell`."""
        return CELLS[self.cell].equations

    def with_numbers(self, symbol: str, step: int, unit: int) -> str:
        """Return the term that a symbol equals, with the numbers of a step of a unit in it."""

        def number(found: re.Match[str]) -> str:
            value = float(self.values[found[0]][step, unit])
            return f"({value:.3f})" if value < 0 else f"{value:.3f}"

        filled = _SYMBOL.sub(number, self.equations[symbol])
        # The number after a parenthesis needs none of its own.
        return re.sub(r"\(\((-[^)]*)\)", r"(\1", filled)

    def largest(self, symbol: str) -> float:
        """Return the number that a bar of a symbol ends at: 1, or more for a memory cell."""
        return max(1.0, float(np.abs(self.values[symbol]).max()))

    def figure(self) -> "Figure":
        """Return a picture of the gates and the states of the units over the text."""
        return draw_steps(self.names, list(map(str, self.units)), self._shown_values())

    def _shown_values(self) -> dict[str, Values]:
        """Return the values that the equations give, in their order."""
        return {symbol: self.values[symbol] for symbol in self.equations}

    def to_json(self) -> dict[str, Any]:
        """Return a JSON object of all steps."""
        return {
            "cell": self.cell,
            "equations": self.equations,
            "units": list(map(str, self.units)),
            "tokens": list(self.names),
            "values": {
                symbol: [[round(float(each), 6) for each in row] for row in values_TU]
                for symbol, values_TU in self.values.items()
            },
        }

    def page(self, title: str) -> bytes:
        """Return a page that plays the steps."""
        data = self.to_json() | {
            "filled": [
                [
                    {symbol: self.with_numbers(symbol, step, unit) for symbol in self.equations}
                    for unit in range(len(self.units))
                ]
                for step in range(len(self))
            ],
            "largest": {symbol: self.largest(symbol) for symbol in self.equations},
            "vectors": [
                [self.vectors(step, unit) for unit in range(len(self.units))]
                for step in range(len(self))
            ],
        }
        return step_page(title, data, self.figure())

    def vectors(self, step: int, unit: int) -> dict[str, str]:
        """Return the input x and the output h before a step, as the first numbers of each."""
        shown = {"x": self.inputs[unit][step], "h": self.outputs[unit][step]}
        return {
            name: f"[{' '.join(f'{each:.2f}' for each in numbers)}{' ...' * (size > len(numbers))}]"
            f" {size} numbers"
            for (name, numbers), size in zip(shown.items(), self.sizes[unit], strict=True)
        }


def cell_steps(checkpoint: Checkpoint, read: ReadText, units: Sequence[Unit] = ()) -> CellSteps:
    """Return the steps of a few units over a text.

    Args:
        checkpoint: the model.
        read: the text.
        units: the units; none of them takes the unit of the last layer whose output varies most.

    Raises:
        UsageError: the text is longer than `MAX_TOKENS`, or there are more than `MAX_UNITS` units.
    """
    if len(read.ids) > MAX_TOKENS:
        raise UsageError(
            f"the text has {len(read.ids):,} tokens, too many to go through one by one: give at "
            f"most {MAX_TOKENS}"
        )
    if len(units) > MAX_UNITS:
        raise UsageError(f"{len(units)} units do not fit side by side: name at most {MAX_UNITS}")
    network = restored_network(checkpoint.config, checkpoint.weights)
    ids = torch.from_numpy(read.with_start(checkpoint.start_token_id))[:, None]
    layers: list[LayerTrace] = []
    with torch.no_grad():
        # The start token is the step before the first one.
        _, state = network(ids[:1], network.initial_state(1))
        network(ids[1:], state, layers)
    chosen = tuple(dict.fromkeys(units)) or (_liveliest(layers),)
    vectors = [network.embedding.weight.detach()[ids[1:, 0]].numpy()]
    vectors += [layer.outputs[:, 0].numpy() for layer in layers]
    before = [layer.stacked_states(0, -1)[0][:, 0].numpy() for layer in layers]
    values = [_unit_values(layers[unit.layer], unit.unit) for unit in chosen]
    return CellSteps(
        checkpoint.config.cell,
        tuple(piece_names(checkpoint.vocabulary, read)),
        chosen,
        {symbol: np.stack([each[symbol] for each in values], 1) for symbol in values[0]},
        tuple(vectors[unit.layer][:, :SHOWN_INPUTS] for unit in chosen),
        tuple(before[unit.layer][:, :SHOWN_INPUTS] for unit in chosen),
        tuple((vectors[unit.layer].shape[1], before[unit.layer].shape[1]) for unit in chosen),
    )


def _liveliest(layers: list[LayerTrace]) -> Unit:
    """Return the unit of the last layer whose output varies most over the text."""
    spread_H = layers[-1].outputs[:, 0].std(dim=0, correction=0)
    return Unit(len(layers) - 1, int(spread_H.argmax()))


def _unit_values(layer: LayerTrace, unit: int) -> dict[str, Values]:
    """Return the values [T] of a unit, by their symbols in the equations."""
    cell, units = layer.cell, layer.weight_hh.shape[1]
    before, after = layer.stacked_states(0, -1), layer.stacked_states(1)
    found = {}
    for number, (symbol, gate) in enumerate(zip(cell.symbols, gate_values(layer), strict=True)):
        row = number * units + unit
        found[f"{symbol}_x"] = layer.gates_x_TBG[:, 0, row]
        found[f"{symbol}_h"] = before[0][:, 0] @ layer.weight_hh[row] + layer.bias_hh[row]
        found[symbol] = gate[:, 0, unit]
    for name, peephole in zip(cell.peepholes, layer.peepholes, strict=True):
        symbol = f"p_{name.removeprefix('peephole_')[0]}"
        found[symbol] = peephole[unit].expand(len(before[0]))
    for name, old, new in zip(cell.state, before, after, strict=True):
        found[name], found[f"{name}'"] = old[:, 0, unit], new[:, 0, unit]
    return {symbol: value.detach().numpy() for symbol, value in found.items()}
