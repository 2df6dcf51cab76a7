"""The export of the tunes of a file, with one output file per tune, or a book of all.

If a tune fails, its line and column are reported, the other tunes are still exported, and the exit
code is 1.
"""

import sys
from collections.abc import Iterator
from pathlib import Path

import typer

from charnn.cli.console import (
    is_terminal,
    show_error,
    show_message,
    show_warning,
    write_stdout_bytes,
)
from charnn.cli.output_files import names_file
from charnn.cli.tune_files import TuneFile, warn_of_problems
from charnn.errors import TuneError, UsageError
from charnn.exports.export_formats import ExportFormat
from charnn.exports.tune_export import ExportOptions, TuneExport


def export_tunes(
    file: TuneFile,
    export_format: ExportFormat,
    *,
    output: str | None,
    options: ExportOptions | None = None,
    joined_title: str | None = None,
) -> None:
    """Export each selected tune of a file, and show the names of the files written.

    What the reader left out of a tune is shown as a warning.

    Args:
        file: the tunes.
        export_format: the format to write.
        output: a file, a folder (`out/`, created if it is missing), `-` for stdout, or None for
            files beside the tune file. If `output` is a file and there are several tunes, each tune
            is written to a file of its own, whose name contains the position of the tune, unless
            they are joined.
        options: the options of the export; None for the defaults.
        joined_title: the title of one file with all tunes, which is written if `output` is a file
            and the format can hold several; None for a file per tune.

    Raises:
        UsageError: `output` is `-` and there are several tunes for several files, or `output` is
            `-`, the format is binary and stdout is a terminal, or an output file is the tune file
            itself.
        CharnnError: a book can't be written.
        typer.Exit: with code 1 after the last tune, if a tune failed.
        OSError: a file can't be written.
    """
    names_one = output is not None and (output == "-" or names_file(output))
    joins = joined_title is not None and names_one and len(file.positions) > 1
    book = export_format.joined if joins else None
    targets: dict[int, Path] = {}
    if output == "-":
        _check_stdout(file, export_format, is_book=book is not None)
    else:
        targets = _targets(file, output, export_format.suffixes[0], is_book=book is not None)
    done = 0
    pages: list[object] = []
    for position, export in _readable(file, options or ExportOptions()):
        try:
            if book is not None:
                pages.append(book.prepare(export))
            else:
                _write(export_format.encode(export), targets.get(position))
            done += 1
        except TuneError as problem:  # other errors would affect every tune
            show_error(f"{file.display_name}: {problem}")
    if book is not None and pages:
        content = book.join(pages, joined_title or "", show_warning)
        _write(content, targets.get(file.positions[0]))
    if done < (count := len(file.positions)):
        if count > 1:
            others = "; the others were" if done else ""
            show_message(f"{count - done} of {count} tunes could not be exported{others}")
        raise typer.Exit(1)


def _readable(file: TuneFile, options: ExportOptions) -> Iterator[tuple[int, TuneExport]]:
    """Yield position and export of each selected tune; show the errors of the others."""
    from charnn.music.abc.reader import read_tune
    from charnn.music.tune.voices import only_voice

    for position in file.positions:
        try:
            tune = read_tune(file.sources[position - 1])
            if options.voice is not None:
                tune = only_voice(tune, options.voice)
        except TuneError as problem:
            show_error(f"{file.display_name}: {problem}")
            continue
        warn_of_problems(tune, file.display_name)
        yield position, TuneExport(tune, options, show_warning)


def _write(content: bytes, target: Path | None) -> None:
    """Write a file and show its name; None stands for stdout."""
    from charnn.files import write_bytes

    if target is None:
        write_stdout_bytes(content)
    else:
        write_bytes(target, content)
        show_message(str(target))


def _check_stdout(file: TuneFile, export_format: ExportFormat, *, is_book: bool) -> None:
    """Refuse stdout for several files, and for a binary format on a terminal.

    Raises:
        UsageError: there are several tunes and no book, or the format is binary and stdout is a
            terminal.
    """
    count = len(file.positions)
    if count > 1 and not is_book:
        raise UsageError(
            f"-o - takes one tune, but {file.display_name} has {count}: choose one with --tune"
        )
    if is_terminal(sys.stdout) and not export_format.is_text:
        raise UsageError(
            f"{export_format.label} is binary and would garble the terminal: "
            "redirect stdout, or name a file with -o"
        )


def _targets(file: TuneFile, output: str | None, suffix: str, *, is_book: bool) -> dict[int, Path]:
    """Return a dictionary from the position of each selected tune to its output file.

    Raises:
        UsageError: an output file is the tune file itself.
    """
    if output is not None and names_file(output):
        named = Path(output)
        targets = {
            position: named
            if is_book or len(file.positions) == 1
            else named.with_name(f"{named.stem}-{position:03d}{named.suffix or suffix}")
            for position in file.positions
        }
    else:
        beside = file.path.parent if file.path else Path()
        folder = beside if output is None else Path(output)
        if output is not None:
            folder.mkdir(exist_ok=True)
        targets = {
            position: folder / f"{file.output_stem(position)}{suffix}"
            for position in file.positions
        }
    for target in targets.values():
        # samefile also sees through links and differences of case.
        if file.path is not None and target.exists() and target.samefile(file.path):
            raise UsageError(f"{target} is the tune file itself: name another file with -o")
    return targets
