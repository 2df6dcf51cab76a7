"""The tables of runs: the list, and the comparison side by side."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from charnn.cli.console import escape_to_one_line
from charnn.cli.formatting import format_duration
from charnn.errors import shorten
from charnn.training.training_config import option_name

if TYPE_CHECKING:
    from charnn.checkpoints.run_summary import RunSummary

NOT_COMPARABLE = (
    "the losses were measured on different held-out parts, so they do not compare the models. To "
    "compare them on one text: charnn evaluate RUN TEXT"
)
_UNKNOWN = "-"
# The widest value of a column; names of runs are never cut, because they are copied.
_WIDTH = 24


def list_table(runs: "Sequence[RunSummary]") -> str:
    """Return a table with a line for each run."""
    rows = [["run", "corpus", "size", "nats/char", "steps", "written"]]
    for run in runs:
        corpus = shorten(str(run.metadata.get("corpus", _UNKNOWN)), _WIDTH)
        rows.append(
            [
                run.name,
                corpus,
                _shown(run.parameters, _format_count),
                _shown(run.nats_per_char, "{:.4f}".format),
                _shown(run.steps, "{:,}".format),
                _format_time(run.written),
            ]
        )
    return aligned(rows, numeric={2, 3, 4})


def comparison_table(runs: "Sequence[RunSummary]") -> str:
    """Return a table with a column for each run: results first, then the options that differ."""
    rows = [["", *(run.name for run in runs)]]
    for label, show in _RESULTS:
        rows.append([label, *(show(run) for run in runs)])
    for name, values in differences(runs).items():
        # The corpus is the argument of `charnn train`; everything else is an option.
        label = name if name == "corpus" else option_name(name)
        rows.append([label, *map(_format_option, values)])
    return aligned(rows, numeric=set())


def differences(runs: "Sequence[RunSummary]") -> dict[str, list[Any]]:
    """Return the options in which runs differ, by name; each with one value per run."""
    options = [run.options() for run in runs]
    names = dict.fromkeys(name for each in options for name in each)
    values = {name: [each.get(name) for each in options] for name in names}
    return {name: row for name, row in values.items() if any(one != row[0] for one in row)}


def json_object(run: "RunSummary") -> dict[str, Any]:
    """Return the object of a run that --json writes."""
    return {
        "name": run.name,
        "path": str(run.path),
        "corpus": run.metadata.get("corpus"),
        "parameters": run.parameters,
        "nats_per_char": run.nats_per_char,
        "steps": run.steps,
        "seconds": run.seconds,
        "written": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(run.written)),
        "bytes": run.size,
        "options": run.options(),
        "problem": run.problem or None,
    }


def format_bytes(size: int) -> str:
    """Return a text that shows a size on disk."""
    return f"{size / 1e6:,.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def aligned(rows: list[list[str]], numeric: set[int]) -> str:
    """Return rows as lines with aligned columns; numbers stand at the right of their column."""
    rows = [[escape_to_one_line(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "".join("  ".join(_cells(row, widths, numeric)).rstrip() + "\n" for row in rows)


def _format_count(count: int) -> str:
    """Return a number of parameters in the usual short form: 2.0M, 830k."""
    return f"{count / 1e6:.1f}M" if count >= 999_500 else f"{count / 1e3:.3g}k"


def _format_time(written: float) -> str:
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(written))


def _format_option(value: object) -> str:
    if value is None:
        return _UNKNOWN
    if isinstance(value, bool):
        return "set" if value else _UNKNOWN
    return f"{value:g}" if type(value) is float else shorten(str(value), _WIDTH)


def _shown(value: Any, show: Callable[[Any], str]) -> str:
    return _UNKNOWN if value is None else show(value)


_RESULTS: "tuple[tuple[str, Callable[[RunSummary], str]], ...]" = (
    ("nats/char", lambda run: _shown(run.nats_per_char, "{:.4f}".format)),
    ("parameters", lambda run: _shown(run.parameters, "{:,}".format)),
    ("steps done", lambda run: _shown(run.steps, "{:,}".format)),
    ("time", lambda run: _shown(run.seconds, format_duration)),
    ("written", lambda run: _format_time(run.written)),
)


def _cells(row: list[str], widths: list[int], numeric: set[int]) -> Iterator[str]:
    for number, (cell, width) in enumerate(zip(row, widths, strict=True)):
        yield cell.rjust(width) if number in numeric else cell.ljust(width)
