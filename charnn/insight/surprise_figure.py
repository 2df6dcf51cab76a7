"""Pictures of surprise: a text in colours, and the bits of each bar of a tune."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from charnn.insight.bar_surprise import TuneBits
from charnn.insight.plot_style import new_figure
from charnn.insight.surprise_colours import LEAST, MOST, is_dark, palette, surprise_colour
from charnn.insight.text_surprise import Surprise
from charnn.insight.token_names import SIGNS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COLUMNS, MAX_ROWS = 80, 60
_FONT = 9.0  # points
# In DejaVu Sans Mono, which matplotlib has with it, a letter is this wide, in units of its size.
_ADVANCE = 0.602
_MARGIN, _CHART = 0.3, 3.6  # inches


class Cell(NamedTuple):
    """A character of a shown text, the bits of its token, and whether the token begins here."""

    sign: str
    bits: float
    begins: bool


def surprise_figure(surprise: Surprise, tune: TuneBits | None = None) -> "Figure":
    """Return a picture of a text, each character on a colour: at most `MAX_ROWS` lines of it.

    Below the text stand the bars of a tune, if it is given.
    """
    lines = text_lines(surprise, COLUMNS)
    shown = lines[:MAX_ROWS]
    width, height = COLUMNS * _ADVANCE * _FONT / 72, len(shown) * 1.5 * _FONT / 72
    chart = 0.0 if tune is None else _CHART
    size = (width + 2 * _MARGIN, height + 2.5 * _MARGIN + chart)
    figure, axes = new_figure(size=size)
    # The letters stand on their colours only where the axes have exactly this size.
    figure.set_layout_engine("none")
    bottom = (_MARGIN + chart) / size[1]
    axes.set_position((_MARGIN / size[0], bottom, width / size[0], height / size[1]))
    _draw_text(axes, shown)
    more = f" (the first {len(shown)} of {len(lines):,} lines)" if len(lines) > len(shown) else ""
    caption = (
        f"{surprise.bits_per_char:.3f} bits per character{more}; white: below {LEAST:g} bits, "
        f"darkest: {MOST:g} and more"
    )
    figure.text(_MARGIN / size[0], 1 - _MARGIN / size[1], caption, size=10, va="center")
    if tune is not None:
        left, wide = 3 * _MARGIN / size[0], 1 - 4 * _MARGIN / size[0]
        low, high = 3 * _MARGIN / size[1], (chart - 4 * _MARGIN) / size[1]
        _draw_bars(figure.add_axes((left, low, wide, high)), tune)
    return figure


def _draw_text(axes: Any, lines: Sequence[Sequence[Cell]]) -> None:
    from matplotlib.patches import Rectangle

    axes.set(xlim=(0, COLUMNS), ylim=(len(lines), 0))
    axes.axis("off")
    for row, line in enumerate(lines):
        for column, cell in enumerate(line):
            if (colour := surprise_colour(cell.bits)) is not None:
                face = [value / 255 for value in colour]
                axes.add_patch(Rectangle((column, row), 1, 1, facecolor=face, linewidth=0))
        for dark, ink in ((False, "black"), (True, "white")):
            # Spaces that do not break: an SVG joins plain ones.
            letters = [
                cell.sign if is_dark(surprise_colour(cell.bits)) == dark else "\u00a0"
                for cell in line
            ]
            axes.text(
                *(0, row + 0.55, "".join(letters).replace(" ", "\u00a0")),
                **{"family": "DejaVu Sans Mono", "size": _FONT, "color": ink, "va": "center"},
                parse_math=False,
            )


def text_lines(surprise: Surprise, columns: int, count: int | None = None) -> list[list[Cell]]:
    """Return the lines of a text, cut at a width: each character with the bits of its token.

    A token without characters, such as the label of a bar, stands in the text by its name. If
    `count` is given, the lines end after so many tokens.
    """
    lines: list[list[Cell]] = [[]]
    for piece, name, bits in zip(
        surprise.pieces[:count],
        surprise.names()[:count],
        surprise.bits[:count].tolist(),
        strict=True,
    ):
        for place, character in enumerate(piece or name):
            if len(lines[-1]) >= columns:
                lines.append([])
            sign = SIGNS.get(character, character) if character != " " else " "
            lines[-1].append(Cell(sign, bits, not place))
            if character == "\n":
                lines.append([])
    return lines if lines[-1] else lines[:-1]


def bars_figure(tune: TuneBits) -> "Figure":
    """Return a picture of the bits of each bar of a tune."""
    figure, axes = new_figure(size=(max(5.0, 0.32 * len(tune.bars) + 1), 3.2))
    _draw_bars(axes, tune)
    return figure


def _draw_bars(axes: Any, tune: TuneBits) -> None:
    bits = [bar.bits for bar in tune.bars]
    highest = max([*bits, 1e-9])
    shades = [palette()[round(255 * each / highest)] for each in bits]
    colours = [[value / 255 for value in shade] for shade in shades]
    axes.bar(range(len(bits)), bits, color=colours, edgecolor="black", linewidth=0.5)
    axes.axhline(tune.mean, color="black", linestyle="--", linewidth=1)
    axes.annotate(f"mean {tune.mean:.1f}", (len(bits) - 0.5, tune.mean), va="bottom", ha="right")
    axes.set_xticks(range(len(bits)), [bar.name for bar in tune.bars], rotation=90)
    axes.set(ylabel="surprise (bits)", xlabel="bar")
    axes.set_title(tune.title or "untitled", parse_math=False)
    axes.grid(axis="x", visible=False)
