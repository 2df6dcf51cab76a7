"""The HTML page of the flow of the gradient: pictures, figures, and a text to walk through."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from charnn.insight.cell_comparison import CellFlow, distinct_starts
from charnn.insight.gradient_figures import comparison_figure, flow_figure
from charnn.insight.gradient_flow import SEGMENTS, ErrorWindow, GradientFlow
from charnn.insight.html_page import html_page, picture, table

_NORMS = (
    "<p>The loss at t sends an error back through the hidden states. The picture shows its length "
    "at every earlier step: the median of many losses, with a band from the first to the third "
    "quartile. &eta; is the factor per step; the thin line is C&thinsp;&eta;<sup>t"
    "&minus;&tau;</sup>, above all medians. A line that falls straight is a gradient that "
    "vanishes.</p>"
)
_CAPTION = "The error as it flows back, and what truncated BPTT cuts off"
_TEXT = (
    "<h2>Which earlier character matters</h2>"
    '<p id="help">Choose the predicted character by a click or by the arrow keys, Home and '
    "End. The darker an earlier character, the more error the prediction sends to it. x is the "
    "input (connectivity), h the hidden state, c the memory cell.</p>"
    '<p><label>Model <select id="model"></select></label> '
    '<label>Error of <select id="kind"></select></label></p>'
    '<div id="characters" class="text" tabindex="0" role="slider" aria-valuemin="1" '
    'aria-valuemax="1" aria-valuenow="1" aria-label="Predicted character" '
    'aria-describedby="help"></div><p id="readout" class="quiet"></p>'
)


def flow_page(flow: GradientFlow) -> bytes:
    """Return the page of one model."""
    shown = picture(flow_figure(flow), f"Norm of the error against the distance in {flow.name}")
    body = _NORMS + shown + _figures([flow], _CAPTION) + _TEXT
    return _page(f"The gradient through {flow.name}", body, [flow])


def comparison_page(cells: Sequence[CellFlow]) -> bytes:
    """Return the page of several cells."""
    flows = [done.flow for done in cells]
    names = ", ".join(flow.name for flow in flows)
    shown = picture(comparison_figure(cells), f"Norm of the error against the distance in {names}")
    tables = _figures(flows, _CAPTION)
    if any(done.training for done in cells):
        tables = _figures(distinct_starts(cells), f"At initialisation. {_CAPTION}")
        tables += _figures(flows, f"After the training. {_CAPTION}")
    body = _NORMS + shown + tables + "".join(_training(cells)) + _TEXT
    return _page("The gradient through " + names, body, flows)


def _page(title: str, body: str, flows: Sequence[GradientFlow]) -> bytes:
    data = [{"name": flow.name, **_window(flow.window)} for flow in flows]
    return html_page(title, body, data=data, scripts=["gradients.js"])


def _window(window: ErrorWindow) -> dict[str, Any]:
    def rows(errors: Any) -> list[list[float]]:
        return [
            [float(f"{error:.3g}") for error in row[: step + 1]] for step, row in enumerate(errors)
        ]

    return {
        "places": window.places.tolist(),
        "read": list(window.pieces),
        "predicted": list(window.targets),
        "values": {
            "x": rows(window.inputs),
            **{name: rows(errors) for name, errors in window.states.items()},
        },
    }


def _figures(flows: Sequence[GradientFlow], caption: str) -> str:
    reached = [
        length for length in SEGMENTS if any(flow.cut_off(length) is not None for flow in flows)
    ]
    head = ["model", "η of h", "η of c", "below 1/1000 from"]
    head += [f"cut off by segments of {length}" for length in reached]
    rows = []
    for flow in flows:
        vanished = flow.vanishing_distance()
        row = [flow.name, f"{flow.eta():.3f}"]
        row.append(f"{flow.eta('c'):.3f}" if "c" in flow.states else "-")
        row.append("never" if vanished is None else str(vanished))
        shares = (flow.cut_off(length) for length in reached)
        row += ["-" if share is None else f"{share:.1%}" for share in shares]
        rows.append(row)
    return table(head, rows, caption)


def _training(cells: Sequence[CellFlow]) -> Iterator[str]:
    trained = [done.training for done in cells if done.training]
    if not trained:
        return
    rows = [
        [
            done.variant.name,
            f"{training.last_loss:.3f}",
            f"{np.median(training.norms):.3g}",
            f"{np.median(training.clipped_norms):.3g}",
            f"{training.norms.max():.3g}",
            f"{training.clipped_share:.0%}" if training.clip else "not clipped",
        ]
        for done, training in zip(cells, trained, strict=True)
    ]
    head = ["model", "loss", "norm before", "norm after", "highest norm", "steps clipped"]
    caption = f"Training for {len(trained[0].norms):,} steps; norms are medians"
    yield table(head, rows, caption)
