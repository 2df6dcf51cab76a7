"""The tables of loss curves: the validations of a run, and those of several runs side by side."""

import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

from charnn.cli.formatting import format_duration
from charnn.cli.run_tables import aligned

if TYPE_CHECKING:
    from charnn.insight.learning_curves import LearningCurves

# The size of a printed curve: lines, and characters of the figures and of the longest bar.
_ROWS = 12
_FIGURES_WIDTH = 54
_WIDTH = 30


def history_lines(history: list[dict[str, Any]], columns: int) -> Iterator[str]:
    """Yield the lines of the loss curve: the table's header, then one line per validation shown.

    At most `_ROWS` validations, evenly spaced from the first to the last, are shown, and the
    best one in addition. The length of a bar is proportional to the loss minus the lowest loss; the
    longest has `_WIDTH` characters, or what `columns` leaves of them (0 for any number).
    """
    if not history:
        return
    losses = [entry["val_loss"] for entry in history]
    best, highest = min(losses), max(losses)
    last = len(history) - 1
    width = min(_WIDTH, columns - _FIGURES_WIDTH) if columns else _WIDTH
    shown = {round(row * last / (_ROWS - 1)) for row in range(_ROWS)}
    shown.add(losses.index(best))
    yield f"\n{'step':>10}{'time':>14}{'training':>10}{'held out':>10}{'bits':>8}\n"
    for number in sorted(shown):
        entry, loss = history[number], losses[number]
        train = f"{entry['train_loss']:.4f}" if "train_loss" in entry else "-"
        above = (loss - best) / (highest - best) if highest > best else 0
        yield (
            f"{entry['step']:>10,}{format_duration(entry['seconds']):>14}{train:>10}{loss:>10.4f}"
            f"{loss / math.log(2):>8.3f}  {'#' * round(above * width)}"
            f"{'best' if number == losses.index(best) else ''}\n"
        )


def curves_table(runs: "Sequence[LearningCurves]") -> str:
    """Return a table with a column for each run: losses at some steps, then the best ones."""
    from charnn.insight.curve_picture import validation_rows

    rows = [["step", *(run.name for run in runs)]]
    for step, losses in validation_rows(runs, _ROWS):
        rows.append([f"{step:,}", *(_shown(loss, "{:.4f}") for loss in losses)])
    best = [run.best or (None, None) for run in runs]
    rows.append(["best", *(_shown(loss, "{:.4f}") for _, loss in best)])
    rows.append(["at step", *(_shown(step, "{:,}") for step, _ in best)])
    rows.append(["last step", *(f"{run.last_step:,}" for run in runs)])
    return "loss of the last validation up to each step (nats/char)\n" + aligned(
        rows, numeric=set(range(len(runs) + 1))
    )


def _shown(value: float | None, form: str) -> str:
    return "-" if value is None else form.format(value)
