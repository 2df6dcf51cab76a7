"""A table in plain characters: the first column to the left, figures to the right."""

import unicodedata
from collections.abc import Iterator, Sequence
from itertools import zip_longest
from typing import Any

GAP = "  "


def table_lines(
    head: Sequence[str], rows: Sequence[Sequence[Any]], left: Sequence[int] = (0,)
) -> Iterator[str]:
    """Yield the lines of a table, each with its line end.

    Args:
        head: the names of the columns.
        rows: the cells of each row.
        left: the columns that begin at the left.
    """
    lines = [list(map(str, row)) for row in (head, *rows)]
    columns = zip_longest(*lines, fillvalue="")
    widths = [max(map(text_width, column)) for column in columns]
    for line in lines:
        cells = [
            cell + pad if number in left else pad + cell
            for number, (cell, width) in enumerate(zip(line, widths, strict=False))
            for pad in [" " * (width - text_width(cell))]
        ]
        yield GAP.join(cells).rstrip() + "\n"


def text_width(text: str) -> int:
    """Return the number of columns that a text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    joined = sum(unicodedata.combining(character) > 0 for character in text)
    return len(text) + wide - joined
