"""A text in colours on a terminal: true colours, or the nearest ones that the terminal has."""

import sys
from collections.abc import Iterable

from charnn.cli.console import escape_controls, is_terminal, write_stdout_bytes

Colour = tuple[int, int, int]
# Some characters, and the colours of the letters and of the paper; None for the terminal's own.
Cell = tuple[str, Colour | None, Colour | None]


def shows_colours() -> bool:
    """Return whether stdout is a terminal that shows colours, and the user wants them.

    The variables NO_COLOR and TERM=dumb refuse colours.
    """
    from rich.console import Console

    return is_terminal(sys.stdout) and Console().color_system is not None


def write_coloured(cells: Iterable[Cell]) -> None:
    """Write a text in colours to stdout, which shows them (`shows_colours`).

    Raises:
        OSError: see `charnn.cli.console.write_stdout_bytes`.
        SystemExit: see there.
    """
    from rich.console import Console
    from rich.style import Style
    from rich.text import Text

    def style(ink: Colour | None, paper: Colour | None) -> Style:
        return Style(color=_name(ink), bgcolor=_name(paper))

    text = Text()
    for characters, ink, paper in cells:
        text.append(escape_controls(characters), style(ink, paper))
    console = Console()
    with console.capture() as captured:
        console.print(text, soft_wrap=True, end="")
    encoding = sys.stdout.encoding or "utf-8"
    write_stdout_bytes(captured.get().encode(encoding, "backslashreplace"))


def _name(colour: Colour | None) -> str | None:
    return None if colour is None else "#{:02x}{:02x}{:02x}".format(*colour)
