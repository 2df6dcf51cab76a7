"""`charnn export-page`: write a model as one HTML page that runs it in a browser."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from charnn.cli.console import is_terminal, show_message, warn_if_damaged, write_stdout_bytes
from charnn.cli.model_files import check_target, make_folder, output_file, output_option
from charnn.cli.model_options import RunArgument, show_if_bundled
from charnn.cli.output_files import check_suffix
from charnn.errors import UsageError

SUFFIX = ".html"
# Mail programs take files of up to about this size, and a phone still opens such a page.
MAX_BYTES = 25_000_000
_MAX_ABCJS_BYTES = 5_000_000


def command(
    checkpoint: RunArgument = None,
    output: Annotated[str | None, output_option(SUFFIX)] = None,
    title: Annotated[str, typer.Option(help="Title; default: the name of the run.")] = "",
    licence: Annotated[
        str, typer.Option(help="Licence of the model that the page shows (default: not stated).")
    ] = "",
    abcjs: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Tunes: a copy of abcjs, which then draws them."),
    ] = None,
    force: Annotated[
        bool,
        typer.Option("--force", help="Write over an existing file, and write a page above 25 MB."),
    ] = False,
) -> None:
    """Write a model as one HTML page that runs it in a browser.

    The page needs no network and no server: open it by a double click, also on a phone, or put it
    on any web space. It streams text with the settings of charnn sample, and its link holds them.
    The same seed gives the same text as charnn sample, byte by byte; for tunes, as charnn sample
    --bars off, because the grammar of bars and parts stays in charnn. The page contains the model:
    who has it can run it. It contains the name of the corpus, but not the text.

    \b
    Examples:
      charnn export-page shakespeare
      charnn export-page folk -o tunes.html --title 'Tunes for Friday'
      charnn export-page folk --abcjs abcjs-basic-min.js --force
    """
    from charnn.files import write_bytes
    from charnn.library import load
    from charnn.share.shared_model import model_name

    check_suffix(output, SUFFIX)
    if output == "-" and is_terminal(sys.stdout):
        raise UsageError("a page would fill the terminal: redirect stdout, or name a file with -o")
    code = "" if abcjs is None else _read_abcjs(abcjs)
    model = load(checkpoint)
    show_if_bundled(checkpoint, model.path)
    warn_if_damaged(model.path, model.damaged)
    target = output_file(output, f"{model_name(model.path)}{SUFFIX}")
    if output != "-":
        check_target(target, force)
    content = model.page(title=title, licence=licence, abcjs=code)
    if len(content) > MAX_BYTES and not force:
        raise UsageError(
            f"the page would have {len(content) / 1e6:.1f} MB, and the limit is "
            f"{MAX_BYTES / 1e6:.0f}, which mail and phones take: train with a smaller "
            "--hidden-size, or write it all the same with --force"
        )
    if output == "-":
        write_stdout_bytes(content)
        return
    make_folder(output)
    write_bytes(target, content)
    show_message(f"{target}: {len(content) / 1e6:.1f} MB. Open it in a browser.")


def _read_abcjs(path: Path) -> str:
    """Return the code of abcjs.

    Raises:
        UsageError: the file is missing, too large or no text.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_MAX_ABCJS_BYTES + 1)
        if len(content) <= _MAX_ABCJS_BYTES:
            return content.decode("utf-8-sig")
        problem = "is too large"
    except UnicodeDecodeError:
        problem = "is not a text file"
    except OSError as error:
        problem = f"cannot be read ({error.strerror})"
    raise UsageError(f"--abcjs {path} {problem}: name a copy of abcjs-basic-min.js")
