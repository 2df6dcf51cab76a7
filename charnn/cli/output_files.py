"""The option -o of the export commands: a file, a folder or stdout."""

import os
from pathlib import Path
from typing import Annotated

import typer

from charnn.errors import UsageError


def refuse_empty(output: str | None) -> str | None:
    """Return the value of -o, and refuse an empty one.

    An unset shell variable makes the value empty (`-o "$OUT"`). Without this check, files would be
    written to the working folder.

    Raises:
        UsageError: the value is an empty string.
    """
    if output == "":
        raise UsageError("-o '' is empty: give a file, a folder/, or - for stdout")
    return output


OutputOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT",
        callback=refuse_empty,
        help="A file, a folder/, or - for stdout; default: a file beside TUNE.abc, named after it.",
    ),
]

ForceOption = Annotated[bool, typer.Option("--force", help="Write over an existing file.")]


def names_file(output: str) -> bool:
    """Return whether the value of -o names a file and not stdout or a folder."""
    return output != "-" and not output.endswith(("/", os.sep)) and not Path(output).is_dir()


def check_suffix(output: str | None, *suffixes: str) -> None:
    """Raise an error if the value of -o is a file whose suffix is not one of `suffixes`.

    A name without a suffix is accepted, and so is any existing device or pipe (`/dev/null`).

    Raises:
        UsageError: the file has another suffix. For example, `-o book.abc` would overwrite a tune
            book.
    """
    if output is None or not names_file(output):
        return
    path = Path(output)
    is_other_kind = path.suffix.lower() not in ("", *suffixes)
    if is_other_kind and (path.is_file() or not path.exists()):
        raise UsageError(f"-o {output} has the suffix of another kind of file: use {suffixes[0]}")
