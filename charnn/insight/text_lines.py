"""The lines of a text whose characters have values, and their picture: each on a colour."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from charnn.insight.plot_style import new_figure
from charnn.insight.surprise_colours import Colour, is_dark
from charnn.insight.token_names import SIGNS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS, MAX_ROWS = 80, 60
MARGIN = 0.3  # inches
_FONT = 9.0  # points
# In DejaVu Sans Mono, which matplotlib has with it, a letter is this wide, in units of its size.
_ADVANCE = 0.602


class Cell(NamedTuple):
    """A character of a shown text, the value of its token, and whether the token begins here."""

    sign: str
    value: float
    begins: bool


def cut_lines(tokens: Iterable[tuple[str, str, float]], columns: int) -> list[list[Cell]]:
    """Return the lines of a text, cut at a width.

    Args:
        tokens: the characters, the name and the value of each token. A token without characters,
            such as the label of a bar, stands in the text by its name.
        columns: the width of a line.
    """
    lines: list[list[Cell]] = [[]]
    for piece, name, value in tokens:
        for place, character in enumerate(piece or name):
            if len(lines[-1]) >= columns:
                lines.append([])
            sign = SIGNS.get(character, character) if character != " " else " "
            lines[-1].append(Cell(sign, value, not place))
            if character == "\n":
                lines.append([])
    return lines if lines[-1] else lines[:-1]


def text_figure(
    lines: Sequence[Sequence[Cell]],
    colour: Callable[[float], Colour | None],
    caption: str,
    below: float = 0.0,
) -> "Figure":
    """Return a picture of at most `MAX_ROWS` lines of a text, `COLUMNS` wide.

    Args:
        lines: the lines of the text.
        colour: a function that returns the colour of a value; None for white.
        caption: what stands above the text.
        below: the height in inches that is left free below the text.
    """
    shown = lines[:MAX_ROWS]
    width, height = COLUMNS * _ADVANCE * _FONT / 72, len(shown) * 1.5 * _FONT / 72
    size = (width + 2 * MARGIN, height + 2.5 * MARGIN + below)
    figure, axes = new_figure(size=size)
    # The letters stand on their colours only where the axes have exactly this size.
    figure.set_layout_engine("none")
    bottom = (MARGIN + below) / size[1]
    axes.set_position((MARGIN / size[0], bottom, width / size[0], height / size[1]))
    _draw_text(axes, shown, colour)
    if len(lines) > len(shown):
        caption += f" (the first {len(shown)} of {len(lines):,} lines)"
    figure.text(MARGIN / size[0], 1 - MARGIN / size[1], caption, size=10, va="center")
    return figure


def _draw_text(
    axes: Any, lines: Sequence[Sequence[Cell]], colour: Callable[[float], Colour | None]
) -> None:
    from matplotlib.patches import Rectangle

    axes.set(xlim=(0, COLUMNS), ylim=(len(lines), 0))
    axes.axis("off")
    for row, line in enumerate(lines):
        papers = [colour(cell.value) for cell in line]
        for column, paper in enumerate(papers):
            if paper is not None:
                face = [value / 255 for value in paper]
                axes.add_patch(Rectangle((column, row), 1, 1, facecolor=face, linewidth=0))
        for dark, ink in ((False, "black"), (True, "white")):
            # Spaces that do not break: an SVG joins plain ones.
            letters = [
                cell.sign if is_dark(paper) == dark else "\u00a0"
                for cell, paper in zip(line, papers, strict=True)
            ]
            axes.text(
                *(0, row + 0.55, "".join(letters).replace(" ", "\u00a0")),
                **{"family": "DejaVu Sans Mono", "size": _FONT, "color": ink, "va": "center"},
                parse_math=False,
            )
