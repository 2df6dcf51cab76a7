"""The output files of the commands that export a model."""

import sys
from pathlib import Path
from typing import Any

import typer

from charnn.cli.console import is_terminal
from charnn.cli.output_files import names_file, refuse_empty
from charnn.errors import UsageError


def output_option(suffix: str) -> Any:
    """Return the option -o of a command that writes a model to a file with a suffix."""
    return typer.Option(
        "-o",
        "--output",
        metavar="OUT",
        callback=refuse_empty,
        help=f"A file, a folder/, or - for stdout; default: RUN{suffix}.",
    )


def refuse_terminal(output: str | None) -> None:
    """Raise an error if the value of -o is stdout and stdout is a terminal.

    Raises:
        UsageError: it is.
    """
    if output == "-" and is_terminal(sys.stdout):
        raise UsageError(
            "a model is binary and would garble the terminal: "
            "redirect stdout, or name a file with -o"
        )


def check_target(target: Path, force: bool) -> None:
    """Raise an error if the output file exists, unless the user wants to overwrite it.

    Raises:
        UsageError: the file exists, and --force is not given, or the file belongs to a run.
    """
    from charnn.checkpoints.run_files import RUN_FILES

    if target.resolve().name in RUN_FILES and is_run(target.resolve().parent):
        raise UsageError(
            f"{target} belongs to a run, which could not be resumed: name another file with -o"
        )
    # A device or a pipe is written to, and never replaced.
    if target.is_file() and not force:
        raise UsageError(
            f"{target} exists: name another file with -o, or write over it with --force"
        )


def is_run(folder: Path) -> bool:
    """Return whether a folder is that of a run, perhaps before its first save."""
    from charnn.checkpoints.run_files import CHECKPOINTS, LOCK

    return any((folder / name).exists() for name in (*CHECKPOINTS, LOCK))


def output_file(output: str | None, name: str) -> Path:
    """Return the output file: the file that -o names, or `name` in the folder of -o."""
    if output is not None and names_file(output):
        return Path(output)
    return Path(output or ".") / name


def make_folder(output: str | None) -> None:
    """Create the folder that -o names, if it is missing."""
    if output is not None and not names_file(output):
        Path(output).mkdir(exist_ok=True)
