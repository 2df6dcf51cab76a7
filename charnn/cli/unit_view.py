"""A text on the terminal, coloured by a unit, or with a mark below each character."""

import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from charnn.cli.coloured_text import Cell, shows_colours, write_coloured
from charnn.cli.console import write_stdout

if TYPE_CHECKING:
    from charnn.insight.text_lines import Cell as TextCell
    from charnn.insight.unit_text import UnitText


def write_unit(text: "UnitText") -> None:
    """Write a text, coloured by its first unit."""
    from charnn.insight.unit_colours import unit_mark

    lines = text.lines(0, shutil.get_terminal_size().columns)
    if shows_colours():
        write_coloured(_coloured_lines(text, lines))
        return
    write_stdout(
        f"unit {text.units[0]}; below each character: = under -2/3, - under -1/3, + over 1/3, # "
        "over 2/3\n"
    )
    for line in lines:
        write_stdout("".join(cell.sign for cell in line) + "\n")
        marks = "".join(unit_mark(cell.value) if cell.begins else " " for cell in line)
        write_stdout(marks.rstrip() + "\n")


def _coloured_lines(text: "UnitText", lines: "list[list[TextCell]]") -> Iterator[Cell]:
    """Yield a legend and the cells of a text."""
    yield f"unit {text.units[0]}: ", None, None
    for tenths in range(-10, 11, 5):
        yield _coloured(f" {tenths / 10:g} ", tenths / 10)
    yield "\n", None, None
    for line in lines:
        yield from (_coloured(cell.sign, cell.value) for cell in line)
        yield "\n", None, None


def _coloured(sign: str, value: float) -> Cell:
    from charnn.insight.surprise_colours import is_dark
    from charnn.insight.unit_colours import unit_colour

    paper = unit_colour(value)
    ink = None if paper is None else (255, 255, 255) if is_dark(paper) else (0, 0, 0)
    return sign, ink, paper
