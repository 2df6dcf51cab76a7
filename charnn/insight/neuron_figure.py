"""The picture of units that are tied to features: the mean of each unit in each class."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from charnn.insight.feature_ties import FeatureTies
from charnn.insight.plot_style import line_styles, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_COLUMNS = 2


def draw_means(ties: Sequence[tuple[FeatureTies, str]], tokens: int) -> "Figure":
    """Return a picture with one plot a feature.

    Args:
        ties: each feature, and the name of its closest unit.
        tokens: the number of tokens of the text.
    """
    rows = max(1, math.ceil(len(ties) / _COLUMNS))
    columns = _COLUMNS if len(ties) > 1 else 1
    figure, axes = new_figure(rows, columns, size=(4.2 * columns, 2.7 * rows), squeeze=False)
    plots = list(axes.flat)
    colour = line_styles(2)[0]["color"]
    for plot, (feature, unit) in zip(plots, ties, strict=False):
        places = range(len(feature.labels))
        plot.axhline(0, color="0.6", linewidth=0.8)
        plot.bar(places, feature.best.means, width=0.7, color=colour)
        plot.set_xticks(places, feature.labels, size=8)
        plot.set(ylim=(-1.05, 1.05), ylabel=f"mean of unit {unit}", xlabel=feature.feature)
        plot.set_title(f"{unit}: {100 * feature.best.share:.0f} % of its variance", size=10)
        plot.grid(axis="x", visible=False)
    for plot in plots[len(ties) :]:
        plot.axis("off")
    if not ties:
        plots[0].text(0.5, 0.5, "no unit found", ha="center", va="center")
    figure.suptitle(f"Units tied to features, {tokens:,} tokens")
    return figure
