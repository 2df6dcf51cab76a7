"""`charnn check`: whether tunes are right, bar by bar and part by part."""

import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.console import show_message, write_stdout
from charnn.cli.tune_files import NumberOption, TunesArgument, read_tunes_file
from charnn.errors import TuneError

if TYPE_CHECKING:
    from charnn.music.abc.tunebook import TuneSource


def command(
    tunes: TunesArgument,
    number: NumberOption = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show the bars, parts, repeats, range and key of tunes, and what is wrong with them.

    A part is shown by its length in bars, pick-ups not counted. Exit code 1 if a tune cannot be
    read or is wrong; what is merely odd is a note.

    \b
    Examples:
      charnn check tunes.abc
      charnn sample --num 5 | charnn check -
    """
    file = read_tunes_file(tunes, number)
    digits = max(5, *(len(str(_number(source) or "")) for source in file.wanted()))
    reports = []
    for source in file.wanted():
        report = _judged(source)
        reports.append(report)
        if not as_json:
            write_stdout(_shown(report, digits))
    if as_json:
        write_stdout(json.dumps({"tunes": reports}) + "\n")
    wrong = sum(not report["ok"] for report in reports)
    if wrong:
        show_message(f"{wrong:,} of {len(reports):,} tunes have problems")
        raise typer.Exit(1)


# What is known of a tune that can be read, in the order of `--json`; `null` for any other.
_FINDINGS = ("ok", "rhythm", "key", "meter", "bars", "parts", "repeats", "range", "problems")


def _number(source: "TuneSource") -> int | None:
    """The number of a tune, if its X: is one; of more digits than nine it is none."""
    return int(source.number) if source.number.isdecimal() and len(source.number) <= 9 else None


def _judged(source: "TuneSource") -> dict[str, Any]:
    """What is found in one tune, as `--json` gives it."""
    from charnn.music.abc.reader import read_tune
    from charnn.music.checking.report import check_tune, length_name

    named = {
        "number": _number(source),
        "title": source.title,
        "line": source.line,
    }
    try:
        tune = read_tune(source)
    except TuneError as error:
        place = {"line": error.line, "column": error.column}
        problem = {**place, "problem": f"cannot be read: {error.problem}", "serious": True}
        return named | dict.fromkeys(_FINDINGS) | {"ok": False, "problems": [problem]}
    report = check_tune(tune)
    return {
        **named,
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
        "problems": [
            {"line": p.line, "column": p.column, "problem": p.text, "serious": p.serious}
            for p in report.problems
        ],
    }


def _shown(report: dict[str, Any], digits: int) -> str:
    """One line on a tune, its number in so many columns, and one on each of its problems."""
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
    cells = "  ".join(_fitted(text or "", width) for text, width in columns)
    line = f"{number:>{digits}}  {cells}  {_verdict(report)}\n"
    return line + "".join(
        f"{'':>7}{problem['line']}:{problem['column']}: {text}\n"
        for problem, text in _told(report["problems"])
    )


def _told(problems: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], str]]:
    """Each problem with its words; a note that comes again and again is told once."""
    often = Counter(problem["problem"] for problem in problems if not problem["serious"])
    for problem in problems:
        text = problem["problem"]
        if problem["serious"]:
            yield problem, text
        elif count := often.pop(text, 0):
            yield problem, f"note: {text}" + f", and {count - 1} more" * (count > 1)


def _verdict(report: dict[str, Any]) -> str:
    if report["ok"]:
        return "ok"
    count = sum(problem["serious"] for problem in report["problems"])
    return "1 problem" if count == 1 else f"{count} problems"


def _fitted(text: str, width: int) -> str:
    """The text in just so many columns."""
    return f"{text if len(text) <= width else text[: width - 3] + '...':<{width}}"
