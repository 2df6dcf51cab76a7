"""The picture of a memory task: how far each cell remembers, and how it learned."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from charnn.insight.html_page import escape, html_page, picture, table
from charnn.insight.memory_tasks import MemoryTask
from charnn.insight.plot_style import line_styles, new_figure
from charnn.insight.task_training import SOLVED, TaskResult

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HEAD = ("cell", "length", "steps", "loss", "without memory", "")


def result_row(result: TaskResult) -> list[str]:
    """Return the cells of a result in a table whose columns are `HEAD`."""
    return [
        result.cell,
        f"{result.task.length:,}",
        f"{result.steps[-1]:,}",
        f"{result.loss:.2g}",
        f"{result.task.baseline:.4f}",
        "solved" if result.solved else "not solved",
    ]


def reach(results: Sequence[TaskResult]) -> dict[str, tuple[int | None, int | None]]:
    """Return, for each cell, the longest length that it solved and the one at which it failed."""
    reached: dict[str, tuple[int | None, int | None]] = {}
    for result in results:
        solved, _ = reached.get(result.cell, (None, None))
        length = result.task.length
        reached[result.cell] = (length, None) if result.solved else (solved, length)
    return reached


def reach_text(results: Sequence[TaskResult]) -> str:
    """Return a sentence on each cell."""
    return " ".join(_sentence(cell, *lengths) for cell, lengths in reach(results).items())


def published_text(task: type[MemoryTask]) -> str:
    """Return the published losses of a task, or `""`."""
    if task.published is None:
        return ""
    length, losses = task.published
    values = ", ".join(f"{cell} {loss:g}" for cell, loss in losses.items())
    return f"published at length {length:,}: {values} (Bai, Kolter and Koltun 2018)"


def draw_results(results: Sequence[TaskResult]) -> "Figure":
    """Return a figure of results of one task.

    On the left is the loss after training against the length, as a share of the loss without
    memory. On the right is the course of the loss at the longest length that every cell tried.
    """
    cells = list(dict.fromkeys(result.cell for result in results))
    styles = dict(zip(cells, line_styles(len(cells)), strict=True))
    figure, (left, right) = new_figure(1, 2, size=(9.0, 4.2))
    for cell in cells:
        own = [result for result in results if result.cell == cell]
        lengths = [result.task.length for result in own]
        shares = [result.loss / result.task.baseline for result in own]
        left.plot(lengths, shares, marker="o", label=cell, **styles[cell])
    left.set(xscale="log", yscale="log", xlabel="length of the sequences (steps)")
    left.set_xticks(ticks := sorted({result.task.length for result in results}), map(str, ticks))
    left.set_xticks([], minor=True)
    left.set_ylabel("loss after training / loss without memory")
    left.set_title(f"{results[0].task.name}: how far a cell remembers")
    _level(left, 1, "without memory")
    _level(left, SOLVED, "solved")
    left.legend(loc="lower right")
    shared = set.intersection(
        *({r.task.length for r in results if r.cell == cell} for cell in cells)
    )
    shown = [result for result in results if result.task.length == max(shared)]
    for result in shown:
        right.plot(result.steps, result.losses, label=result.cell, **styles[result.cell])
    right.set(yscale="log", xlabel="steps of training", ylabel=f"loss ({shown[0].task.measure})")
    right.set_title(f"how it learned, length {max(shared):,}")
    _level(right, shown[0].task.baseline, "without memory")
    right.legend()
    return figure


def results_page(results: Sequence[TaskResult]) -> bytes:
    """Return the page of the results of one task: the picture and the table."""
    task = type(results[0].task)
    summary = reach_text(results)
    description = f"Loss of each cell on the {task.name} task. {summary}"
    published = published_text(task)
    body = [
        f"<p>{escape(summary)}</p>",
        picture(draw_results(results), description),
        table(list(HEAD), [result_row(result) for result in results], f"loss in {task.measure}"),
        f'<p class="quiet">{escape(published.capitalize())}</p>' if published else "",
    ]
    return html_page(f"The {task.name} task", "\n".join(body))


def _sentence(cell: str, solved: int | None, failed: int | None) -> str:
    if failed is None:
        return f"{cell} solves every length up to {solved:,}."
    if solved is None:
        return f"{cell} fails at length {failed:,}."
    return f"{cell} solves length {solved:,} and fails at {failed:,}."


def _level(axes: Any, height: float, name: str) -> None:
    """Draw a horizontal line with its name."""
    axes.axhline(height, color="0.4", linewidth=0.8)
    axes.annotate(
        name, (0.01, height), xycoords=("axes fraction", "data"), va="bottom", color="0.3", size=8
    )
