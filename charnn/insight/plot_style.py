"""The style of all pictures, and a picture as the bytes of a PNG or SVG file.

The pictures are read in black and white and by people who cannot tell red from green: lines differ
in their dashes as well, and colours come from the viridis map.
"""

import io
import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_INCHES = (7.0, 4.4)
_STYLE: dict[str, Any] = {
    "font.size": 10,
    "axes.titlesize": 11,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "legend.frameon": False,
    "figure.dpi": 100,
    "savefig.dpi": 160,
    # The same picture has the same bytes, and its text stays text.
    "svg.hashsalt": "charnn",
    "svg.fonttype": "none",
}
_DASHES: tuple[Any, ...] = ("-", "--", ":", "-.", (0, (5, 1, 1, 1, 1, 1)))


def new_figure(
    rows: int = 1, columns: int = 1, size: tuple[float, float] = _INCHES, **options: Any
) -> tuple["Figure", Any]:
    """Return a new figure in the style of charnn, and its axes.

    Args:
        rows, columns: the number of plots.
        size: width and height in inches.
        **options: further arguments of `Figure.subplots`, such as `sharex`.
    """
    # Not pyplot, which keeps every figure, and chooses a window system.
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(_STYLE):
        figure = Figure(figsize=size, layout="constrained")
        return figure, figure.subplots(rows, columns, **options)


def line_styles(count: int) -> Sequence[dict[str, Any]]:
    """Return arguments of `Axes.plot` that make `count` lines differ in colour and in dashes."""
    import matplotlib as mpl

    colours = mpl.colormaps["viridis"]
    # The last fifth of the map is a yellow that is too light for a line on white.
    return [
        {"color": colours(0.8 * n / max(1, count - 1)), "linestyle": _DASHES[n % len(_DASHES)]}
        for n in range(count)
    ]


def plain_character(piece: str) -> str:
    """Return visible signs for the characters of a token; ◦ for a token without characters."""
    # matplotlib would read two dollars as a formula.
    signs = {" ": "␣", "\n": "↵", "\t": "→", "$": r"\$"}
    return "".join(signs.get(char, char if char.isprintable() else "·") for char in piece) or "◦"


def picture_bytes(figure: "Figure", kind: str) -> bytes:
    """Return a figure as the bytes of a file.

    Args:
        figure: the figure.
        kind: "png" or "svg".
    """
    import matplotlib as mpl

    # Without a date, the same picture has the same bytes.
    metadata = {"Date": None} if kind == "svg" else {"Software": None}
    buffer = io.BytesIO()
    with mpl.rc_context(_STYLE), warnings.catch_warnings():
        # A character that the font lacks is drawn as a box.
        warnings.filterwarnings("ignore", message="Glyph .* missing from")
        figure.savefig(buffer, format=kind, metadata=metadata)
    return buffer.getvalue()
