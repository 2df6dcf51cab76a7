"""`charnn sample --save DIR`: the files of a written tune, in ABC and in other formats."""

import itertools
from pathlib import Path

from charnn.cli.console import show_message, show_warning
from charnn.errors import CharnnError
from charnn.exports.export_formats import FORMATS
from charnn.exports.file_names import slug
from charnn.exports.tune_export import TuneExport
from charnn.files import write_bytes


def save_tune(text: str, folder: Path, number: int) -> None:
    """Save a tune as tidy ABC and, if it can be read, as MIDI, WAV, MusicXML and SVG.

    If the tune cannot be read or verovio is missing, a warning is shown. The files that were
    written before are kept.

    Args:
        text: the tune in ABC.
        folder: where the files go; created if it is missing.
        number: the number of the sample. The names of the files begin with it.

    Raises:
        OSError: a file can't be written.
    """
    from charnn.music.abc.book_text import change_book
    from charnn.music.abc.reader import read_tune
    from charnn.music.abc.tidying import tidy_source
    from charnn.music.abc.tunebook import TuneSource, split_book

    folder.mkdir(parents=True, exist_ok=True)
    tidy = change_book(text, tidy_source)
    sources = split_book(text)
    if sources and not tidy.problems:  # --bars off may write what cannot be read
        text, sources = tidy.text, split_book(tidy.text)
    title = slug(sources[0].title) if sources else ""
    content = text.encode("utf-8", "surrogatepass")
    stem = _free_stem(folder, f"{number:03d}-{title or 'tune'}", content)
    write_bytes(stem.with_suffix(".abc"), content)
    saved = [".abc"]
    try:
        # One export for all formats, so that the tune is performed and laid out only once.
        export = TuneExport(
            read_tune(sources[0] if sources else TuneSource(text)), warn=show_warning
        )
        for export_format in (each for each in FORMATS.values() if each.saved):
            suffix = export_format.suffixes[0]
            write_bytes(stem.with_suffix(suffix), export_format.encode(export))
            saved.append(suffix)
    except CharnnError as problem:
        show_warning(f"{stem}: {problem}")
    show_message(f"{stem} ({' '.join(saved)})")


def _free_stem(folder: Path, name: str, content: bytes) -> Path:
    """Return a path without suffix for the files of a tune.

    If the file of another tune has the same name, a number is added to the name. If the file
    contains `content`, the tune was saved before and keeps its name.
    """
    for count in itertools.count(1):
        stem = folder / (name if count == 1 else f"{name}-{count}")
        existing = stem.with_suffix(".abc")
        if not existing.exists() or existing.read_bytes() == content:
            break
    return stem
