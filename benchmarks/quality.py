"""Measure what each part of the recipe gains: whole trainings, one change at a time.

`python -m benchmarks.quality TABLE... --text FILE` prints tables in Markdown. Every line is the
best held-out loss of `charnn train` with the options of the line, the median over the seeds. With
`--threads 1` and `taskset`, several tables can be made side by side.
"""

import argparse
import json
import shlex
import statistics
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.child import CHARNN, run
from benchmarks.program import hidden_size_for, write_text
from benchmarks.setting import machine

SWITCHED = (sys.executable, "-m", "benchmarks.switches")


@dataclass(frozen=True)
class Variant:
    """A line of a table.

    Args:
        name: the name of the line.
        options: options of `charnn train`, besides those of the table.
        switch: the name of a change that has no option, see `benchmarks.switches`.
        characters: the number of characters to train on; None for all.
    """

    name: str
    options: str = ""
    switch: str = ""
    characters: int | None = None


@dataclass(frozen=True)
class Result:
    """A training: its best validation loss and the share of the budget at which it came, the last
    loss and the training loss (with dropout) in nats per character, its updates and its time."""

    best: float
    best_at: float
    last: float
    train: float
    steps: int
    seconds: float


def cells(shape: str) -> Iterator[Variant]:
    """Return all cells with as many parameters as an LSTM of 384 units."""
    for cell in ("lstm", "coupled", "peephole", "gru", "rnn"):
        size = hidden_size_for(cell, "lstm", 384)
        yield Variant(f"{cell}, {size} units", f"--cell {cell} --hidden-size {size} {shape}")


def recipe() -> Iterator[Variant]:
    """Return the defaults, and one variant for each change."""
    yield Variant("the defaults")
    yield Variant("forget bias of 1", switch="forget_bias")
    yield Variant("chrono initialisation", switch="chrono")
    yield Variant("no orthogonal weights at first", switch="orthogonal")
    yield Variant("no state carried over", switch="carry")
    yield Variant("no rows begun anew", switch="resets")
    yield Variant("no schedule", switch="schedule")
    yield Variant("no schedule, EMA 0.998", "--ema 0.998", "schedule")
    yield Variant("no clipping", "--clip 1e9")
    yield Variant("clipping at 0.25", "--clip 0.25")
    yield Variant("EMA 0.99", "--ema 0.99")
    yield Variant("EMA 0.998", "--ema 0.998")
    yield Variant("no weight decay", "--weight-decay 0")
    yield Variant("weight decay 0.1", "--weight-decay 0.1")
    yield Variant("one-hot input", "--one-hot")
    yield Variant("embedding of 128", "--embedding-size 128")
    yield Variant("no dropout", "--dropout 0")
    yield Variant("dropout 0.3", "--dropout 0.3")
    yield Variant("dropout of symbols 0.05", "--embedding-dropout 0.05")
    yield Variant("weight drop 0.2", "--weight-drop 0.2")
    yield Variant("batch 32", "--batch-size 32")
    yield Variant("batch 8", "--batch-size 8")
    yield Variant("window 32", "--seq-len 32")
    yield Variant("window 128", "--seq-len 128")
    yield Variant("learning rate halved", "--lr 4e-3")
    yield Variant("learning rate doubled", "--lr 16e-3")
    yield Variant("256 units", "--hidden-size 256")
    yield Variant("512 units", "--hidden-size 512")
    yield Variant("2 x 256 units", "--num-layers 2 --hidden-size 256")


def corpora() -> Iterator[Variant]:
    """Return the beginning of a text, in its full size and in common sizes."""
    for words, characters in (("20 kB", 20_000), ("100 kB", 100_000), ("1 MB", 10**6)):
        yield Variant(f"the first {words}", characters=characters)
    yield Variant("the first 10 MB", characters=10**7)


TABLES = {
    "cells": lambda: cells("--dropout 0.1"),
    "recipe": recipe,
    "corpora": corpora,
    "defaults": lambda: iter([Variant("the defaults")]),
}


def main() -> None:
    """Make the tables of the command line."""
    options = _parser().parse_args()
    print(f"`{shlex.join(['python', '-m', 'benchmarks.quality', *sys.argv[1:]])}`\n\n{machine('')}")
    with tempfile.TemporaryDirectory(prefix="charnn-quality-") as folder:
        text = Path(folder, "text.txt")
        write_text(options.text, text)
        for table in options.tables:
            print(f"\n## {table}\n\n{_row(HEADINGS)}\n{_row(['---'] * len(HEADINGS))}", flush=True)
            for variant in TABLES[table]():
                if options.only and options.only not in variant.name:
                    continue
                results = [
                    train(variant, text, options.options, seed) for seed in range(options.seeds)
                ]
                print(_row(_cells(variant, results)), flush=True)


def train(variant: Variant, text: Path, options: str, seed: int) -> Result:
    """Train in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(dir=text.parent) as folder:
        corpus = text
        if variant.characters:
            corpus = Path(folder, "part.txt")
            with text.open(encoding="utf-8") as file:
                corpus.write_text(file.read(variant.characters), encoding="utf-8")
        program = (*SWITCHED, variant.switch) if variant.switch else CHARNN
        words = [*shlex.split(options), *shlex.split(variant.options), "--seed", str(seed)]
        ended = run([*program, "train", corpus, *words, "--name", "run", "--json"], Path(folder))
    events = [json.loads(line) for line in ended.output.splitlines()]
    steps, swept = ([e for e in events if e["event"] == kind] for kind in ("step", "validation"))
    best = min(swept, key=lambda event: float(event["val_nats_per_char"]))
    tail = [event["nats_per_char"] for event in steps[-20:]]
    done = events[-1]
    return Result(
        best["val_nats_per_char"],
        best["step"] / done["steps"],
        swept[-1]["val_nats_per_char"],
        statistics.fmean(tail),
        done["steps"],
        done["seconds"],
    )


HEADINGS = ("training", "nats/char", "seeds", "best after", "at the end", "train", "steps", "time")


def _cells(variant: Variant, results: Sequence[Result]) -> list[str]:
    """Return a line of the table: medians, and the loss of each seed."""
    middle = sorted(results, key=lambda result: result.best)[len(results) // 2]
    what = " ".join(filter(None, (variant.name, variant.options and f"(`{variant.options}`)")))
    return [
        what,
        f"{middle.best:.4f}",
        " ".join(f"{result.best:.4f}" for result in results) if len(results) > 1 else "",
        f"{100 * middle.best_at:.0f} %",
        f"{middle.last:.4f}",
        f"{middle.train:.3f}",
        f"{middle.steps:,}",
        f"{middle.seconds:.0f} s",
    ]


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.quality", description=__doc__)
    parser.add_argument("tables", nargs="+", choices=TABLES, metavar="TABLE", help=str([*TABLES]))
    parser.add_argument("--text", required=True, help="a file, or a corpus by its name")
    parser.add_argument("--options", default="--minutes 1", help="of every training in the tables")
    parser.add_argument("--seeds", type=int, default=1, help="trainings of each line")
    parser.add_argument("--only", default="", metavar="WORDS", help="the lines with these words")
    return parser


if __name__ == "__main__":
    main()
