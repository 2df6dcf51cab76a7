"""Measure what each part of the recipe gains: whole trainings, one change at a time.

    python -m benchmarks.quality TABLE... --text TEXT [--seeds 3] [--options "--steps 2700"]

Each line of a table is the best checkpoint of `charnn train` with the options of the line,
evaluated on the held-out part by `charnn evaluate`: the whole sweep, windows of 256 characters, and
the second half without and with the temperature that was fitted on the first half.

The result of every finished run is kept in a file (`--results`), by all that decides the run: its
options and seed, the text, the program, the libraries and the processor. So the same command
continues after a stop, and then prints the tables without training again. `--options "--threads 1"`
and `taskset` allow several grids side by side.
"""

import argparse
import hashlib
import importlib.metadata
import json
import platform
import shlex
import statistics
import sys
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from benchmarks.child import CHARNN, PROJECT, run
from benchmarks.finished_runs import FinishedRuns, Json
from benchmarks.program import write_text
from benchmarks.quality_tables import TABLES, Variant
from benchmarks.setting import machine, processor

SWITCHED = (sys.executable, "-m", "benchmarks.switches")


class Grid:
    """The trainings of some variants on one text.

    Args:
        text: a file, or a corpus by its name.
        options: options of all trainings.
        finished: the results of earlier runs.
        folder: an empty folder for the runs.
    """

    def __init__(self, text: str, options: str, finished: FinishedRuns, folder: Path) -> None:
        self._text = str(Path(text).resolve()) if Path(text).exists() else text
        self._options, self._finished, self._folder = options, finished, folder
        self._whole = folder / "whole.txt"
        write_text(text, self._whole)
        self._setting = {
            "text": _digest([self._whole]),
            "program": _digest((PROJECT / "charnn").rglob("*.py")),
            "switches": _digest([PROJECT / "benchmarks" / "switches.py"]),
            "libraries": {name: importlib.metadata.version(name) for name in ("torch", "numpy")},
            "python": platform.python_version(),
            "processor": processor(),
        }

    def result(self, variant: Variant, seed: int) -> Json | None:
        """Return the result of a training, which is run unless it has finished before; None if it
        fails."""
        options = [*shlex.split(self._options), *shlex.split(variant.options)]
        decided = self._setting | {
            "options": options,
            "switch": variant.switch,
            "characters": variant.characters,
            "seed": seed,
        }
        found = self._finished.find(decided)
        if found is None:
            try:
                found = self._train(variant, options, seed)
            except RuntimeError as error:
                print(f"{variant.name}, seed {seed}, has failed:\n{error}", file=sys.stderr)
                return None
            self._finished.add(decided, found)
        loss = found["sweep"]
        print(f"{variant.name}, seed {seed}: {loss:.4f}", file=sys.stderr, flush=True)
        return found

    def _train(self, variant: Variant, options: Sequence[str], seed: int) -> Json:
        """Train and evaluate in a folder that is deleted afterwards."""
        program = (*SWITCHED, variant.switch) if variant.switch else CHARNN
        with tempfile.TemporaryDirectory(dir=self._folder) as name:
            folder, corpus = Path(name), self._text
            if variant.characters:
                corpus = str(folder / "part.txt")
                with self._whole.open(encoding="utf-8") as file:
                    Path(corpus).write_text(file.read(variant.characters), encoding="utf-8")
            words = [*options, "--seed", str(seed), "--name", "run", "--json"]
            trained = run([*program, "train", corpus, *words], folder)
            command = [*CHARNN, "evaluate", "run", corpus, "--held-out", "--json"]
            evaluated = run(command, folder)
        events = [json.loads(line) for line in trained.output.splitlines()]
        return _result(events, json.loads(evaluated.output))


