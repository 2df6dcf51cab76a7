"""The flow of the gradient on a terminal: a table with bars, sentences, and a coloured text."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from charnn.cli.coloured_text import Cell, shows_colours, write_coloured
from charnn.cli.console import escape_to_one_line, write_stdout
from charnn.cli.formatting import format_duration
from charnn.insight.gradient_flow import SEGMENTS, VANISHED

if TYPE_CHECKING:
    from charnn.insight.fresh_cells import ShortTraining
    from charnn.insight.gradient_flow import ErrorWindow, GradientFlow

_BAR = 12
# The powers of ten that a bar spans; shorter errors have no bar.
_DECADES = 6
_NAMED = 5
_LONGEST = 20


def flow_table(flows: "Sequence[GradientFlow]") -> Iterator[str]:
    """Yield a table of the norms against the distance, with a column for each model."""
    reach = min(len(flow.distance) for flow in flows)
    highest = max(float(flow.norm().max()) for flow in flows) or 1.0
    width = max(_BAR + 9, *(len(flow.name) for flow in flows)) + 2
    yield "|dL_t/dh_tau|, the error that reaches an earlier character: median, and its logarithm\n"
    yield "t - tau  " + "".join(flow.name.ljust(width) for flow in flows).rstrip() + "\n"
    norms = [flow.norm() for flow in flows]
    for distance in _distances(reach):
        cells = [f"{norm[distance]:8.1e} {_bar(norm[distance], highest)}" for norm in norms]
        yield f"{distance:7}  {''.join(cell.ljust(width) for cell in cells).rstrip()}\n"


def flow_sentences(flow: "GradientFlow") -> Iterator[str]:
    """Yield what the figures of a model mean."""
    vanished = flow.vanishing_distance()
    where = (
        f"below {VANISHED:g} of its start from t - tau = {vanished} on"
        if vanished is not None
        else f"never below {VANISHED:g} of its start within {len(flow.distance) - 1} characters"
    )
    yield f"{flow.name}: like eta^(t - tau) with eta = {flow.eta():.3f}; {where}\n"
    if "c" in flow.states:
        yield f"  through the memory cell, |dL_t/dc_tau|: eta = {flow.eta('c'):.3f}\n"
    shares = [(length, flow.cut_off(length)) for length in SEGMENTS]
    cut = ", ".join(f"{length}: {share:.1%}" for length, share in shares if share is not None)
    if cut:
        yield f"  truncated BPTT cuts off, by length of the segments: {cut}\n"


def training_sentence(name: str, training: "ShortTraining") -> str:
    """Return what happened to the gradient in a short training of a cell."""
    median = float(np.median(training.norms))
    text = (
        f"{name}: {len(training.norms):,} steps in "
        f"{format_duration(training.seconds)}, loss {training.last_loss:.3f} nats/char; "
        f"norm of the gradient {median:.3g} (median), highest {training.norms.max():.3g}; "
    )
    if not training.clip:
        return text + "not clipped"
    clipped = training.norms[training.norms > training.clip]
    text += f"{training.clipped_share:.0%} of the steps clipped to {training.clip:g}"
    return text + (f", from {np.median(clipped):.3g} (median)" if len(clipped) else "")


def connectivity_lines(window: "ErrorWindow") -> Iterator[str]:
    """Yield the characters of a window that matter most to the prediction of the last one."""
    lengths = window.inputs[-1]
    highest = float(lengths.max()) or 1.0
    target, place = _quoted(window.targets[-1]), int(window.places[-1])
    yield f"what matters to the prediction of {target} (character {place}), |dL_t/dx_tau|:\n"
    for step in np.argsort(-lengths, kind="stable")[:_NAMED].tolist():
        back = len(lengths) - step
        bar = "#" * round(_LONGEST * lengths[step] / highest)
        yield f"  {back:3} back {_quoted(window.pieces[step]):8} {lengths[step]:8.1e} {bar}\n"


def write_connectivity(window: "ErrorWindow") -> None:
    """Write the text of a window on a terminal, coloured by what matters to the last prediction."""
    if not shows_colours():
        return
    lengths = window.inputs[-1]
    shares = np.sqrt(lengths / (lengths.max() or 1.0))
    write_coloured(map(_coloured, window.pieces, shares.tolist()))
    write_stdout(f"  <- {_quoted(window.targets[-1])}\n")


def _quoted(piece: str) -> str:
    """Return a token for a sentence; ◦ is one without characters, such as the label of a bar."""
    return escape_to_one_line(repr(piece)) if piece else "◦"


def _coloured(piece: str, share: float) -> Cell:
    """Return a token on paper that is the darker, the larger a share is, as on the page."""
    grey = 255 - round(200 * share)
    ink = (0, 0, 0) if grey > 128 else (255, 255, 255)
    return (piece.replace("\n", "↵\n") or "◦", ink, (grey, grey, 255))


def _bar(value: float, highest: float) -> str:
    if value <= 0:
        return ""
    decades = math.log10(value / highest) + _DECADES
    return "#" * max(0, round(_BAR * decades / _DECADES))


def _distances(reach: int) -> list[int]:
    """Return the distances that a table shows: 0, then 1, 2, 5, 10, 20, 50 and so on."""
    steps = [factor * 10**power for power in range(5) for factor in (1, 2, 5)]
    return [0, *(step for step in steps if step < reach)]
