"""Statistics of the gates of a model: their saturation, and the time scale of each memory.

Karpathy, Johnson and Fei-Fei ("Visualizing and understanding recurrent networks", 2015) call a gate
right-saturated where it is above 0.9 and left-saturated where it is below 0.1. A unit whose forget
gate is right-saturated nearly always remembers long; one whose forget gate is left-saturated nearly
always looks at the present character only.

The statistics are running sums, so the memory does not grow with the text.

Shape suffixes: T tokens, L layers, H hidden units.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import UsageError
from charnn.insight.gate_picture import LEFT, RIGHT, Values, draw_gates
from charnn.insight.html_page import html_page, picture, table
from charnn.insight.read_text import ReadText
from charnn.insight.unit_names import Unit
from charnn.model.cells import CELLS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# A gate that rounds to 1 at every token: the unit remembers everything.
_MAX_SCALE = 1e6


@dataclass(frozen=True)
class GateStatistics:
    """The statistics of the sigmoid gates of a model over a text.

    Attributes:
        cell: the name of the cell.
        tokens: the number of tokens of the text.
        right: the share of tokens at which each gate is above 0.9, [L, H] by the name of the gate.
        left: the share of tokens at which each gate is below 0.1, [L, H] by name.
        mean: the mean value of each gate, [L, H] by name.
        memory_gate: the name of the gate that keeps the memory: forget, or update in a GRU.
    """

    cell: str
    tokens: int
    right: dict[str, Values]
    left: dict[str, Values]
    mean: dict[str, Values]
    memory_gate: str

    @property
    def time_scale(self) -> Values:
        """Return the memory time scale of each unit in tokens, [L, H].

        It is 1 / (1 - f), where f is the mean of the gate that keeps the memory: a unit that keeps
        90 % of its memory at each token has lost most of it after 10 tokens.
        """
        lost_LH = 1 - self.mean[self.memory_gate]
        scale_LH: Values = 1 / np.maximum(lost_LH, 1 / _MAX_SCALE)
        return scale_LH

    def longest(self, count: int = 10) -> list[tuple[Unit, float]]:
        """Return the units that remember longest, each with its time scale."""
        scale_LH = self.time_scale
        order = np.argsort(-scale_LH, axis=None, kind="stable")[:count]
        places = np.stack(np.unravel_index(order, scale_LH.shape), axis=1).tolist()
        return [(Unit(*place), float(scale_LH[*place])) for place in places]

    def figure(self) -> "Figure":
        """Return the saturation of every gate and the time scales as a picture."""
        title = f"Gates of {self.cell}, {self.tokens:,} tokens, one dot a unit"
        return draw_gates(self.right, self.left, self.time_scale, self.memory_gate, title)

    def page(self, name: str) -> bytes:
        """Return the picture and the longest memories as a page, for the model of this name."""
        about = (
            f"One plot a gate, one dot a unit: the share of tokens at which the gate is open "
            f"(above {RIGHT}) against the share at which it is closed (below {LEFT}). The last "
            "plot counts the units by their memory time scale."
        )
        rows = [[str(unit), f"{scale:,.1f}"] for unit, scale in self.longest(20)]
        body = (
            f'<p class="quiet">{self.tokens:,} tokens, cell {self.cell}. {about}</p>'
            + picture(self.figure(), about)
            + table(["unit", "time scale in tokens"], rows, "The units that remember longest")
        )
        return html_page(f"Gates of {name}", body)

    def to_json(self) -> dict[str, Any]:
        """Return all statistics as a JSON object, with lists [L][H]."""
        return {
            "cell": self.cell,
            "tokens": self.tokens,
            "gates": {
                name: {
                    "right_saturated": _rounded(self.right[name]),
                    "left_saturated": _rounded(self.left[name]),
                    "mean": _rounded(self.mean[name]),
                }
                for name in self.mean
            },
            "memory_gate": self.memory_gate,
            "time_scale": _rounded(self.time_scale),
            "longest": [
                {"unit": str(unit), "time_scale": round(scale, 6)} for unit, scale in self.longest()
            ],
        }


def check_gates(cell: str) -> None:
    """Check that a cell has gates.

    Raises:
        UsageError: the cell has no gates.
    """
    if not CELLS[cell].memory_gate:
        gated = ", ".join(name for name, other in CELLS.items() if other.memory_gate)
        raise UsageError(
            f"this model has no gates, because its cell is {cell}: name a model with one of the "
            f"cells {gated}"
        )


def gate_statistics(checkpoint: Checkpoint, text: ReadText) -> GateStatistics:
    """Return the statistics of a model's gates over a text.

    Raises:
        UsageError: the cell of the model has no gates.
    """
    from charnn.insight.text_trace import fast_rows, trace_chunks

    name = checkpoint.config.cell
    check_gates(name)
    cell = CELLS[name]
    shape = checkpoint.config.num_layers, checkpoint.config.hidden_size
    gates = [gate for gate in cell.gates if gate != cell.candidate]
    right, left, total = ({gate: np.zeros(shape) for gate in gates} for _ in range(3))
    tokens = len(text.ids)
    for chunk in trace_chunks(checkpoint, text, rows=fast_rows(tokens)):
        for gate in gates:
            values_TLH = chunk.gates[gate]
            right[gate] += np.count_nonzero(values_TLH > RIGHT, axis=0)
            left[gate] += np.count_nonzero(values_TLH < LEFT, axis=0)
            total[gate] += values_TLH.sum(axis=0, dtype=np.float64)
    for sums in (right, left, total):
        for gate in gates:
            sums[gate] /= tokens
    return GateStatistics(name, tokens, right, left, total, cell.memory_gate)


def _rounded(values: Values) -> list[Any]:
    rounded: list[Any] = values.round(6).tolist()
    return rounded
