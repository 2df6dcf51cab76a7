"""`charnn export-model`: a trained model as one small file, to be shared."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from charnn.cli.console import is_terminal, show_message, warn_if_damaged, write_stdout_bytes
from charnn.cli.tune_files import check_suffix, names_file, not_empty
from charnn.errors import UsageError

SUFFIX = ".safetensors"


def command(
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CKPT]", help="A run's name or folder, or a checkpoint; default: newest run."
        ),
    ] = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            callback=not_empty,
            help="A file, a folder/, or - for stdout; default: RUN.safetensors.",
        ),
    ] = None,
) -> None:
    """Write a trained model alone, small enough to share.

    The weights are stored in half precision, without what only training needs: about a sixth of
    the checkpoint, for less than 0.001 nats a character. Whoever gets the file samples from it,
    evaluates it, or begins a run with it (`charnn train --init-from`); it cannot be resumed. It
    tells the name of the corpus and how it was trained, not the text. Of a book of tunes it holds
    the headers.

    \b
    Examples:
      charnn export-model shakespeare
      charnn export-model folk -o session.safetensors
      charnn sample session.safetensors --rhythm jig
    """
    from charnn.checkpoints.run_files import CHECKPOINTS
    from charnn.files import write_bytes
    from charnn.library import load

    check_suffix(output, SUFFIX)
    model = load(checkpoint)
    warn_if_damaged(model.path, model.damaged)
    if output == "-" and is_terminal(sys.stdout):
        raise UsageError("a model is not for the terminal: redirect stdout, or name a file by -o")
    path = model.path.resolve()
    name = path.parent.name if path.name in CHECKPOINTS else path.stem
    content = model.exported()
    if output == "-":
        write_stdout_bytes(content)
        return
    target = _target(output, f"{name}{SUFFIX}")
    if target.exists() and target.samefile(model.path):
        raise UsageError(f"{target} is the checkpoint itself: name another file with -o")
    write_bytes(target, content)
    show_message(f"{target}: {len(content) / 1e6:.1f} MB")


def _target(output: str | None, name: str) -> Path:
    """The file that `-o` says: itself, or the name in a folder, which is made."""
    if output is not None and names_file(output):
        return Path(output)
    folder = Path(output or ".")
    folder.mkdir(exist_ok=True)
    return folder / name
