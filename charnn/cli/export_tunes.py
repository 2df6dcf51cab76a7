"""The export of the tunes of a file, with one output file per tune.

If a tune fails, its line and column are reported, the other tunes are still exported, and the exit
code is 1.
"""

import sys
from pathlib import Path

import typer

from charnn.cli.console import is_terminal, show_error, show_message, write_stdout_bytes
from charnn.cli.export_formats import ExportFormat, ExportOptions, TuneExport
from charnn.cli.output_files import names_file
from charnn.cli.tune_files import TuneFile, warn_of_problems
from charnn.errors import TuneError, UsageError


def export_tunes(
    file: TuneFile,
    export_format: ExportFormat,
    *,
    output: str | None,
    options: ExportOptions | None = None,
) -> None:
    """Export each selected tune of a file, and show the names of the files written.

    What the reader left out of a tune is shown as a warning.

    Args:
        file: the tunes.
        export_format: the format to write.
        output: a file, a folder (`out/`, created if it is missing), `-` for stdout, or None for
            files beside the tune file. If `output` is a file and there are several tunes, each tune
            is written to a file of its own, whose name contains the position of the tune.
        options: the options of the export; None for the defaults.

    Raises:
        UsageError: `output` is `-` and there are several tunes, or `output` is `-`, the format is
            binary and stdout is a terminal, or an output file is the tune file itself.
        typer.Exit: with code 1 after the last tune, if a tune failed.
        OSError: a file can't be written.
    """
    from charnn.files import write_bytes
    from charnn.music.abc.reader import read_tune

    if output == "-":
        _check_stdout(file, export_format)
        targets: dict[int, Path] = {}
    else:
        targets = _targets(file, output, export_format.suffixes[0])
    failed = 0
    for position in file.positions:
        try:
            tune = read_tune(file.sources[position - 1])
            warn_of_problems(tune, file.display_name)
            content = export_format.encode(TuneExport(tune, options or ExportOptions()))
        except TuneError as problem:  # other errors would affect every tune
            failed += 1
            show_error(f"{file.display_name}: {problem}")
            continue
        if output == "-":
            write_stdout_bytes(content)
        else:
            write_bytes(targets[position], content)
            show_message(str(targets[position]))
    if failed:
        count = len(file.positions)
        if count > 1:
            show_message(f"{failed} of {count} tunes could not be exported; the others were")
        raise typer.Exit(1)


def _check_stdout(file: TuneFile, export_format: ExportFormat) -> None:
    """Refuse stdout for several tunes, and for a binary format on a terminal.

    Raises:
        UsageError: there are several tunes, or the format is binary and stdout is a terminal.
    """
    count = len(file.positions)
    if count > 1:
        raise UsageError(
            f"-o - takes one tune, but {file.display_name} has {count}: choose one with --tune"
        )
    if is_terminal(sys.stdout) and not export_format.is_text:
        raise UsageError(
            f"{export_format.label} is binary and would garble the terminal: "
            "redirect stdout, or name a file with -o"
        )


def _targets(file: TuneFile, output: str | None, suffix: str) -> dict[int, Path]:
    """Return a dictionary from the position of each selected tune to its output file.

    Raises:
        UsageError: an output file is the tune file itself.
    """
    if output is not None and names_file(output):
        named = Path(output)
        targets = {
            position: named
            if len(file.positions) == 1
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
