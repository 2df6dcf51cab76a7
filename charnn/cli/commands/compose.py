"""`charnn compose`: a local page that writes, changes, plays and keeps tunes."""

import importlib.util
from pathlib import Path
from typing import Annotated

import typer

from charnn.cli.completion import complete_run
from charnn.cli.console import show_message, write_stdout
from charnn.errors import UsageError

MAX_PORT = 65_535


def command(
    run: Annotated[
        Path | None,
        typer.Argument(
            metavar="RUN",
            autocompletion=complete_run,
            help="The run in checkpoints/ that the page offers first; default: the bundled one.",
        ),
    ] = None,
    port: Annotated[
        int, typer.Option(min=0, max=MAX_PORT, help="The port of the page; 0 takes a free one.")
    ] = 0,
    no_open: Annotated[
        bool, typer.Option("--no-open", help="Print the link only, and open no browser.")
    ] = False,
    book: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.db",
            help="The tune book that keeps the tunes; default: one for all pages of yours, "
            "whose path stands under it.",
        ),
    ] = None,
) -> None:
    """Write, change, play and keep tunes on a page of your own.

    The page runs on this machine and needs no network. Its link is printed, and opened in the
    browser. Ctrl-C ends it. It needs charnn[compose]. A tune book, which is one file, keeps the
    tunes.

    \b
    Examples:
      charnn compose
      charnn compose mytunes
      charnn compose --port 8000 --no-open
      charnn compose --book session.db
    """
    for name in ("starlette", "uvicorn"):
        if importlib.util.find_spec(name) is None:
            raise UsageError("the page needs charnn[compose]: pip install 'charnn[compose]'")
    from charnn.compose.model_shelf import shelf_name
    from charnn.compose.server import HOST, Page, listen, serve
    from charnn.tunebook.book_file import default_book
    from charnn.tunebook.tune_book import TuneBook

    model = shelf_name(run) if run else ""
    listener = listen(port)
    page = Page(book=TuneBook(book or default_book()), model=model)
    link = f"http://{HOST}:{listener.getsockname()[1]}/#token={page.token}"

    def started() -> None:
        write_stdout(f"{link}\n")
        show_message(
            "the page is open in your browser; Ctrl-C ends it"
            if not no_open
            else "open this link in a browser; Ctrl-C ends it"
        )
        if not no_open:
            import webbrowser

            webbrowser.open(link)

    serve(page, listener, started)
