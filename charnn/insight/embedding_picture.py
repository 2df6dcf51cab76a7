"""The map of tokens in a plane: each token stands by its name at its place."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from charnn.insight.plot_style import line_styles, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Kinds of tokens; every token of no other kind is a sign.
_KINDS = ("vowels", "other small letters", "capitals", "digits", "signs", "labels")


def draw_map(names: Sequence[str], places_V2: NDArray[np.float64], share: float) -> "Figure":
    """Return the map.

    Args:
        names: the names of the V tokens.
        places_V2: their places.
        share: the share of the variance that the plane holds.
    """
    figure, axes = new_figure(size=(8.0, 7.0))
    kinds = np.array([_kind(name) for name in names])
    for kind, style, marker in zip(_KINDS, line_styles(len(_KINDS)), "os^Dv.", strict=True):
        members = np.flatnonzero(kinds == kind)
        if not len(members):
            continue
        # A dot marks the place, since the name stands beside it.
        axes.scatter(
            *places_V2[members].T, s=9, marker=marker, color=style["color"], label=kind, zorder=3
        )
        for member in members.tolist():
            axes.annotate(
                names[member],
                places_V2[member],
                xytext=(3, 3),
                textcoords="offset points",
                fontsize=6 if kind == "labels" else 10,
                family="DejaVu Sans Mono",
                parse_math=False,
            )
    axes.set(
        xlabel="first principal component",
        ylabel="second principal component",
        title=f"Tokens in the plane with {100 * share:.0f} % of the variance",
    )
    axes.legend(loc="best", fontsize=8, frameon=False)
    return figure


def _kind(name: str) -> str:
    if len(name) > 1 and name[0] in "[(":
        return "labels"
    if name.isdigit():
        return "digits"
    if name in "aeiouyäöüéèà":
        return "vowels"
    if name[:1].isalpha():
        return "capitals" if name[:1].isupper() else "other small letters"
    return "signs"
