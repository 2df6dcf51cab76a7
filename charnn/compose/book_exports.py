"""The files of a tune book: its tunes, or a set, as ABC, as a PDF, and as a printed book."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from charnn.compose.exported_file import ExportedFile
from charnn.compose.exports import MAX_TUNES
from charnn.compose.json_requests import text_of
from charnn.errors import TuneError, UsageError
from charnn.music.abc.reader import read_tunes
from charnn.music.tune.tune import Tune
from charnn.tunebook.book_records import KeptTune
from charnn.tunebook.tune_book import TuneBook

Drawn = TypeVar("Drawn")


def export_kept(
    book: TuneBook, tunes: Sequence[KeptTune], asked: Mapping[str, Any]
) -> ExportedFile:
    """Return kept tunes as one file. Its messages name the tunes that it cannot contain.

    Args:
        book: their book.
        tunes: the tunes in their order.
        asked: `format`, one of "abc", "pdf" and "book", and `title`.

    Raises:
        UsageError: a value is wrong, or there are no tunes, or too many for a PDF.
        CharnnError: no tune can be drawn, or a program that draws them is not installed.
    """
    kind, title = text_of(asked, "format"), text_of(asked, "title") or "Tunes"
    if not tunes:
        raise UsageError("there are no tunes to export")
    if kind == "abc":
        return ExportedFile(book.export_abc(tunes).encode(), "text/vnd.abc; charset=utf-8", ".abc")
    if kind not in ("pdf", "book"):
        raise UsageError("the format is one of abc, pdf and book")
    if len(tunes) > MAX_TUNES:
        raise UsageError(
            f"a PDF of the page has up to {MAX_TUNES} tunes, not {len(tunes):,}: "
            f"use charnn book {book.path.name}, or search for fewer"
        )
    messages: list[str] = []
    content = (_pdf if kind == "pdf" else _printed)(tunes, title, messages)
    return ExportedFile(content, "application/pdf", ".pdf", tuple(messages))


def _pdf(tunes: Sequence[KeptTune], title: str, messages: list[str]) -> bytes:
    from charnn.music.score.engraving import bind, draw

    return bind(_drawn(tunes, lambda tune: draw(tune, "pdf"), messages), title)


def _printed(tunes: Sequence[KeptTune], title: str, messages: list[str]) -> bytes:
    from charnn.tunebook.printed_book import draw_for_book, print_book

    return print_book(_drawn(tunes, draw_for_book, messages), title)


def _drawn(
    tunes: Sequence[KeptTune], draw: Callable[[Tune], Drawn], messages: list[str]
) -> list[Drawn]:
    """Return the tunes that can be drawn, and add a message for each other one."""
    drawn = []
    for kept in tunes:
        try:
            drawn.append(draw(read_tunes(kept.abc)[0]))
        except TuneError as problem:
            messages.append(f"{kept.title} is left out: {problem}")
    if not drawn:
        raise UsageError(messages[0])
    return drawn
