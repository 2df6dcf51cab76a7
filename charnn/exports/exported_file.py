"""Tunes as one file to download: joined where the format can hold several, else in a zip."""

import io
import zipfile
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, TypeVar

from charnn.errors import TuneError
from charnn.exports.export_formats import ExportFormat
from charnn.exports.file_names import slug
from charnn.exports.tune_export import TuneExport
from charnn.stopping import check_stopped

Made = TypeVar("Made")

# The earliest time that a zip can hold: the same tunes are the same file at any time.
_NO_TIME = (1980, 1, 1, 0, 0, 0)


class ExportedFile(NamedTuple):
    """A file to download.

    Attributes:
        content: its bytes.
        media_type: its type.
        suffix: the end of its name.
        messages: what the file does not contain.
    """

    content: bytes
    media_type: str
    suffix: str
    messages: tuple[str, ...] = ()


def export_file(
    export_format: ExportFormat, exports: Sequence[TuneExport], title: str
) -> ExportedFile:
    """Return tunes in a format. A tune of several that fails is left out, with a warning.

    Args:
        export_format: the format.
        exports: the tunes, at least one.
        title: the title of a file of several tunes.

    Raises:
        TuneError: the only tune, or each of several ones, cannot be exported.
        CharnnError: a program that the format needs is not installed, or the tunes are too long.
    """
    suffix, joined = export_format.suffixes[0], export_format.joined
    if len(exports) == 1:
        return ExportedFile(export_format.encode(exports[0]), export_format.media_type, suffix)
    if joined is not None:
        prepared = [made for _, made in _each(exports, joined.prepare)]
        return ExportedFile(
            joined.join(prepared, title, exports[0].warn), export_format.media_type, suffix
        )
    return ExportedFile(_zip(exports, export_format), "application/zip", ".zip")


def _zip(exports: Sequence[TuneExport], export_format: ExportFormat) -> bytes:
    """Return a zip of the files of tunes, numbered from 1 in their order."""
    width = len(str(len(exports)))
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number, (export, file) in enumerate(_each(exports, export_format.encode), 1):
            title = export.tune.titles[0] if export.tune.titles else ""
            name = f"{number:0{width}d}-{slug(title) or 'tune'}{export_format.suffixes[0]}"
            archive.writestr(zipfile.ZipInfo(name, _NO_TIME), file, zipfile.ZIP_DEFLATED)
    return content.getvalue()


def _each(
    exports: Sequence[TuneExport], make: Callable[[TuneExport], Made]
) -> Iterator[tuple[TuneExport, Made]]:
    """Yield what is made of each tune, and warn of a tune of which nothing can be made.

    Raises:
        TuneError: nothing can be made of any tune.
    """
    first: TuneError | None = None
    failed = 0
    for export in exports:
        check_stopped()
        try:
            yield export, make(export)
        except TuneError as problem:  # other errors would affect every tune
            first, failed = first or problem, failed + 1
            titles = export.tune.titles
            export.warn(left_out(titles[0] if titles else "", problem))
    if first is not None and failed == len(exports):
        raise first


def left_out(title: str, problem: TuneError) -> str:
    """Return the message on a tune that a file does not contain."""
    return f"{title or 'a tune without a title'} is left out: {problem}"
