"""The files of a tune book: its tunes, or a set, in each format, and as a printed book."""

from collections.abc import Mapping, Sequence
from typing import Any

from charnn.compose.exports import abc_file, export_sources, readable_tunes
from charnn.compose.json_requests import text_of
from charnn.errors import TuneError, UsageError
from charnn.exports.exported_file import ExportedFile, left_out
from charnn.music.abc.tunebook import TuneSource
from charnn.tunebook.book_abc import one_tune
from charnn.tunebook.book_records import KeptTune
from charnn.tunebook.tune_book import TuneBook


def export_kept(
    book: TuneBook, tunes: Sequence[KeptTune], asked: Mapping[str, Any]
) -> ExportedFile:
    """Return kept tunes as one file. Its messages name the tunes that it cannot contain.

    Args:
        book: their book.
        tunes: the tunes in their order.
        asked: `format`, "book" for a printed book or one of those of
            `charnn.compose.exports.export_text`, and the other values of that function.

    Raises:
        UsageError: a value is wrong, or there are no tunes, or too many for the format.
        CharnnError: no tune can be written, or a program that the format needs is not installed.
    """
    if not tunes:
        raise UsageError("there are no tunes to export")
    if asked.get("format") == "abc":
        return abc_file(book.export_abc(tunes))
    sources = [one_tune(kept.abc) for kept in tunes]
    if asked.get("format") == "book":
        return _printed(sources, text_of(asked, "title") or "Tunes")
    return export_sources(sources, asked)


def _printed(sources: Sequence[TuneSource], title: str) -> ExportedFile:
    from charnn.tunebook.printed_book import DrawnTune, draw_for_book, print_book

    messages: list[str] = []
    drawn: list[DrawnTune] = []
    for tune in readable_tunes(sources, messages):
        try:
            drawn.append(draw_for_book(tune))
        except TuneError as problem:
            messages.append(left_out(tune.titles[0] if tune.titles else "", problem))
    if not drawn:
        raise UsageError(messages[0])
    return ExportedFile(
        print_book(drawn, title, warn=messages.append), "application/pdf", ".pdf", tuple(messages)
    )
