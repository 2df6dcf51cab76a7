"""The arguments and options that several model commands share."""

import random
from pathlib import Path
from typing import Annotated, Literal

import typer

from charnn.errors import UsageError

# The largest number of texts that one command writes. More would be a slip of the keyboard: at one
# tune per second, a million tunes take eleven days.
MAX_SAMPLES = 1_000_000

Bars = Literal["strict", "off"]

RunArgument = Annotated[
    Path | None,
    typer.Argument(
        metavar="RUN",
        help="A run's name or folder, or a checkpoint file; default: the newest run, or the "
        "bundled model where there is no run.",
    ),
]


def check_num(num: int) -> None:
    """Raise an error if --num is out of range."""
    if not 1 <= num <= MAX_SAMPLES:
        raise UsageError(f"--num must be between 1 and {MAX_SAMPLES:,}, not {num}")


def choose_seed(seed: int | None) -> int:
    """Return the value of --seed, or without it a new seed, which is short enough to be typed.

    Raises:
        UsageError: the seed is negative.
    """
    if seed is not None and seed < 0:
        raise UsageError(f"--seed must be at least 0, not {seed}")
    return random.randrange(2**32) if seed is None else seed
