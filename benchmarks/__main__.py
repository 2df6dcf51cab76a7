"""`python -m benchmarks`: measure charnn beside a textbook loop, the limits of the machine, and
peers."""

import argparse
import importlib
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.figures import HEADINGS, Figure
from benchmarks.program import write_text
from benchmarks.setting import Setting, find_gpu, machine

# Each subject is a module of this package, whose `measure` yields figures.
SUBJECTS = {
    "limits": "matrix products and reading memory: the limits of the machine",
    "training": "characters a second, against stock loops and the rate of products",
    "sampling": "one stream on one core, against the stock loop and reading the weights once",
    "batch": "200 samples at once, against one",
    "contention": "the speed left beside another busy process",
    "startup": "the time until a command shows something",
    "memory": "peaks; a text of 1 GB",
    "quality_time": "seconds to a loss, against a transformer",
    "peers": "training beside minGRU-pytorch and a transformer",
}


def main() -> int:
    """Run the subjects of the command line; return 1 if a subject could not be measured."""
    parser = _parser()
    options = parser.parse_args()
    if unknown := set(options.subjects) - set(SUBJECTS):
        parser.error(f"unknown subject {', '.join(sorted(unknown))}: see --help")
    # SIGTERM cleans up too: there may be a gigabyte of text, and processes at work.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    out, results = Console(), {}
    gpu = find_gpu()
    told = machine(gpu)
    out.print(told, markup=False, highlight=False)
    with tempfile.TemporaryDirectory(prefix="charnn-benchmarks-") as folder:
        text = Path(folder, "text.txt")
        write_text(options.text, text)
        setting = Setting(text, Path(folder), options.quick, gpu)
        for subject in options.subjects or SUBJECTS:
            begin = time.perf_counter()
            figures, problem = _measure(subject, setting)
            title = f"{subject}: {SUBJECTS[subject]} ({time.perf_counter() - begin:.0f} s)"
            results[subject] = figures, problem
            out.print(_table(title, figures))
            if problem:
                out.print(f"{subject} stopped early: {problem}", markup=False)
            if options.out:
                options.out.write_text(_markdown(told, results), encoding="utf-8")
    held = [figure for figures, _ in results.values() for figure in figures if figure.bar]
    met = sum(figure.met is True for figure in held)
    out.print(f"{met} of {len(held)} bars met")
    return int(any(problem for _, problem in results.values()))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks",
        description=__doc__,
        epilog="\n".join(f"{name:14}{words}" for name, words in SUBJECTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "subjects", nargs="*", metavar="SUBJECT", help="subject to measure; default: all"
    )
    parser.add_argument(
        "--text", default="prose", metavar="FILE", help="text to train on; default: charnn's prose"
    )
    parser.add_argument(
        "--quick",
        action="store_true",
        help="three minutes: shows that everything runs, not figures to quote",
    )
    parser.add_argument(
        "--out", type=Path, metavar="FILE.md", help="also write the tables to FILE.md"
    )
    return parser


def _measure(subject: str, setting: Setting) -> tuple[list[Figure], str]:
    """Return the figures of a subject, and the error that ended it early (empty without one)."""
    figures: list[Figure] = []
    try:
        for figure in importlib.import_module(f"benchmarks.{subject}").measure(setting):
            figures.append(figure)
            print(f"{subject}: {' '.join(filter(None, figure.cells()))}", file=sys.stderr)
    except (RuntimeError, AssertionError) as problem:
        return figures, str(problem)
    return figures, ""


def _table(title: str, figures: Sequence[Figure]) -> Table:
    table = Table(title=title, title_justify="left")
    for number, heading in enumerate(HEADINGS):
        table.add_column(heading, justify="right" if number in (2, 3) else "left")
    for figure in figures:
        style = "red" if figure.met is False else None
        table.add_row(*figure.cells(), style=style)
    return table


def _markdown(told: str, results: dict[str, tuple[list[Figure], str]]) -> str:
    """Return all tables as Markdown, with machine, date and command."""
    lines = [f"`{shlex.join(['python', '-m', 'benchmarks', *sys.argv[1:]])}`", "", told]
    for subject, (figures, problem) in results.items():
        lines += ["", f"## {subject}: {SUBJECTS[subject]}", "", _row(HEADINGS)]
        lines += [_row(["---"] * len(HEADINGS)), *(_row(figure.cells()) for figure in figures)]
        lines += ["", f"Stopped early: {problem}"] if problem else []
    return "\n".join(lines) + "\n"


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    sys.exit(main())
