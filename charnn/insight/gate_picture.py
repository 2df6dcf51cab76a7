"""The picture of a model's gates: their saturation, and the time scales of the memories.

Shape suffixes: L layers, H hidden units.
"""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from charnn.insight.plot_style import line_styles, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Values = NDArray[np.float64]

# Where Karpathy, Johnson and Fei-Fei (2015) call a gate right-saturated and left-saturated.
RIGHT, LEFT = 0.9, 0.1
_MARKERS = "o^sDv"
_BINS = 24


def draw_gates(
    right: dict[str, Values],
    left: dict[str, Values],
    scale_LH: Values,
    memory_gate: str,
    title: str,
) -> "Figure":
    """Return a picture with one plot a gate, one dot a unit, and a histogram of the time scales.

    Args:
        right: the share of the time at which each gate is above 0.9, [L, H] by name.
        left: the share of the time at which it is below 0.1, [L, H] by name.
        scale_LH: the memory time scale of each unit in tokens.
        memory_gate: the name of the gate that keeps the memory.
        title: the title of the picture.
    """
    names = list(right)
    columns = 2
    rows = math.ceil((len(names) + 1) / columns)
    figure, axes = new_figure(rows, columns, size=(8.0, 3.9 * rows))
    layers = len(scale_LH)
    styles = line_styles(layers)
    for plot, name in zip(axes.flat, names, strict=False):
        for layer, style in enumerate(styles):
            plot.scatter(
                left[name][layer],
                right[name][layer],
                s=12,
                alpha=0.6,
                color=style["color"],
                linewidths=0,
                marker=_MARKERS[layer % len(_MARKERS)],
                label=f"layer {layer}",
            )
        # The two shares add up to 1 at most.
        plot.plot([0, 1], [1, 0], color="0.6", linewidth=0.8, zorder=0)
        plot.set(
            title=f"{name} gate",
            xlabel=f"share of the time below {LEFT}",
            ylabel=f"share of the time above {RIGHT}",
            xlim=(-0.03, 1.03),
            ylim=(-0.03, 1.03),
            aspect="equal",
        )
        if layers > 1:
            plot.legend(markerscale=1.5)
    plots = list(axes.flat)
    _draw_scales(plots[len(names)], scale_LH, styles, memory_gate)
    for plot in plots[len(names) + 1 :]:
        plot.remove()
    figure.suptitle(title)
    return figure


def _draw_scales(
    plot: Any, scale_LH: Values, styles: Sequence[dict[str, Any]], memory_gate: str
) -> None:
    from matplotlib.ticker import FuncFormatter, NullFormatter

    edges = np.geomspace(scale_LH.min() * 0.999, scale_LH.max() * 1.001, _BINS)
    for layer, style in enumerate(styles):
        plot.hist(
            scale_LH[layer], edges, histtype="step", linewidth=1.6, label=f"layer {layer}", **style
        )
    plot.set(
        title="memory time scale",
        xlabel=f"1 / (1 - mean {memory_gate} gate), in tokens",
        ylabel="units",
        xscale="log",
    )
    plot.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    if scale_LH.max() < 10 * scale_LH.min():
        plot.xaxis.set_minor_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    else:
        plot.xaxis.set_minor_formatter(NullFormatter())
    if len(scale_LH) > 1:
        plot.legend()
