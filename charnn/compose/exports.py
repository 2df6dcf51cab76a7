"""The files that the page exports: the same bytes as those of the export commands."""

from collections.abc import Mapping, Sequence
from typing import Any

from charnn.compose.tune_view import playback_options, rows_of
from charnn.errors import TuneError, UsageError
from charnn.exports.export_formats import FORMATS
from charnn.exports.exported_file import ExportedFile, export_file, left_out
from charnn.exports.tune_export import ExportOptions, TuneExport
from charnn.music.abc.reader import read_tune
from charnn.music.abc.tunebook import TuneSource, split_book
from charnn.music.checking.left_out import first_messages
from charnn.music.checking.left_out import left_out as unread_signs
from charnn.music.tune.tune import Tune

# Drawing 200 tunes takes half a minute.
MAX_TUNES = 200
_FORMATS = ("midi", "wav", "musicxml", "svg", "pdf")


def export_text(asked: Mapping[str, Any]) -> ExportedFile:
    """Return the tunes of a text as one file.

    Args:
        asked: `abc`, a text with one or several tunes, and the values of `export_sources`.

    Raises:
        UsageError: a value is wrong.
        TuneError: no tune can be read, or be written in this format.
        CharnnError: a program that the format needs is not installed.
    """
    text = asked.get("abc")
    if not isinstance(text, str):
        raise UsageError("abc is a text")
    if asked.get("format") == "abc":
        return abc_file(text)
    return export_sources(split_book(text), asked)


def export_sources(sources: Sequence[TuneSource], asked: Mapping[str, Any]) -> ExportedFile:
    """Return tunes as one file; its messages say what it does not contain.

    Args:
        sources: the tunes in their order.
        asked: `format`, one of "midi", "wav", "musicxml", "svg" and "pdf"; `title`; `rows`, for SVG
            and PDF; and the options of `charnn.compose.tune_view.playback_options`.

    Raises:
        UsageError, TuneError, CharnnError: as in `export_text`.
    """
    kind, title = asked.get("format"), asked.get("title") or "Tunes"
    if kind not in _FORMATS:
        raise UsageError(f"the format is one of abc, {', '.join(_FORMATS)}")
    if not isinstance(title, str):
        raise UsageError("title is a text")
    options = ExportOptions(playback_options(asked), rows=rows_of(asked))
    messages: list[str] = []
    exports = [
        TuneExport(tune, options, messages.append) for tune in readable_tunes(sources, messages)
    ]
    file = export_file(FORMATS[kind], exports, title)
    return file._replace(messages=tuple(dict.fromkeys(messages)))


def abc_file(text: str) -> ExportedFile:
    """Return a text in ABC notation as a file."""
    return ExportedFile(text.encode(), "text/vnd.abc; charset=utf-8", ".abc")


def readable_tunes(sources: Sequence[TuneSource], messages: list[str]) -> list[Tune]:
    """Return the tunes that can be read, at least one.

    Messages on the other tunes, and on what the reader left out, are added to `messages`.

    Raises:
        UsageError: there are no tunes, or too many for one file of the page.
        TuneError: no tune can be read.
    """
    if not sources:
        raise UsageError("there is no tune: a tune in ABC has a K: line, then notes")
    if len(sources) > MAX_TUNES:
        raise UsageError(
            f"a file of the page has up to {MAX_TUNES} tunes, not {len(sources):,}: "
            "export them as ABC, or fewer of them"
        )
    tunes: list[Tune] = []
    problems: list[TuneError] = []
    for source in sources:
        try:
            tunes.append(read_tune(source))
            messages += first_messages(unread_signs(tunes[-1]))
        except TuneError as problem:
            problems.append(problem)
            messages.append(left_out(source.title, problem))
    if not tunes:
        raise problems[0]
    return tunes
