"""One tune in, new tunes out: the arguments and the output of commands that change a tune."""

import json
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.console import show_message, write_stdout
from charnn.cli.output_files import check_suffix, refuse_empty
from charnn.cli.tune_files import read_tune_file
from charnn.errors import CharnnError, TuneError, UsageError

if TYPE_CHECKING:
    from charnn.music.abc.tunebook import TuneSource

ResultOption = Annotated[
    str | None,
    typer.Option(
        "--output",
        "-o",
        metavar="OUT.abc",
        callback=refuse_empty,
        help="Write the result to a file; default: to stdout.",
    ),
]
ResultsOption = Annotated[int, typer.Option(help="Number of results.")]
ResultSeedOption = Annotated[
    int | None,
    typer.Option(help="Random seed; result i of --num has seed + i; default: a new one."),
]
JsonOption = Annotated[
    bool, typer.Option("--json", help="Write one JSON object per result to stdout.")
]
# The comment of `charnn sample` (see `sample_tunes`), which is false in a tune that was changed.
_NUMBER = re.compile(r"(?:\A|(?<=[\r\n]))X:[ \t]*(\d{1,9})")
SAMPLE_COMMENT = re.compile(r"^% charnn sample\b[^\r\n]*(?:\r\n|\r|\n|\Z)", re.MULTILINE)

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")


@dataclass(frozen=True)
class InputTune:
    """The tune that a command reads.

    Attributes:
        text: the text of the tune, with its own line ends; the whole file if it has one tune.
        path: the file; None for stdin.
        display_name: the name of the file in messages.
        first_line: the number of the first line of `text` in the file.
        alone: whether the file contains no other tune.
        inherited: the place of the fields that stand in the file header, and are added to the tune:
            the line of `text` before them, and their number.
    """

    text: str
    path: Path | None
    display_name: str
    first_line: int
    alone: bool
    inherited: tuple[int, int] = (0, 0)

    @contextmanager
    def named_in_errors(self) -> Iterator[None]:
        """Add the name of the file to errors, and count their lines in the file."""
        try:
            yield
        except TuneError as problem:
            before, count = self.inherited
            line = problem.line
            if line > before:
                line = max(line - count, before)
            line += self.first_line - 1
            moved = TuneError(problem.problem, line, problem.column, problem.tune)
            raise CharnnError(f"{self.display_name}: {moved}") from problem


def read_one_tune(tunes: str, number: int | None) -> InputTune:
    """Return the only tune of a file, or the one that --tune selects.

    Raises:
        UsageError: the file has several tunes, and --tune is not given.
    """
    file = read_tune_file(tunes, number)
    if len(file.positions) > 1:
        raise UsageError(
            f"{file.display_name} has {len(file.sources)} tunes: choose one of them with --tune N"
        )
    source = file.sources[file.positions[0] - 1]
    if len(file.sources) == 1:
        return InputTune(file.text, file.path, file.display_name, 1, True)
    text = file.exact_text(file.positions[0])
    tune = InputTune(text, file.path, file.display_name, source.line, False)
    return _with_inherited_fields(tune, source)


def _with_inherited_fields(tune: InputTune, source: "TuneSource") -> InputTune:
    """Return a tune with the fields that it inherits from its file header, after its titles.

    The results are written without the other tunes of the file, and so without its header.
    """
    from charnn.music.abc.tunebook import inherited_fields

    fields = inherited_fields(source)
    if not fields:
        return tune
    lines = _LINE.findall(tune.text)
    before = source.line - tune.first_line
    while lines[before].startswith(("X:", "T:", "+:")):
        before += 1
    line_end = lines[0][len(lines[0].rstrip("\r\n")) :]
    lines[before:before] = [f"{field.letter}:{field.text}{line_end}" for field in fields]
    return replace(tune, text="".join(lines), inherited=(before, len(fields)))


def check_output(output: str | None, tune: InputTune, *, force: bool, as_json: bool) -> None:
    """Raise an error if the result must not be written to `output`.

    Raises:
        UsageError: the file exists, and --force is not given; or other tunes would be lost.
    """
    check_suffix(output, ".abc")
    if output is None or output == "-":
        return
    if as_json:
        raise UsageError("--json writes to stdout: leave -o out, and redirect stdout")
    path = Path(output)
    if path.is_dir() or output.endswith("/"):
        raise UsageError(f"-o {output} is a folder: name a file")
    if tune.path is not None and path.exists() and path.samefile(tune.path) and not tune.alone:
        raise UsageError(f"-o {output} has other tunes, which would be lost: name another file")
    if path.is_file() and not force:
        raise UsageError(f"-o {output} exists: name another file, or write over it with --force")


def write_results(
    results: Iterable[tuple[str, int]], *, model: str, output: str | None, as_json: bool
) -> None:
    """Write each text as soon as it is known, and show its seed.

    Several texts are separated by empty lines, as tunes are in a book, and numbered from the X: of
    the old tune. A file header stands before the first one only. A comment with the command of
    `charnn sample` is left out, because that command does not write the changed tune.

    Args:
        results: the texts and their seeds.
        model: the name of the model.
        output: a file; `-` or None for stdout.
        as_json: whether to write a JSON object for each text.
    """
    from charnn.files import write_bytes

    written = ""
    for place, (text, seed) in enumerate(results):
        show_message(f"{model}, seed {seed}")
        text = _numbered(SAMPLE_COMMENT.sub("", text), place)
        if as_json:
            write_stdout(json.dumps({"text": text, "seed": seed, "checkpoint": model}) + "\n")
            continue
        if written:
            text = _without_file_header(text)
            text = ("\n" if written.endswith(("\n", "\r")) else "\n\n") + text
        written += text
        if output in (None, "-"):
            write_stdout(text)
    if output not in (None, "-"):
        write_bytes(Path(str(output)), written.encode("utf-8", "surrogatepass"))
        show_message(str(output))


def _without_file_header(text: str) -> str:
    """Return the text of a file from the first line of its first tune on."""
    from charnn.music.abc.tunebook import split_book

    first = next((source.line for source in split_book(text)), 1)
    return "".join(_LINE.findall(text)[first - 1 :])


def _numbered(text: str, place: int) -> str:
    """Return a tune whose number X: is greater by its place among several tunes."""
    found = _NUMBER.search(text)
    if found is None or not place:
        return text
    return f"{text[: found.start(1)]}{int(found[1]) + place}{text[found.end(1) :]}"
