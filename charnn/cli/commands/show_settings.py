"""`charnn config`: show the options that are set in files and variables, and where."""

import json
from collections.abc import Iterator
from typing import Annotated, Any

import typer

from charnn.cli.config_files import config_files, options_of
from charnn.cli.console import show_message, write_stdout
from charnn.cli.run_tables import aligned
from charnn.cli.settings import shown_value, untyped_setting


def command(
    context: typer.Context,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object to stdout.")
    ] = False,
) -> None:
    """Show the options that files and variables set, and where.

    An option that is typed comes first. Then come its variable, such as CHARNN_TRAIN_HIDDEN_SIZE,
    the file charnn.toml in the current folder, and config.toml in the user's folder of
    configurations. A file has a table for each command, such as [train], with lines such as
    hidden-size = 512. Lines before the first table hold for every command that has the option. A
    run that is resumed ignores settings, except those that find the run and read its corpus.
    --force and --yes must be typed.

    \b
    Examples:
      charnn config
      charnn config --json
    """
    rows = list(_settings(context.parent))
    files = [{"path": str(file), "exists": file.exists()} for file in config_files()]
    if as_json:
        write_stdout(json.dumps({"settings": rows, "files": files}, default=str) + "\n")
        return
    for file in files:
        show_message(f"{file['path']}: {'read' if file['exists'] else 'no such file'}")
    if rows:
        cells = [
            [row["command"], f"--{row['option']}", shown_value(row["value"]), row["from"]]
            for row in rows
        ]
        write_stdout(aligned([["command", "option", "value", "from"], *cells], numeric=set()))
    else:
        show_message("no option is set in a file or a variable")


def _settings(program: Any) -> Iterator[dict[str, Any]]:
    """Yield the settings of all commands. A value that its option cannot have raises an error."""
    for name, each in program.command.commands.items():
        context = typer.Context(each, info_name=name, parent=program)
        for option_name, option in options_of(each).items():
            _, place = untyped_setting(option, context)
            if place:
                value, _ = option.handle_parse_result(context, {}, [])
                yield {"command": name, "option": option_name, "value": value, "from": place}
