"""`charnn tasks`: train cells on the memory tasks, and show at which length each one fails."""

import json
import math
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from charnn.cli.console import write_stdout
from charnn.cli.insight_options import JsonOption, PictureOption, check_picture, write_picture
from charnn.errors import UsageError, unknown_choice

if TYPE_CHECKING:
    from charnn.insight.memory_tasks import MemoryTask
    from charnn.insight.task_training import TaskOptions, TaskResult

MAX_LENGTH, MAX_STEPS, MAX_HIDDEN = 10_000, 1_000_000, 4096
# The widths of the columns with numbers.
_WIDTHS = (6, 8, 10, 16)


def command(
    task: Annotated[
        Literal["adding", "copy", "order"],
        typer.Argument(metavar="TASK", help="adding, copy or order.", show_default=False),
    ],
    cell: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="A cell to train; can be repeated; default: rnn, gru and lstm."
        ),
    ] = None,
    length: Annotated[
        list[int] | None,
        typer.Option(
            metavar="T",
            help="A length of the sequences; can be repeated; default: "
            "10, 30, 100 and 200, for copy 1, 3, 10 and 30.",
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help="Updates of a training, at most; default: 1,500, for copy 3,000."),
    ] = None,
    hidden_size: Annotated[
        int | None, typer.Option(help="Hidden units; default: 64, for copy 128.")
    ] = None,
    lr: Annotated[
        float | None, typer.Option(help="Learning rate; default: 0.005, for copy 0.01.")
    ] = None,
    forget_bias: Annotated[
        float, typer.Option(help="Bias of the forget gate at the start, where there is one.")
    ] = 1.0,
    seed: Annotated[int, typer.Option(help="Seed of the weights and of the sequences.")] = 0,
    output: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Train cells on a memory task, and show where each one fails.

    adding: add the two marked ones of T numbers. copy: write ten symbols after T blanks. order: say
    in which order two symbols came among T. A cell has solved a length when its loss is below a
    tenth of the loss without memory. It then tries the next length, up to the first that it fails.

    \b
    Examples:
      charnn tasks adding
      charnn tasks copy --cell lstm --cell gru -o copy.png
      charnn tasks order --cell rnn --length 10 --length 20 --length 40
    """
    from charnn.insight.memory_tasks import TASKS
    from charnn.model.cells import CELLS

    kind = TASKS[task]
    cells = list(dict.fromkeys(cell or ["rnn", "gru", "lstm"]))
    for name in cells:
        if name not in CELLS:
            raise unknown_choice("--cell", name, list(CELLS))
    lengths = sorted(set(length or kind.lengths))
    steps = kind.training_steps if steps is None else steps
    hidden_size = kind.hidden_size if hidden_size is None else hidden_size
    lr = kind.lr if lr is None else lr
    for option, value, least, most in (
        *(("--length", length, kind.shortest, MAX_LENGTH) for length in lengths),
        ("--steps", steps, 1, MAX_STEPS),
        ("--hidden-size", hidden_size, 1, MAX_HIDDEN),
        ("--seed", seed, 0, 2**32 - 2),
    ):
        if not least <= value <= most:
            raise UsageError(f"{option} must be from {least} to {most:,}, not {value}")
    if not 0 < lr < math.inf or not math.isfinite(forget_bias):
        raise UsageError("--lr must be a number above 0, and --forget-bias a number")
    path = check_picture(output)
    # Only now: torch takes a second or two, and usage errors are reported before.
    from charnn.insight.task_training import TaskOptions

    options = TaskOptions(steps, hidden_size, lr, forget_bias=forget_bias, seed=seed)
    results = list(_shown(_results(kind, cells, lengths, options), as_json))
    if as_json:
        write_stdout(json.dumps(_json_object(results)) + "\n")
    else:
        _show_summary(results)
    if path is not None:
        from charnn.insight.task_picture import draw_results, results_page

        write_picture(path, lambda: draw_results(results), lambda: results_page(results))


def _results(
    kind: "type[MemoryTask]", cells: Sequence[str], lengths: Sequence[int], options: "TaskOptions"
) -> "Iterator[TaskResult]":
    """Yield the results, with a progress bar for each training on a terminal."""
    import torch
    from tqdm import tqdm

    from charnn.insight.task_training import climb

    # These networks are so small that a second thread slows them down.
    torch.set_num_threads(1)
    with tqdm(total=options.steps, unit="step", disable=None, leave=False, delay=0.5) as bar:

        def report(cell: str, length: int, step: int) -> None:
            if step == 1:
                bar.reset()
                bar.set_description(f"{cell}, length {length:,}")
            bar.update()

        for result in climb(kind, cells, lengths, options, report):
            bar.clear()
            yield result


def _shown(results: "Iterator[TaskResult]", as_json: bool) -> "Iterator[TaskResult]":
    """Yield the results, and show each one in a line of a table, unless `as_json`."""
    from charnn.insight.task_picture import HEAD, result_row

    for number, result in enumerate(results):
        if not as_json:
            lines = [HEAD] * (number == 0) + [tuple(result_row(result))]
            write_stdout("".join(map(_line, lines)))
        yield result


def _line(cells: tuple[str, ...]) -> str:
    name, *numbers, verdict = cells
    columns = "".join(f"{cell:>{width}}" for cell, width in zip(numbers, _WIDTHS, strict=True))
    return f"{name:<9}{columns}  {verdict}".rstrip() + "\n"


def _show_summary(results: "Sequence[TaskResult]") -> None:
    from charnn.insight.task_picture import published_text, reach_text

    task = results[0].task
    write_stdout(f"\nloss: {task.measure}\n{reach_text(results)}\n")
    if published := published_text(type(task)):
        write_stdout(published + "\n")


def _json_object(results: "Sequence[TaskResult]") -> dict[str, Any]:
    from charnn.insight.task_picture import reach

    task = results[0].task
    length, losses = task.published or (None, {})
    return {
        "task": task.name,
        "measure": task.measure,
        "results": [
            {
                "cell": result.cell,
                "length": result.task.length,
                "steps": list(result.steps),
                "losses": list(result.losses),
                "loss": result.loss,
                "baseline": result.task.baseline,
                "solved": result.solved,
            }
            for result in results
        ],
        "solved": {cell: solved for cell, (solved, _) in reach(results).items()},
        "failed": {cell: failed for cell, (_, failed) in reach(results).items()},
        "published": {"length": length, "losses": losses} if length else None,
    }
