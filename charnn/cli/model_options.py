"""The arguments and options that several model commands share."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from charnn.cli.completion import complete_run
from charnn.errors import UsageError

# The largest number of texts that one command writes. More would be a slip of the keyboard: at one
# tune per second, a million tunes take eleven days.
MAX_SAMPLES = 1_000_000

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


def check_num(num: int) -> None:
    """Raise an error if --num is out of range."""
    if not 1 <= num <= MAX_SAMPLES:
        raise UsageError(f"--num must be between 1 and {MAX_SAMPLES:,}, not {num}")
