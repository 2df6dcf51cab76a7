"""The help of the commands: the usage line, the tables of options, the list of commands.

typer's own help shows types by their Python names (`<list[str]>`), doubles the brackets of a
metavar, and changes from version to version. The classes of this file show arguments and options as
manual pages do: `CORPUS...`, `[RUN]`, `--seed N`. `docs/generate_cli.py` builds docs/cli.md from
the rows that `help_rows` yields.
"""

import os
import re
from collections.abc import Iterator
from typing import Any, Literal

from typer.core import TyperCommand, TyperGroup

from charnn.cli.console import show_warning
from charnn.cli.settings import (
    drop_overruled,
    name_variables,
    problem_of_files,
    refuse_typed_only,
    shown_value,
    unknown_variables,
    untyped_setting,
    with_places,
)
from charnn.errors import UsageError

# Recent versions of typer contain a copy of click, earlier ones import it. So no import path of a
# context, a formatter or a parameter holds for all versions, and their type here is `Any`.

# The placeholder of an option's value, by the type that typer shows (today's and earlier names).
_VALUES = {
    **{"<str>": "TEXT", "<int>": "N", "<float>": "X", "<path>": "PATH"},
    **{"INTEGER": "N", "FLOAT": "X"},
}


class Command(TyperCommand):
    """A command whose usage line and tables have the form of a manual page.

    Its options can be set in files and variables, see `charnn.cli.settings`.
    """

    def __init__(self, *arguments: Any, **extra: Any) -> None:
        super().__init__(*arguments, **extra)
        name_variables(self)

    def invoke(self, ctx: Any) -> Any:
        """Run the command with the settings of files and variables."""
        if problem := problem_of_files(ctx):
            raise problem
        refuse_typed_only(self, os.environ)
        for warning in unknown_variables(self, os.environ):
            show_warning(warning)
        drop_overruled(ctx)
        try:
            return super().invoke(ctx)
        except UsageError as problem:
            raise UsageError(with_places(str(problem), ctx)) from problem

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help, and warn if it lacks the settings of a file that cannot be read."""
        if problem := problem_of_files(ctx):
            show_warning(str(problem))
        super().format_help(ctx, formatter)

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words after the command's name in the usage line."""
        parameters = self.get_params(ctx)
        arguments = [each for each in parameters if each.param_type_name == "argument"]
        return ["[OPTIONS]", *map(argument_name, arguments)]

    def format_options(self, ctx: Any, formatter: Any) -> None:
        """Write the tables of arguments and options."""
        for title, kind in _TABLES:
            if rows := list(help_rows(self, ctx, kind)):
                with formatter.section(title):
                    formatter.write_dl(rows)


class Group(TyperGroup):
    """The program, whose help lists the commands by panels."""

    def collect_usage_pieces(self, ctx: Any) -> list[str]:
        """Return the words after the program's name in the usage line."""
        return ["[OPTIONS]", "COMMAND ..."]

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write one list of commands per panel. The summaries of all lists start in one column."""
        width = max(map(len, self.commands))
        for panel, commands in command_panels(self).items():
            with formatter.section(panel):
                rows = [(command.name.ljust(width), summary(command)) for command in commands]
                formatter.write_dl(rows)


_TABLES: tuple[tuple[str, Literal["argument", "option"]], ...] = (
    ("Arguments", "argument"),
    ("Options", "option"),
)


def command_panels(group: Any) -> dict[str, list[Any]]:
    """Return the commands of each panel of the help, by the name of the panel."""
    panels: dict[str, list[Any]] = {}
    for command in group.commands.values():
        panels.setdefault(command.rich_help_panel or "Commands", []).append(command)
    return panels


def summary(command: Any) -> str:
    """Return the first sentence of a command's help."""
    # 1000 characters are more than any sentence has; typer's default limit would cut it ("...").
    return str(command.get_short_help_str(1000))


def help_rows(
    command: Any, context: Any, kind: Literal["argument", "option"]
) -> Iterator[tuple[str, str]]:
    """Yield the name and the help of each argument or option of a command."""
    for parameter in command.get_params(context):
        record = parameter.get_help_record(context)
        if record is None or parameter.param_type_name != kind:
            continue
        # typer 0.19 escapes brackets for rich even in plain text.
        name, text = record[0], record[1].replace("\\[", "[")
        if kind == "argument":
            # The brackets of the name show already that an argument is optional.
            yield argument_name(parameter), re.sub(r"\s*\[required\]$", "", text)
        else:
            value, place = untyped_setting(parameter, context)
            if place:
                # typer shows the value as if it were the default.
                text = re.sub(r"\s*\[default: [^]]*\]$", "", text)
                text += f" [{place}: {shown_value(value)}]"
            yield " ".join(_VALUES.get(word, word) for word in name.split(" ")), text


def argument_name(parameter: Any) -> str:
    """Return an argument as a usage line shows it: `RUN`, `[RUN]`, `CORPUS...`."""
    name = (parameter.metavar or parameter.name.upper()).strip("[].")
    if parameter.nargs != 1:
        name += "..."
    return name if parameter.required else f"[{name}]"
