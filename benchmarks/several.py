"""One process beside two under torchrun: the same run, and its speed.

python -m benchmarks.several equality    # the table of benchmarks/several.md, a few minutes
python -m benchmarks.several speed       # needs a quiet machine
"""

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.child import environment
from benchmarks.program import write_text
from benchmarks.setting import machine
from charnn.checkpoints.checkpoint import Checkpoint, load_checkpoint
from charnn.checkpoints.run_files import LAST
from charnn.training.options import CELL_CHOICES

SHAPE = (
    *("--num-layers", "2", "--hidden-size", "128", "--batch-size", "32", "--seq-len", "32"),
    *("--steps", "100", "--device", "cpu", "--val-fraction", "0.1"),
)
PLAIN = ("--dropout", "0", "--weight-drop", "0", "--pointer", "0")
DROPPED = (
    *("--dropout", "0.3", "--weight-drop", "0.3", "--embedding-dropout", "0.1"),
    *("--ema", "0.99", "--pointer", "64"),
)
TORCHRUN = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
SIZES = ((1, 384), (1, 512), (2, 512))
CHARACTERS = 200_000


def train(folder: Path, name: str, processes: int, *options: str, threads: int = 1) -> float:
    """Train a run, and return its characters per second."""
    launcher = TORCHRUN if processes == 2 else ()
    words = ("-m", "charnn", "train", "corpus.txt", "--name", name, "--json", *options)
    done = subprocess.run(
        [sys.executable, *launcher, *words, "--threads", str(threads)],
        cwd=folder,
        env=environment(threads),
        capture_output=True,
        check=True,
    )
    return float(json.loads(done.stdout.splitlines()[-1])["chars_per_second"])


def last(folder: Path, name: str) -> Checkpoint:
    """Return the last checkpoint of a run."""
    return load_checkpoint(folder / "checkpoints" / name / LAST, training=True)


def sample(folder: Path, name: str) -> bytes:
    """Return 1,000 characters of a model, the same seed for all."""
    words = ("-m", "charnn", "sample", name, "--seed", "1", "--length", "1000")
    command = [sys.executable, *words]
    return subprocess.run(
        command, cwd=folder, env=environment(1), capture_output=True, check=True
    ).stdout


def equality(folder: Path) -> Iterator[Sequence[str]]:
    """Yield the rows of the table that compares the parameters, the losses and the samples."""
    yield "cell", "options", "weights", "validation", "sample", "as --accumulate 2"
    for cell in CELL_CHOICES:
        for words, options in (("plain", PLAIN), ("dropout, average, pointer", DROPPED)):
            shape = (*SHAPE, "--cell", cell, "--precision", "fp32", *options)
            names = [f"{cell}-{words.partition(',')[0]}-{kind}" for kind in ("1", "2", "parts")]
            train(folder, names[0], 1, *shape)
            train(folder, names[1], 2, *shape)
            train(folder, names[2], 1, *shape, "--accumulate", "2")
            one, two, parts = (last(folder, name) for name in names)
            losses = [each.metadata["history"][-1]["val_loss"] for each in (one, two)]
            texts = [sample(folder, name) for name in names[:2]]
            same = difference(two, parts) == 0
            yield (
                *(cell, words, f"{difference(one, two):.1e}", f"{abs(losses[0] - losses[1]):.1e}"),
                "the same" if texts[0] == texts[1] else "another",
                "bit for bit" if same else f"{difference(two, parts):.1e}",
            )


def difference(one: Checkpoint, other: Checkpoint) -> float:
    """Return the largest difference of a weight."""
    return max(
        float(np.abs(array - other.weights[name]).max()) for name, array in one.weights.items()
    )


def speed(folder: Path, rounds: int = 3) -> Iterator[Sequence[str]]:
    """Yield the rows of the table that compares speeds, by the medians of rounds in turns."""
    yield "model", "1 process, 1 thread", "1 process, 2 threads", "2 processes, 1 thread each"
    for layers, hidden in SIZES:
        shape = ("--num-layers", str(layers), "--hidden-size", str(hidden), "--batch-size", "32")
        options = (*shape, "--steps", "60", "--device", "cpu")
        kinds = ((1, 1), (1, 2), (2, 1))
        found = [
            [
                train(folder, f"{layers}-{hidden}-{turn}-{p}-{t}", p, *options, threads=t)
                for p, t in kinds
            ]
            for turn in range(rounds)
        ]
        yield f"{layers} x {hidden}", *(f"{each:,.0f}" for each in np.median(found, axis=0))


def main() -> None:
    """Print a table as Markdown."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.several", description=__doc__)
    parser.add_argument("table", choices=("equality", "speed"))
    table = equality if parser.parse_args().table == "equality" else speed
    print(machine(""), flush=True)
    with tempfile.TemporaryDirectory(prefix="charnn-benchmarks-") as name:
        folder = Path(name)
        write_text("prose", folder / "whole.txt")
        text = (folder / "whole.txt").read_text(encoding="utf-8")[:CHARACTERS]
        (folder / "corpus.txt").write_text(text, encoding="utf-8")
        for number, row in enumerate(table(folder)):
            print(f"| {' | '.join(row)} |", flush=True)
            if not number:
                print(f"|{' --- |' * len(row)}", flush=True)


if __name__ == "__main__":
    main()
