"""Draw the pictures of a terminal in docs/start.md: each by the command above it.

    pip install pyte
    python -m docs.terminal_pictures FOLDER

The commands are run in FOLDER, on a terminal of their own, which pyte emulates: a progress bar that
is written over and removed does not stay. Of a long output, the middle is left out.
"""

import io
import os
import pty
import re
import shlex
import sys
from pathlib import Path

import pyte
from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.text import Text

PAGE = Path(__file__).with_name("start.md")
PICTURES = PAGE.with_name("terminal")
WIDTH, HEIGHT, SHOWN_LINES = 92, 400, 32
SHOWN = re.compile(
    r"^```bash\n(?P<command>[^\n]+)\n```\n\n!\[[^]]+\]\(terminal/(?P<name>.+?)\)", re.M
)
# Without the fonts that rich would load from elsewhere.
FORMAT = re.sub(r"@font-face \{\{.*?\}\}\n", "", CONSOLE_SVG_FORMAT, flags=re.S)


def screen_lines(command: str) -> list[Text]:
    """Return the lines that stand on a terminal after a command of charnn."""
    screen = pyte.Screen(WIDTH, HEIGHT)
    stream = pyte.ByteStream(screen)

    def read(descriptor: int) -> bytes:
        data = os.read(descriptor, 4096)
        stream.feed(data)
        return data

    _, *arguments = shlex.split(command)
    program = shlex.join([sys.executable, "-m", "charnn", *arguments])
    size = f"stty columns {WIDTH} rows {HEIGHT}"
    pty.spawn(["sh", "-c", f"{size}; TERM=xterm-256color exec {program}"], read)
    lines = [line_text(screen.buffer[number]) for number in range(screen.cursor.y + 1)]
    return [line for line, after in zip(lines, [*lines[1:], Text()], strict=True) if line or after]


def line_text(cells: dict[int, pyte.screens.Char]) -> Text:
    """Return a line of the screen with its colours."""
    text = Text()
    for column in range(WIDTH):
        cell = cells[column]
        colour = "" if cell.fg == "default" else cell.fg.replace("brown", "yellow")
        text.append(cell.data, f"{'bold ' * cell.bold}{colour}".strip())
    text.rstrip()
    return text


def picture(command: str, lines: list[Text]) -> str:
    """Return a command and its output as SVG."""
    if len(lines) > SHOWN_LINES:
        lines = [*lines[:9], Text("..."), *lines[10 - SHOWN_LINES :]]
    console = Console(record=True, width=WIDTH, file=io.StringIO(), force_terminal=True)
    console.print(Text(f"$ {command}", style="bold"), *lines, sep="\n")
    return console.export_svg(title="charnn", code_format=FORMAT, unique_id="terminal")


if __name__ == "__main__":
    PICTURES.mkdir(exist_ok=True)
    os.chdir(sys.argv[1])
    for found in SHOWN.finditer(PAGE.read_text(encoding="utf-8")):
        command = found["command"]
        text = picture(command, screen_lines(command))
        (PICTURES / found["name"]).write_text(text, encoding="utf-8")
