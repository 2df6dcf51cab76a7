"""The picture of a cell's steps: the gates and the states of each unit, token by token."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from charnn.insight.plot_style import line_styles, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# With more tokens, their names would overlap.
_MAX_NAMES = 100


def draw_steps(
    names: Sequence[str], units: Sequence[str], values: dict[str, NDArray[np.float32]]
) -> "Figure":
    """Return a picture with a plot for each unit.

    Args:
        names: the names of the T tokens.
        units: the names of the U units.
        values: the values [T, U] of each symbol.
    """
    width = min(24.0, max(6.0, 0.18 * len(names) + 2))
    figure, axes = new_figure(len(units), 1, size=(width, 2.9 * len(units) + 0.4), squeeze=False)
    every = max(1, -(-len(names) // _MAX_NAMES))
    places = range(0, len(names), every)
    for number, (unit, plot) in enumerate(zip(units, axes[:, 0], strict=True)):
        for (symbol, values_TU), style in zip(
            values.items(), line_styles(len(values)), strict=True
        ):
            # The output is drawn over the gates that make it.
            width = 2.2 if symbol == "h'" else 1.2
            plot.plot(values_TU[:, number], label=symbol, linewidth=width, **style)
        plot.axhline(0, color="black", linewidth=0.6)
        plot.set(ylabel=f"unit {unit}", xlim=(-0.5, len(names) - 0.5))
        plot.set_xticks(places)
        plot.set_xticklabels([names[place] for place in places], family="DejaVu Sans Mono")
        for label in plot.get_xticklabels():
            label.set_parse_math(False)
        plot.legend(loc="center left", bbox_to_anchor=(1, 0.5), frameon=False)
    axes[-1, 0].set_xlabel("token that was read")
    return figure