def _result(events: Sequence[Json], evaluated: Json) -> Json:
    """Return the figures of a run from the events of training and from its evaluation."""
    steps, sweeps = ([e for e in events if e["event"] == kind] for kind in ("step", "validation"))
    best = min(sweeps, key=lambda event: float(event["val_nats_per_char"]))
    fitted = evaluated.get("calibration", {})
    return {
        "sweep": evaluated["nats_per_char"],
        # Tunes and lines are evaluated as a whole only.
        "windows": evaluated.get("windows", {}).get("nats_per_char"),
        "second half": fitted.get("nats_per_char"),
        "fitted": fitted.get("calibrated_nats_per_char"),
        "temperature": fitted.get("temperature"),
        "best after": best["step"] / events[-1]["steps"],
        "at the end": sweeps[-1]["val_nats_per_char"],
        "train": statistics.fmean(event["nats_per_char"] for event in steps[-20:]),
        "steps": events[-1]["steps"],
        "seconds": events[-1]["seconds"],
    }


# How a figure is printed, in the order of the columns.
FORMATS = {
    "sweep": "{:.4f}",
    "windows": "{:.4f}",
    "second half": "{:.4f}",
    "fitted": "{:.4f}",
    "temperature": "{:.3f}",
    "best after": "{:.0%}",
    "at the end": "{:.4f}",
    "train": "{:.3f}",
    "steps": "{:,}",
    "seconds": "{:.0f}",
}


def print_table(name: str, rows: Sequence[tuple[Variant, Sequence[Json]]]) -> None:
    """Print a table: the run with the median loss of each variant, and the loss of every seed."""
    print(f"\n## {name}\n\n{_row(['training', 'seeds', *FORMATS])}")
    print(_row(["---"] * (len(FORMATS) + 2)))
    medians = [sorted(results, key=lambda r: float(r["sweep"])) for _, results in rows]
    middle = [results[len(results) // 2] if results else None for results in medians]
    lowest = min((one["sweep"] for one in middle if one), default=0)
    for (variant, results), one in zip(rows, middle, strict=True):
        figures = [_figure(kind, one[kind]) if one else "failed" for kind in FORMATS]
        if one and one["sweep"] == lowest:
            figures[0] = f"**{figures[0]}**"
        seeds = ", ".join(f"{result['sweep']:.4f}" for result in results)
        print(_row([variant.heading, seeds, *figures]), flush=True)


def _figure(kind: str, value: Any) -> str:
    return "" if value is None else FORMATS[kind].format(value)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def main() -> None:
    """Make the tables of the command line."""
    options = _parser().parse_args()
    print(f"`{shlex.join(['python', '-m', 'benchmarks.quality', *sys.argv[1:]])}`\n\n{machine('')}")
    with tempfile.TemporaryDirectory(prefix="charnn-quality-") as folder:
        finished = FinishedRuns(options.results)
        grid = Grid(options.text, options.options, finished, Path(folder))
        for table in options.tables:
            variants = [each for each in TABLES[table]() if options.only in each.name]
            # One seed after the other: after a stop, the first seeds make a whole table.
            by_seed = [
                [grid.result(variant, seed) for variant in variants]
                for seed in range(options.seeds)
            ]
            results = ([one for one in of if one] for of in zip(*by_seed, strict=True))
            print_table(table, list(zip(variants, results, strict=True)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.quality", description=(__doc__ or "").splitlines()[0]
    )
    parser.add_argument("tables", nargs="+", choices=TABLES, metavar="TABLE", help=str([*TABLES]))
    parser.add_argument("--text", required=True, help="a file, or a corpus by its name")
    parser.add_argument("--options", default="--minutes 1", help="of every training in the tables")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each line")
    parser.add_argument("--only", default="", metavar="WORDS", help="the lines with these words")
    parser.add_argument(
        "--results",
        type=Path,
        default=Path("data/quality.jsonl"),
        help="file of the finished runs; default: data/quality.jsonl",
    )
    return parser


def _digest(paths: Iterable[Path]) -> str:
    """Return a hash of the contents of files, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


if __name__ == "__main__":
    main()
