"""A tune book in, a changed book out: the options and the output of commands that change books."""

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from charnn.cli.console import show_error, show_message, write_stdout
from charnn.cli.output_files import check_suffix
from charnn.errors import UsageError

if TYPE_CHECKING:
    from charnn.music.abc.book_text import ChangedBook


def check_book_output(output: str | None, *, force: bool) -> None:
    """Raise an error if the book must not be written to `output`.

    Raises:
        UsageError: the file exists, and --force is not given, or it is no file for tunes.
    """
    check_suffix(output, ".abc")
    if output is None or output == "-":
        return
    if Path(output).is_dir() or output.endswith("/"):
        raise UsageError(f"-o {output} is a folder: name a file")
    if Path(output).is_file() and not force:
        raise UsageError(f"-o {output} exists: name another file, or write over it with --force")


def write_book(book: "ChangedBook", output: str | None, display_name: str) -> None:
    """Write a book to a file or to stdout, and show why some tunes stayed as they were.

    Raises:
        typer.Exit: with code 1, if a tune stayed as it was.
        OSError: the file can't be written.
    """
    from charnn.files import write_bytes

    if output in (None, "-"):
        write_stdout(book.text)
    else:
        write_bytes(Path(str(output)), book.text.encode("utf-8", "surrogatepass"))
    for problem in book.problems:
        show_error(f"{display_name}: {problem}")
    if book.problems:
        count = len(book.problems)
        show_message(
            "1 tune stays as it was" if count == 1 else f"{count:,} tunes stay as they were"
        )
    if output not in (None, "-"):
        show_message(str(output))
    if book.problems:
        raise typer.Exit(1)
