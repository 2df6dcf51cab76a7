"""Write docs/cli.md, the man page and the completion files from the commands' own help.

    python -m docs.generate_cli

`tests/test_docs.py` fails while a file differs from what this script writes.
"""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from charnn.cli import app
from charnn.cli.help import command_panels, help_rows
from docs.generate_shell_files import write_shell_files

RENEW = "make docs"
MANUAL = Path(__file__).parent / "cli.md"

HEAD = f"""\
# The command line

This page is made from the commands' own help by `{RENEW}`: change the help, not this page.
Every command takes `-h` or `--help`, `-q` or `--quiet` (warnings and errors only) and `--verbose`
(more messages), also before its name. `charnn -V` prints the version, and
`charnn --install-completion` teaches your shell to complete commands and options.

`TEXT` stands for words, `N` for a whole number, `X` for a number, `PATH` for a file or folder.
Names in brackets may be left out. [limits.md](limits.md) lists exit codes and limits.
"""

# The forms in which a help text gives its default: typer's own, and ours for what is chosen later.
DEFAULTS = (
    re.compile(r"\s*\[default: (?P<default>.*)\]$"),
    re.compile(r"; default: (?P<default>.*)\.$"),
    re.compile(r"\s*\(default:? (?P<default>.*)\)\.?$"),
)


def manual() -> str:
    """Return the text of docs/cli.md."""
    program = typer.main.get_command(app)
    panels = command_panels(program)
    links = {
        panel: ", ".join(f"[{each.name}](#charnn-{each.name})" for each in commands)
        for panel, commands in panels.items()
    }
    contents = "".join(f"- {wrap(f'{panel}: {text}')}\n" for panel, text in links.items())
    sections = "".join(section(command) for commands in panels.values() for command in commands)
    return f"{HEAD}\n{contents}{sections}"


def wrap(text: str) -> str:
    """Return the text of a list item in lines of at most 110 characters."""
    return textwrap.fill(text, 108, subsequent_indent="  ", break_on_hyphens=False)


def section(command: Any) -> str:
    """Return the section on one command: usage, description, examples, tables."""
    context = typer.Context(command, info_name=f"charnn {command.name}")
    usage = " ".join(["charnn", command.name, *command.collect_usage_pieces(context)])
    # The examples follow a backspace, which keeps their line ends in the terminal's help.
    description, _, examples = command.help.partition("\b\n")
    text = f"\n## charnn {command.name}\n\n```\n{usage}\n```\n\n{description.strip()}\n"
    if examples:
        lines = (line.strip() for line in examples.strip().splitlines()[1:])
        text += "\n```\n" + "\n".join(lines) + "\n```\n"
    if arguments := list(table(command, context, "argument")):
        text += "\n| argument | default | meaning |\n| --- | --- | --- |\n" + "".join(arguments)
    options = list(table(command, context, "option"))
    return text + "\n| option | default | meaning |\n| --- | --- | --- |\n" + "".join(options)


def table(command: Any, context: Any, kind: Any) -> Iterator[str]:
    """Yield the rows of the table of a command's arguments or options."""
    for name, text in help_rows(command, context, kind):
        if not any(option in name for option in ("--help", "--quiet", "--verbose")):
            default, meaning = split_default(text)
            yield f"| `{cell(name)}` | {cell(default)} | {cell(meaning)} |\n"


def split_default(text: str) -> tuple[str, str]:
    """Return the default in a help text, and the text without it.

    >>> split_default("Number of samples.  [default: 1]")
    ('1', 'Number of samples.')
    >>> split_default("The cell; default: lstm.")
    ('lstm', 'The cell.')
    """
    default = ""
    for pattern in DEFAULTS:
        if found := pattern.search(text):
            # typer's own form follows that of the help text, whose words are more precise.
            default = found["default"]
            text = text[: found.start()].rstrip()
    if text and not text.endswith((".", ")")):
        text += "."
    return default, text


def cell(text: str) -> str:
    """Return the text for a cell of a table, where a bar would begin the next cell."""
    return text.replace("|", r"\|")


if __name__ == "__main__":
    MANUAL.write_text(manual(), encoding="utf-8")
    write_shell_files()
