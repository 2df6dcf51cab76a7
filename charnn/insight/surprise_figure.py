"""Pictures of surprise: a text in colours, and the bits of each bar of a tune."""

from typing import TYPE_CHECKING, Any

from charnn.insight.bar_surprise import TuneBits
from charnn.insight.plot_style import new_figure
from charnn.insight.surprise_colours import LEAST, MOST, palette, surprise_colour
from charnn.insight.text_lines import COLUMNS, MARGIN, Cell, cut_lines, text_figure
from charnn.insight.text_surprise import Surprise

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_CHART = 3.6  # inches


def surprise_figure(surprise: Surprise, tune: TuneBits | None = None) -> "Figure":
    """Return a picture of the beginning of a text, each character on a colour.

    Below the text stand the bars of a tune, if it is given.
    """
    caption = (
        f"{surprise.bits_per_char:.3f} bits/{surprise.vocabulary.per}; "
        f"white: below {LEAST:g} bits, darkest: {MOST:g} and more"
    )
    below = 0.0 if tune is None else _CHART
    figure = text_figure(text_lines(surprise, COLUMNS), surprise_colour, caption, below)
    if tune is not None:
        width, height = figure.get_size_inches()
        left, wide = 3 * MARGIN / width, 1 - 4 * MARGIN / width
        low, high = 3 * MARGIN / height, (below - 4 * MARGIN) / height
        _draw_bars(figure.add_axes((left, low, wide, high)), tune)
    return figure


def text_lines(surprise: Surprise, columns: int, count: int | None = None) -> list[list[Cell]]:
    """Return the lines of a text, cut at a width: each character with the bits of its token.

    If `count` is given, the lines end after so many tokens.
    """
    tokens = zip(
        surprise.pieces[:count],
        surprise.names()[:count],
        surprise.bits[:count].tolist(),
        strict=True,
    )
    return cut_lines(tokens, columns)


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
