"""`charnn check`: report what is wrong with tunes, bar by bar and part by part."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.console import show_message, write_stdout
from charnn.cli.tune_files import NumberOption, TunesArgument, read_tune_file
from charnn.errors import TuneError

if TYPE_CHECKING:
    from charnn.music.abc.tunebook import TuneSource
    from charnn.music.checking.report import TuneReport
    from charnn.music.tune.tune import Tune

# The keys of a tune's JSON object after number, title and line. Their values are null if the tune
# cannot be read, except for "ok" and "problems".
_RESULT_KEYS = (
    *(
        "ok",
        "rhythm",
        "key",
        "meter",
        "bars",
        "parts",
        "repeats",
        "range",
        "form",
        "voices",
        "problems",
    ),
)

_MIN_NUMBER_WIDTH = 5  # columns
# int() refuses more than 4,300 digits, and an X: field of more than 9 is no number of a tune.
_MAX_NUMBER_DIGITS = 9


def command(
    tunes: TunesArgument,
    number: NumberOption = None,
    compare: Annotated[
        Path | None,
        typer.Option(
            metavar="RUN",
            help="Also compare the form of the tunes with the training tunes of RUN, such as folk.",
        ),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object to stdout.")
    ] = False,
) -> None:
    """Show bars, parts and key of each tune, and what is wrong.

    A part is shown by its length in bars, without pickups. Of several voices, each is checked, and
    the parts are those of the first. The exit code is 1 if a tune cannot be
    read or has a problem; a note marks something unusual that is no problem.

    With --compare, a table follows: how many tunes and parts come home, repeat bars, rhyme and end
    as usual, beside training tunes of the same types, meters and modes. --json has the form of each
    tune in any case.

    \b
    Examples:
      charnn check tunes.abc
      charnn check tunes.abc --compare folk
      charnn sample folk --num 5 | charnn check -
    """
    file = read_tune_file(tunes, number)
    width = max(_MIN_NUMBER_WIDTH, *(len(str(_number(s) or "")) for s in file.selected()))
    reports = []
    for source in file.selected():
        report = _checked(source)
        reports.append(report)
        if not as_json:  # at once, since a book of thousands of tunes takes a while
            write_stdout(_as_text(report, width))
    results: dict[str, Any] = {"tunes": reports}
    if compare is not None:
        results |= _compared(file.selected(), compare)
        if not as_json:
            write_stdout("".join(_form_table(results)))
    if as_json:
        write_stdout(json.dumps(results) + "\n")
    wrong = sum(not report["ok"] for report in reports)
    if wrong:
        show_message(f"{wrong:,} of {len(reports):,} tunes have problems")
        raise typer.Exit(1)


def _compared(sources: "list[TuneSource]", run: Path) -> dict[str, Any]:
    """Return the form of tunes beside that of a model's training tunes, as --json prints it.

    Raises:
        CheckpointError: there is no such model, or its training tunes are missing.
    """
    from charnn.cli.form_table import form_object
    from charnn.library import load
    from charnn.music.abc.reader import read_first_tune
    from charnn.music.form.compare_form import FormJudge

    judge = FormJudge(filter(None, map(read_first_tune, load(run).learned_tunes())))
    tunes = filter(None, map(_read_or_none, sources))
    return form_object(judge.compare(tunes), "given")


def _read_or_none(source: "TuneSource") -> "Tune | None":
    """Return a tune; None if it cannot be read, which its own report says."""
    from charnn.music.abc.reader import read_tune

    try:
        return read_tune(source)
    except TuneError:
        return None


def _form_table(results: dict[str, Any]) -> Iterator[str]:
    """Yield the lines of the table about form."""
    from charnn.cli.form_table import auc_lines, form_rows
    from charnn.cli.formatting import table_row

    yield "\n" + table_row("form (training: of the same kinds)", "tunes", "training")
    yield from form_rows(results, "given", with_types=False)
    if results["auc"] is not None:  # one tune or a few cannot be told apart from others
        yield from auc_lines(results)


def _number(source: "TuneSource") -> int | None:
    """Return the number in the X: field of a tune; None if it is not a number of up to 9 digits."""
    text = source.number
    return int(text) if text.isdecimal() and len(text) <= _MAX_NUMBER_DIGITS else None


def _checked(source: "TuneSource") -> dict[str, Any]:
    """Return the report on one tune in the form that --json prints."""
    from charnn.music.abc.reader import read_tune
    from charnn.music.checking.report import check_tune

    header = {
        "number": _number(source),
        "title": source.title,
        "line": source.line,
    }
    try:
        tune = read_tune(source)
    except TuneError as error:
        position = {"line": error.line, "column": error.column}
        problem = {**position, "problem": f"cannot be read: {error.problem}", "serious": True}
        return header | dict.fromkeys(_RESULT_KEYS) | {"ok": False, "problems": [problem]}
    return header | _results(check_tune(tune), tune)


def _results(report: "TuneReport", tune: "Tune") -> dict[str, Any]:
    """Return the results of checking a tune that could be read, in the form that --json prints."""
    from charnn.music.checking.report import length_name

    return {
        "ok": report.ok,
        "rhythm": report.rhythm,
        "key": report.key,
        "meter": report.meter,
        "bars": report.bars,
        "parts": [
            {
                "bars": part.bars,
                "pickup": length_name(part.pickup, tune.meter) if part.pickup else None,
                "times": part.times,
                "whole": part.whole,
                "line": part.line,
                "column": part.column,
            }
            for part in report.parts
        ],
        "repeats": report.repeats,
        "range": [report.lowest, report.highest] if report.lowest else None,
        "form": _form(tune),
        "voices": list(report.voices),
        "problems": [
            {"line": p.line, "column": p.column, "problem": p.text, "serious": p.serious}
            for p in report.problems
        ],
    }


def _form(tune: "Tune") -> dict[str, float | None] | None:
    """Return the figures of form of a tune; None if its bars cannot be put in order."""
    from charnn.music.form.form_figures import figures, tune_tallies
    from charnn.music.form.tune_outline import outline_tune

    try:
        return figures([tune_tallies(outline_tune(tune))])
    except TuneError:
        return None


def _as_text(report: dict[str, Any], number_width: int) -> str:
    """Return a text with one line on a tune and one line on each problem of the tune."""
    from charnn.music.abc.clean_fields import short_key

    number = "" if report["number"] is None else str(report["number"])
    columns = (
        (report["title"], 32),
        (report["rhythm"], 10),
        (short_key(report["key"] or ""), 8),
        (report["meter"], 5),
        ("+".join(str(part["bars"]) for part in report["parts"] or ()), 13),
        ("-".join(report["range"] or ()), 7),
    )
    cells = "  ".join(_padded(text or "", width) for text, width in columns)
    line = f"{number:>{number_width}}  {cells}  {_verdict(report)}\n"
    return line + "".join(
        f"{'':>7}{problem['line']}:{problem['column']}: {text}\n"
        for problem, text in _with_text(report["problems"])
    )


def _with_text(problems: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Yield each problem with its text. Notes with equal texts are merged into the first note."""
    notes = Counter(problem["problem"] for problem in problems if not problem["serious"])
    for problem in problems:
        text = problem["problem"]
        if problem["serious"]:
            yield problem, text
        elif count := notes.pop(text, 0):
            yield problem, f"note: {text}" + f", and {count - 1} more" * (count > 1)


def _verdict(report: dict[str, Any]) -> str:
    if report["ok"]:
        return "ok"
    count = sum(problem["serious"] for problem in report["problems"])
    return "1 problem" if count == 1 else f"{count} problems"


def _padded(text: str, width: int) -> str:
    """Return the text in exactly `width` columns, cut with `...` if it is longer."""
    return f"{text if len(text) <= width else text[: width - 3] + '...':<{width}}"
