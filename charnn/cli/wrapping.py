"""Lines that a terminal shows without a break inside a word.

A terminal breaks a long line wherever its last column is. A command or a path at that place could
be copied, but not read, so lines are broken at spaces. A command is kept in one piece, since a
shell runs each line that is pasted.
"""

import re

from charnn.cli.plain_table import text_width

# A command that ends a message ("Train one: charnn train CORPUS") or fills a cell of a table.
_COMMAND = re.compile(r"(?:(?<=: )|(?<=  )|^)charnn [a-z].*")
_WORD = re.compile(r"\s*\S+")


def wrap(text: str, width: int, hang: int | None = None) -> str:
    """Return a text with its lines broken at spaces.

    Args:
        text: the text. A word wider than `width` stays whole: the terminal folds it, and a copy of
            it is still whole.
        width: the number of columns; 0 breaks no line.
        hang: the indentation of the lines after a break; None indents them like the line.
    """
    if not width:
        return text
    return "\n".join(_wrap_line(line, width, hang) for line in text.split("\n"))


def _wrap_line(line: str, width: int, hang: int | None) -> str:
    if text_width(line) <= width:
        return line
    indent = " " * (len(line) - len(line.lstrip(" ")) if hang is None else hang)
    command = _COMMAND.search(line)
    end = command.start() if command else len(line)
    pieces = _WORD.findall(line[:end])
    if command:
        pieces.append(line[len("".join(pieces)) :])
    lines = [""]
    for piece in pieces:
        moved = indent + piece.lstrip()
        fits = text_width(lines[-1] + piece) <= width
        if fits or not lines[-1].strip() or text_width(moved) > width:
            lines[-1] += piece
        else:
            lines.append(moved)
    return "\n".join(lines)
