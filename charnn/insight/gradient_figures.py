"""The pictures of the flow of the gradient."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from charnn.insight.cell_comparison import CellFlow, distinct_starts
from charnn.insight.gradient_flow import ErrorWindow, GradientFlow
from charnn.insight.plot_style import line_styles, new_figure, plain_character

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from charnn.insight.fresh_cells import ShortTraining

ERROR = r"$|\partial L_t / \partial {}_\tau|$"
_DISTANCE = r"distance $t - \tau$ in characters"
# A heat map of more characters has no room for their names.
_NAMED = 60
# The characters of a line of text.
_COLUMNS = 50
# A log axis that followed an error to 1e-60 would show nothing else.
_LOWEST = 1e-20


def flow_figure(flow: GradientFlow) -> "Figure":
    """Return a picture of one model: norms against distance, and errors between characters."""
    figure, axes = new_figure(2, 2, (11.5, 7.4), height_ratios=(5, 1.6))
    draw_norms(axes[0, 0], [flow])
    axes[0, 0].set_title(f"error that flows back through {flow.name}")
    draw_window(figure, axes[0, 1], flow.window)
    below = axes[1, 0].get_gridspec()[1, :]
    for each in axes[1]:
        each.remove()
    draw_connectivity(figure.add_subplot(below), flow.window)
    return figure


def comparison_figure(cells: Sequence[CellFlow]) -> "Figure":
    """Return a picture of several cells, before and after a short training."""
    starts = distinct_starts(cells)
    trained = {done.variant.name: done.training for done in cells if done.training}
    if not trained:
        figure, axes = new_figure()
        draw_norms(axes, starts)
        axes.set_title("error that flows back, at initialisation")
        return figure
    flows = [done.flow for done in cells]
    steps = len(next(iter(trained.values())).norms)
    figure, ((left, right), (below, last)) = new_figure(2, 2, (11.5, 8.4))
    draw_norms(left, starts)
    left.set_title("at initialisation")
    draw_norms(right, flows)
    right.set_title(f"after {steps:,} steps of training")
    _share_range(left, right)
    draw_clipping(below, trained)
    draw_cut_off(last, flows)
    return figure


def draw_norms(axes: Any, flows: Sequence[GradientFlow]) -> None:
    """Draw the norm of dL_t/dh_tau of each model against the distance, on a log axis.

    Each model has its median, a band from the first to the third quartile, its fitted bound, and a
    thin line for dL_t/dc_tau if it has a memory cell.
    """
    for flow, style in zip(flows, line_styles(len(flows)), strict=True):
        color = style["color"]
        label = rf"{flow.name}: $\eta$ = {flow.eta():.3g}"
        low, high = flow.band(0.25), flow.band(0.75)
        axes.fill_between(flow.distance, _seen(low), _seen(high), color=color, alpha=0.15, lw=0)
        axes.plot(flow.distance, _seen(flow.norm()), label=label, lw=2, **style)
        axes.plot(flow.distance, _seen(flow.bound()), color=color, lw=0.7)
        if "c" in flow.states:
            axes.plot(flow.distance, _seen(flow.norm("c")), color=color, lw=1, marker=".", ms=3)
    axes.set_yscale("log")
    low, high = axes.get_ylim()
    axes.set_ylim(max(low, _LOWEST * high), high)
    axes.set_xlabel(_DISTANCE)
    axes.set_ylabel(ERROR.format("h") + " in nats per unit of h")
    has_cells = any("c" in flow.states for flow in flows)
    title = r"thin: $C\,\eta^{t-\tau}$, above all medians" + (
        r"; with dots: $|\partial L_t / \partial c_\tau|$" if has_cells else ""
    )
    axes.legend(title=title, fontsize=9, title_fontsize=8)


def draw_window(figure: "Figure", axes: Any, window: ErrorWindow) -> None:
    """Draw how much error each loss of a window sends to each earlier step."""
    from matplotlib.colors import LogNorm

    errors = window.states["h"][-_NAMED:, -_NAMED:]
    count = len(errors)
    highest = float(errors.max()) or 1.0
    shown = np.ma.masked_less_equal(errors, 0)
    image = axes.imshow(
        shown, cmap="viridis", norm=LogNorm(highest / 1e4, highest), interpolation="nearest"
    )
    figure.colorbar(image, ax=axes, label=ERROR.format("h"), shrink=0.8)
    places = np.arange(count)
    axes.set_xticks(places, list(map(plain_character, window.pieces[-count:])), fontsize=6)
    axes.set_yticks(places, list(map(plain_character, window.targets[-count:])), fontsize=6)
    axes.grid(visible=False)
    axes.set_xlabel(r"error arrives at step $\tau$, which reads this character")
    axes.set_ylabel(r"error comes from the loss $L_t$ of this character")
    axes.set_title("which character sends how much error to which")


def draw_connectivity(axes: Any, window: ErrorWindow) -> None:
    """Draw the text of a window, coloured by how much each character matters to the last one."""
    lengths = window.inputs[-1]
    rows = -(-len(lengths) // _COLUMNS)
    shares = np.full((rows, _COLUMNS), np.nan)
    # The square root shows small differences.
    shares.flat[: len(lengths)] = np.sqrt(lengths / (lengths.max() or 1.0))
    axes.imshow(shares, cmap="viridis", vmin=0, vmax=1, aspect="auto")
    for step, piece in enumerate(window.pieces):
        row, column = divmod(step, _COLUMNS)
        ink = "black" if shares[row, column] > 0.6 else "white"
        sign = plain_character(piece)
        axes.text(column, row, sign, ha="center", va="center", color=ink, family="monospace")
    axes.set_axis_off()
    target = plain_character(window.targets[-1])
    axes.set_title(
        f"connectivity: what matters to the prediction of {target} after these characters, "
        rf"$|\partial L_t / \partial x_\tau|$ (bright: much)"
    )


def draw_clipping(axes: Any, trainings: "Mapping[str, ShortTraining]") -> None:
    """Draw the norm of the gradient in training, and the norms at which it is clipped."""
    styles = line_styles(len(trainings))
    for (name, training), style in zip(trainings.items(), styles, strict=True):
        share = f"{training.clipped_share:.0%} clipped" if training.clip else "not clipped"
        steps = np.arange(1, len(training.norms) + 1)
        axes.plot(steps, training.norms, lw=0.3, alpha=0.5, color=style["color"])
        axes.plot(steps, _smoothed(training.norms), label=f"{name}: {share}", lw=1.5, **style)
    for clip in sorted({training.clip for training in trainings.values()} - {0.0}):
        axes.axhline(clip, color="0.3", lw=0.8)
        edge = (1, clip)
        where = axes.get_yaxis_transform()
        axes.annotate(f"clip {clip:g}", edge, xycoords=where, fontsize=8, va="bottom", ha="right")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.set_xlabel("training step")
    axes.set_ylabel("norm of the gradient before clipping")
    axes.set_title("clipping")
    axes.legend(fontsize=9)


def draw_cut_off(axes: Any, flows: Sequence[GradientFlow]) -> None:
    """Draw the share of the error that truncated backpropagation through time cuts off."""
    for flow, style in zip(flows, line_styles(len(flows)), strict=True):
        shares = [flow.cut_off(length) for length in range(1, len(flow.distance) + 1)]
        percents = [100 * share for share in shares if share is not None]
        axes.plot(range(1, len(percents) + 1), percents, label=flow.name, lw=2, **style)
    axes.set_xscale("log", base=2)
    axes.xaxis.set_major_formatter("{x:g}")
    axes.set_ylim(0, 100)
    axes.set_xlabel("length of a segment of truncated BPTT in characters")
    axes.set_ylabel("error that is cut off in %")
    axes.set_title("truncation")
    axes.legend(fontsize=9)


def _share_range(*plots: Any) -> None:
    """Give plots the same vertical range."""
    lows, highs = zip(*(plot.get_ylim() for plot in plots), strict=True)
    for plot in plots:
        plot.set_ylim(min(lows), max(highs))


def _seen(values: Any) -> Any:
    """Return the values without the zeros, which a log axis cannot show."""
    return np.ma.masked_less_equal(values, 0)


def _smoothed(values: Any, share: float = 0.05) -> Any:
    """Return the running median over a share of the values."""
    width = max(1, round(len(values) * share)) // 2
    return np.array(
        [np.median(values[max(0, n - width) : n + width + 1]) for n in range(len(values))]
    )
