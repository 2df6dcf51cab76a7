"""The arguments and options that several model commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from charnn.cli.completion import complete_run
from charnn.cli.console import show_message
from charnn.errors import UsageError

# The largest number of texts that one command writes. More would be a slip of the keyboard: at one
# tune per second, a million tunes take eleven days.
MAX_SAMPLES = 1_000_000

# More alternatives to a character are hardly likely, and fill no line of a terminal.
MAX_ALTERNATIVES = 20

Bars = Literal["strict", "off"]

RunArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="RUN",
        autocompletion=complete_run,
        help="A run's name or folder, or a checkpoint file; default: the newest run, or the "
        "bundled model where there is no run.",
    ),
]
EncodingOption = Annotated[
    str | None,
    typer.Option(
        help="Encoding of the files; default: UTF-8, unless a byte order mark or a tune book names "
        "it."
    ),
]


def show_if_bundled(named: Path | None, path: Path) -> None:
    """Show that the bundled model is used because there is no run, if this is so.

    Args:
        named: the model that the user named.
        path: the model that was found.
    """
    from charnn.checkpoints.bundled import bundled_model, display_name
    from charnn.checkpoints.run_files import RUNS_FOLDER

    if named is None and path == bundled_model():
        show_message(
            f"no runs in {RUNS_FOLDER.absolute()}, so the bundled model {display_name(path)} is "
            "used. It knows tunes, not prose. To train a model of your own: charnn train FILE"
        )


def check_num(num: int) -> None:
    """Raise an error if --num is out of range."""
    if not 1 <= num <= MAX_SAMPLES:
        raise UsageError(f"--num must be between 1 and {MAX_SAMPLES:,}, not {num}")


def check_alternatives(alternatives: int) -> None:
    """Raise an error if --alternatives is out of range."""
    if not 0 <= alternatives <= MAX_ALTERNATIVES:
        raise UsageError(f"--alternatives must lie in 0..{MAX_ALTERNATIVES}, not {alternatives}")
