"""Make the man page and the completion files, which the wheel installs below share/."""

import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main
from typer._completion_shared import get_completion_script

from charnn.cli import app
from charnn.cli.help import command_panels, help_rows, summary
from charnn.version import __version__

PROJECT = Path(__file__).resolve().parent.parent
SHARE = PROJECT / "share"
# The first call of an autoloaded function of zsh defines the completion, and must complete, too.
ZSH_END = """
if [[ $zsh_eval_context[-1] == loadautofunc ]]; then
  _charnn_completion "$@"
else
  compdef _charnn_completion charnn
fi
"""
COMMON = (
    ("-h, --help", "Show the options of the program or of a command."),
    ("-q, --quiet", "Show warnings and errors only."),
    ("--verbose", "Show more messages."),
    ("-V, --version", "Show the version."),
)
EXIT_STATUS = (
    ("0", "Success."),
    ("1", "Failure; the message names the remedy."),
    ("2", "Wrong usage: an option is unknown, out of range or contradicts another."),
    ("130, 143, 129", "Stopped by Ctrl-C, kill or a closed terminal."),
)
FILES = (
    ("checkpoints/", "The runs, one folder each."),
    ("data/", "Prepared corpora, which may be deleted at any time."),
    ("charnn.toml", "Defaults of options; charnn config lists the other places."),
)


def shell_files() -> dict[Path, str]:
    """Return the text of each file by its path."""
    bash, zsh, fish = (
        get_completion_script(prog_name="charnn", complete_var="_CHARNN_COMPLETE", shell=shell)
        for shell in ("bash", "zsh", "fish")
    )
    return {
        SHARE / "man" / "man1" / "charnn.1": man_page(),
        SHARE / "bash-completion" / "completions" / "charnn": f"{bash}\n",
        SHARE / "zsh" / "site-functions" / "_charnn": zsh.rpartition("\n")[0].strip() + ZSH_END,
        SHARE / "fish" / "vendor_completions.d" / "charnn.fish": f"{fish}\n",
    }


def man_page() -> str:
    """Return the manual of all commands for man."""
    return "\n".join(man_lines()) + "\n"


def man_lines() -> Iterator[str]:
    """Yield the lines of the manual, in the macros of man(7)."""
    program: Any = typer.main.get_command(app)
    panels = command_panels(program)
    citation = (PROJECT / "CITATION.cff").read_text(encoding="utf-8")
    [date] = re.findall(r'^date-released: "(.*)"$', citation, re.M)
    yield f'.TH CHARNN 1 "{date}" "charnn {__version__}" "User Commands"'
    yield from (
        ".SH NAME",
        "charnn \\- train a character\\-level recurrent network, and write with it",
    )
    yield from (".SH SYNOPSIS", ".B charnn", ".RI [ OPTIONS ]", ".I COMMAND", ".RI [ ARGUMENTS ]")
    yield from (".SH DESCRIPTION", *paragraphs(program.help))
    for panel, commands in panels.items():
        yield f".SS {plain(panel)}"
        yield from entries((command.name, summary(command)) for command in commands)
    yield from (".SH COMMON OPTIONS", *entries(COMMON))
    for commands in panels.values():
        for command in commands:
            yield from command_lines(command)
    yield from (".SH EXIT STATUS", *entries(EXIT_STATUS))
    yield from (".SH FILES", *entries(FILES))


def command_lines(command: Any) -> Iterator[str]:
    """Yield the section of a command: usage, description, arguments, options, examples."""
    context = typer.Context(command, info_name=f"charnn {command.name}")
    usage = " ".join(["charnn", command.name, *command.collect_usage_pieces(context)])
    description, _, examples = command.help.partition("\b\n")
    yield from (f".SH CHARNN {plain(command.name.upper())}", f".B {plain(usage)}", ".PP")
    yield from paragraphs(description)
    for kind in ("argument", "option"):
        rows = help_rows(command, context, kind)
        common = ("--help", "--quiet", "--verbose")
        yield from entries(row for row in rows if not any(name in row[0] for name in common))
    if examples:
        yield from (".PP", "Examples:", ".PP", ".RS", ".nf")
        yield from (plain(line.strip()) for line in examples.strip().splitlines()[1:])
        yield from (".fi", ".RE")


def paragraphs(text: str) -> Iterator[str]:
    """Yield the lines of a text, with a macro between its paragraphs."""
    for number, paragraph in enumerate(text.strip().split("\n\n")):
        if number:
            yield ".PP"
        yield from lines(paragraph)


def entries(rows: Any) -> Iterator[str]:
    """Yield a list of names, in bold, with their meanings."""
    for name, meaning in rows:
        yield from (".TP", f".B {plain(name)}", *lines(meaning))


def lines(text: str) -> list[str]:
    """Return a paragraph in lines of the length that roff advises."""
    return list(map(plain, textwrap.wrap(text, 70, break_on_hyphens=False)))


def plain(text: str) -> str:
    """Return a text without a meaning for roff.

    >>> plain("-o OUT, or ./out")
    '\\\\-o OUT, or ./out'
    """
    text = text.strip().replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{text}" if text.startswith((".", "'")) else text


def write_shell_files() -> None:
    """Write each file to its place."""
    for path, text in shell_files().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
