"""`charnn export-model`: write a trained model as a small file that can be shared."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from charnn.cli.console import is_terminal, show_message, warn_if_damaged, write_stdout_bytes
from charnn.cli.model_options import RunArgument, show_if_bundled
from charnn.cli.output_files import ForceOption, check_suffix, names_file, refuse_empty
from charnn.errors import UsageError

SUFFIX = ".safetensors"


def command(
    checkpoint: RunArgument = None,
    output: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--output",
            metavar="OUT",
            callback=refuse_empty,
            help="A file, a folder/, or - for stdout; default: RUN.safetensors.",
        ),
    ] = None,
    force: ForceOption = False,
) -> None:
    """Write the weights of a model to a small file to share.

    The weights are stored in half precision and the state of the training is left out: about a
    sixth of the checkpoint's size, for less than 0.001 nats per character. Others can sample from
    the file, evaluate it, or start a run with it (charnn train --init-from), but not resume it. The
    file contains the name of the corpus and the training options, but not the text; for a tune
    book, it also contains the headers of the tunes and the words of their titles.

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
    show_if_bundled(checkpoint, model.path)
    warn_if_damaged(model.path, model.damaged)
    if output == "-" and is_terminal(sys.stdout):
        raise UsageError(
            "a model is binary and would garble the terminal: "
            "redirect stdout, or name a file with -o"
        )
    # In a run's folder the file is best.safetensors or last.safetensors: take the name of the run.
    path = model.path.resolve()
    name = path.parent.name if path.name in CHECKPOINTS else path.stem
    if output == "-":
        write_stdout_bytes(model.exported())
        return
    target = _target(output, f"{name}{SUFFIX}")
    _check_target(target, force)
    content = model.exported()
    write_bytes(target, content)
    show_message(f"{target}: {len(content) / 1e6:.1f} MB")


def _check_target(target: Path, force: bool) -> None:
    """Raise an error if the output file exists, unless the user wants to overwrite it.

    Raises:
        UsageError: the file exists, and --force is not given, or the file belongs to a run.
    """
    from charnn.checkpoints.run_files import CHECKPOINTS, LOCK, RUN_FILES

    folder = target.resolve().parent
    is_run = any((folder / name).exists() for name in (*CHECKPOINTS, LOCK))
    if target.resolve().name in RUN_FILES and is_run:
        raise UsageError(
            f"{target} belongs to a run, which could not be resumed: name another file with -o"
        )
    # A device or a pipe is written to, and never replaced.
    if target.is_file() and not force:
        raise UsageError(
            f"{target} exists: name another file with -o, or write over it with --force"
        )


def _target(output: str | None, name: str) -> Path:
    """Return the output file: the file that -o names, or `name` in the folder of -o.

    A missing folder is created.
    """
    if output is not None and names_file(output):
        return Path(output)
    folder = Path(output or ".")
    folder.mkdir(exist_ok=True)
    return folder / name
