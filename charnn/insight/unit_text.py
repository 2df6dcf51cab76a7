"""The beginning of a text with the values of a few units and of their gates at each token."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.insight.clamped_units import unit_values
from charnn.insight.read_text import ReadText
from charnn.insight.text_lines import COLUMNS, Cell, cut_lines, text_figure
from charnn.insight.token_names import piece_names
from charnn.insight.unit_colours import unit_colour
from charnn.insight.unit_names import Unit
from charnn.model.cells import CELLS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The name of a unit's own value among the series, beside the names of its gates.
VALUE = "value"


@dataclass(frozen=True)
class UnitText:
    """The values of some units over the beginning of a text.

    Attributes:
        pieces, names: the characters and the name of each of T tokens.
        units: the units.
        series: the values [T, U] by name: "value", and each gate of the cell. They lie in -1..1.
    """

    pieces: tuple[str, ...]
    names: tuple[str, ...]
    units: tuple[Unit, ...]
    series: dict[str, NDArray[np.float32]]

    def lines(self, unit: int, columns: int) -> list[list[Cell]]:
        """Return the lines of the text with the values of a unit, by its place in `units`."""
        values = self.series[VALUE][:, unit].tolist()
        return cut_lines(zip(self.pieces, self.names, values, strict=True), columns)

    def figure(self, unit: int = 0) -> "Figure":
        """Return a picture of the text, coloured by a unit, by its place in `units`."""
        caption = f"unit {self.units[unit]}: blue -1, white 0, orange 1"
        return text_figure(self.lines(unit, COLUMNS), unit_colour, caption)

    def to_json(self) -> dict[str, Any]:
        """Return the text and the values of all units as a JSON object."""
        return {
            "pieces": list(self.pieces),
            "units": {
                str(unit): {
                    name: values_TU[:, number].astype(float).round(4).tolist()
                    for name, values_TU in self.series.items()
                }
                for number, unit in enumerate(self.units)
            },
        }


def read_unit_text(
    checkpoint: Checkpoint, text: ReadText, units: Sequence[Unit], tokens: int
) -> UnitText:
    """Return the values of some units over the first tokens of a text."""
    from charnn.insight.text_trace import trace

    begin = replace(text, ids=text.ids[:tokens], pieces=text.pieces[:tokens])
    traced = trace(checkpoint, begin)
    cell = CELLS[checkpoint.config.cell]
    layers, numbers = ([unit[part] for unit in units] for part in (0, 1))
    values = {VALUE: unit_values(checkpoint.config.cell, traced.states)}
    if cell.memory_gate:
        values |= traced.gates
    return UnitText(
        begin.pieces,
        tuple(piece_names(checkpoint.vocabulary, begin)),
        tuple(units),
        {name: values_TLH[:, layers, numbers] for name, values_TLH in values.items()},
    )
