"""The options --quiet and --verbose, which every command has."""

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from charnn.cli.console import Verbosity, set_verbosity
from charnn.errors import UsageError

Quiet = Annotated[
    bool, typer.Option("--quiet", "-q", help="Show warnings and errors only, no messages.")
]
Verbose = Annotated[bool, typer.Option("--verbose", help="Show more messages.")]


def with_verbosity(command: Callable[..., None]) -> Callable[..., None]:
    """Return the function of a command with the options --quiet and --verbose after its own."""
    signature = inspect.signature(command)

    @functools.wraps(command)
    def run(*, quiet: bool, verbose: bool, **arguments: Any) -> None:
        choose_verbosity(quiet=quiet, verbose=verbose)
        command(**arguments)

    added = {"quiet": Quiet, "verbose": Verbose}
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=False, annotation=option)
        for name, option in added.items()
    ]
    # typer reads the options of a command from these two attributes.
    run.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*signature.parameters.values(), *parameters]
    )
    run.__annotations__ = command.__annotations__ | added
    return run


def choose_verbosity(*, quiet: bool, verbose: bool) -> None:
    """Set which messages are shown. Without either option, nothing changes.

    Raises:
        UsageError: both options are set.
    """
    if quiet and verbose:
        raise UsageError("--quiet and --verbose exclude each other: choose one")
    if quiet or verbose:
        set_verbosity(Verbosity.QUIET if quiet else Verbosity.VERBOSE)
