"""The picture of learning curves: losses, learning rate, gradient norm and clipped share."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from charnn.checkpoints.run_summary import are_comparable
from charnn.insight.curve_series import Curves, Series
from charnn.insight.html_page import html_page, picture, table
from charnn.insight.plot_style import line_styles, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# The first few losses are several times those of the rest of the run, whose differences would not
# be seen below them.
_SHOWN_FROM = 0.02
_PAGE_ROWS = 40
# The plots below the losses: the axis of each attribute of `Curves`.
_BELOW: dict[str, dict[str, Any]] = {
    "lr": {"ylabel": "learning rate"},
    "grad_norm": {"ylabel": "gradient norm", "yscale": "log"},
    "clipped": {"ylabel": "clipped share", "ylim": (-0.05, 1.05)},
}


def draw_curves(runs: Sequence[Curves]) -> "Figure":
    """Return the curves of one or several runs against their steps.

    Each run has a colour and dashes. What no run has is not drawn: exported models have the losses
    of their validations only.
    """
    from matplotlib.ticker import LogLocator, NullFormatter

    below = [name for name in _BELOW if any(len(getattr(run, name)) for run in runs)]
    rows = 1 + len(below)
    figure, axes = new_figure(
        *(rows, 1),
        size=(7.5, 4.2 + 1.5 * len(below)),
        sharex=True,
        squeeze=False,
        gridspec_kw={"height_ratios": [3.2, *[1] * len(below)]},
    )
    losses, *others = axes[:, 0]
    styles = line_styles(len(runs))
    for run, style in zip(runs, styles, strict=True):
        _draw_losses(losses, run, style, alone=len(runs) == 1)
    losses.set(ylabel="loss (nats/char)", ylim=_loss_limits(runs))
    losses.set_title(_title(runs), parse_math=False)
    legend = losses.legend(
        title=None if len(runs) == 1 else "thick: validation, thin: training (running mean)"
    )
    for text in legend.get_texts():
        text.set_parse_math(False)
    for plot, name in zip(others, below, strict=True):
        for run, style in zip(runs, styles, strict=True):
            series: Series = getattr(run, name)
            plot.plot(series.steps, series.values, linewidth=1, **style)
        plot.set(**_BELOW[name])
    for plot in others:
        if plot.get_yscale() == "log":
            plot.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
            plot.yaxis.set_minor_formatter(NullFormatter())
        plot.yaxis.set_major_formatter("{x:g}")
    axes[-1, 0].set_xlabel("steps (updates of the weights)")
    axes[-1, 0].xaxis.set_major_formatter("{x:,.0f}")
    figure.align_ylabels()
    return figure


def curves_page(runs: Sequence[Curves]) -> bytes:
    """Return a page with the picture and the validation losses of one or several runs."""
    about = (
        "Loss, learning rate, norm of the gradient and share of clipped updates against the number "
        "of updates. The best validation is marked."
    )
    head = ["step", *(run.name for run in runs)]
    rows = [
        [f"{step:,}", *("-" if loss is None else f"{loss:.4f}" for loss in row)]
        for step, row in validation_rows(runs, _PAGE_ROWS)
    ]
    body = f'<p class="quiet">{about}</p>'
    if not are_comparable([run.header for run in runs]):
        body += (
            "<p>The losses were measured on different held-out parts, so they do not compare the "
            "models.</p>"
        )
    body += picture(draw_curves(runs), about)
    if rows:
        body += table(head, rows, "Loss of the last validation up to each step, in nats/char")
    return html_page(_title(runs), body)


def validation_rows(runs: Sequence[Curves], count: int) -> list[tuple[int, list[float | None]]]:
    """Return at most `count` steps of validations, evenly spread, with the loss of each run.

    A loss is that of the last validation up to the step; None before the first one, and after the
    end of a run.
    """
    steps = sorted({int(step) for run in runs for step in run.validation.steps})
    places = np.unique(np.linspace(0, len(steps) - 1, min(count, len(steps))).round().astype(int))
    shown = [steps[place] for place in places]
    return [(step, [run.validation.until(step) for run in runs]) for step in shown]


def _draw_losses(plot: Any, run: Curves, style: dict[str, Any], *, alone: bool) -> None:
    """Draw the losses of a run: its validations boldly, its training loss lightly."""
    colour = style["color"]
    if alone:
        plot.plot(run.training.steps, run.training.values, color="0.8", linewidth=0.8, zorder=1)
    smooth = run.training.smoothed()
    plot.plot(
        smooth.steps,
        smooth.values,
        color="0.45" if alone else colour,
        linewidth=1,
        alpha=1 if alone else 0.5,
        linestyle="--" if alone else style["linestyle"],
        label="training (running mean)" if alone else None,
    )
    if run.best is None:
        return
    step, loss = run.best
    best = f"best {loss:.4f} at step {step:,}"
    plot.plot(
        run.validation.steps,
        run.validation.values,
        linewidth=2,
        label="validation" if alone else f"{run.name}: {best}",
        **style,
    )
    plot.plot(
        [step],
        [loss],
        marker="o",
        markersize=7,
        linestyle="none",
        markerfacecolor="white",
        markeredgecolor=colour,
        markeredgewidth=1.8,
        label=best if alone else None,
        zorder=4,
    )


def _loss_limits(runs: Sequence[Curves]) -> tuple[float, float]:
    """Return the limits of the axis of the losses, which leave out the first few steps."""
    shown: list[float] = []
    for run in runs:
        for series in (run.training.smoothed(), run.validation):
            kept = series.values[series.steps >= _SHOWN_FROM * run.last_step]
            shown += kept.tolist()
    low, high = min(shown), max(shown)
    margin = 0.05 * (high - low) or 0.1
    return low - margin, high + margin


def _title(runs: Sequence[Curves]) -> str:
    names = [run.name for run in runs]
    if len(names) > 3:
        return f"Learning curves of {len(names)} runs"
    return f"Learning curves of {' and '.join(names)}"
