"""The steps of a cell on the terminal: all of them, or one at a time with the arrow keys."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import typer

from charnn.cli.console import escape_controls, write_stdout
from charnn.cli.plain_table import table_lines

if TYPE_CHECKING:
    from charnn.insight.cell_steps import CellSteps

# Half of a bar, in characters.
_HALF = 10
# The keys as terminals send them; the last two are those of Windows.
_RIGHT, _LEFT = ("\x1b[C", "\x1bOC", "\xe0M"), ("\x1b[D", "\x1bOD", "\xe0K")
_FIRST, _LAST = ("\x1b[H", "\x1bOH", "\xe0G"), ("\x1b[F", "\x1bOF", "\xe0O")
_END = ("q", "Q", "\x1b", "\x04")
KEYS = "right or space: next step; left: step before; Home, End; q: end"


def write_steps(steps: "CellSteps") -> None:
    """Write all steps, one below the other."""
    write_stdout("".join(heading(steps)))
    for step in range(len(steps)):
        write_stdout("\n" + "".join(step_lines(steps, step)))


def heading(steps: "CellSteps") -> Iterator[str]:
    """Yield the equations of the cell, and the meaning of their symbols."""
    symbol = next(iter(steps.equations)).removesuffix("'")
    yield f"{steps.cell}, for one unit: {symbol}_x is a row of W times the input x, plus b; "
    yield f"{symbol}_h is a row of U times\nthe output h of all units, plus b; a prime marks what "
    yield "comes out of the step\n"
    width = max(map(len, steps.equations))
    for name, term in steps.equations.items():
        yield f"  {name:<{width}} = {term}\n"


def step_lines(steps: "CellSteps", step: int) -> Iterator[str]:
    """Yield the lines of a step: the token, and the equations of each unit with their numbers."""
    read = "".join(steps.names[:step])[-40:]
    after = f"after {read}" if read else "after the start token"
    yield f"step {step + 1} of {len(steps)}: reads {steps.names[step]}  ({after})\n"
    for number, unit in enumerate(steps.units):
        vectors = steps.vectors(step, number)
        yield f"unit {unit}   x = {vectors['x']}   h = {vectors['h']}\n"
        rows = []
        for symbol in steps.equations:
            value = float(steps.values[symbol][step, number])
            filled = steps.with_numbers(symbol, step, number)
            drawn = bar(value / steps.largest(symbol))
            rows.append([f"  {symbol}", f"= {filled}", "=", f"{value:.3f}", drawn])
        yield from list(table_lines(["", "", "", "", ""], rows, left=(0, 1, 4)))[1:]


def bar(share: float) -> str:
    """Return a bar for a share from -1 to 1, to the left or to the right of its middle."""
    length = min(_HALF, round(_HALF * abs(share)))
    left, right = ("#" * length, "") if share < 0 else ("", "#" * length)
    return f"[{left:>{_HALF}}|{right:<{_HALF}}]"


def play_steps(steps: "CellSteps") -> None:
    """Show one step at a time on a terminal, and move with the keys, until the user ends it."""
    from rich.console import Console
    from rich.text import Text

    step = 0
    console = Console(highlight=False)
    with console.screen() as screen:
        while True:
            lines = "".join([*heading(steps), "\n", *step_lines(steps, step), "\n", KEYS])
            screen.update(Text(escape_controls(lines)))
            try:
                key = typer.getchar()
            except EOFError:
                return
            if key in _END:
                return
            step = moved(step, key, len(steps))


def moved(step: int, key: str, count: int) -> int:
    """Return the step that a key leads to."""
    if key in _FIRST:
        return 0
    if key in _LAST:
        return count - 1
    if key in (*_RIGHT, " ", "\r", "\n"):
        return min(count - 1, step + 1)
    return max(0, step - 1) if key in _LEFT else step
