"""Check and measure charnn on a GPU, in at most 8 minutes: `python -m benchmarks.gpu input.txt`.

The result is a Markdown table. The exit code is 1 if a check failed. `--dry-run` tries everything
with small sizes on a CPU, in less than a minute.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

import charnn
from benchmarks.figures import rounded
from benchmarks.gpu_speeds import DRY, FULL, Scale, product_rate, sample_speeds, train_speeds
from benchmarks.setting import find_gpu, machine
from charnn.checkpoints.checkpoint import load_checkpoint
from charnn.checkpoints.run_files import LAST

PROJECT = Path(__file__).parents[1]
LIMIT = 8 * 60  # seconds
# nanoGPT on an A100 after three minutes, in nats per character of tinyshakespeare (its README).
ANCHOR = 1.4697
# The share of the bare loop's speed that charnn must reach.
LEAST_SHARE = 0.5
CELLS = ("lstm", "gru", "rnn", "peephole", "coupled")


@dataclass(frozen=True)
class Row:
    """A line of the table.

    Attributes:
        what: what was checked or measured.
        found: the figure.
        bar: what the figure has to be; empty if it has only been measured.
        holds: whether the figure is what it has to be.
    """

    what: str
    found: str
    bar: str = ""
    holds: bool = True


def main() -> int:
    """Run all parts, print the table, and return the exit code."""
    options = _parser().parse_args()
    begin, gpu = time.perf_counter(), find_gpu()
    if not (gpu or options.dry_run):
        print("no CUDA device found: --dry-run tries the checks on a CPU", file=sys.stderr)
        return 2
    # The CPU stands in also where there is a GPU, so that a dry run is the same everywhere.
    device = "cpu" if options.dry_run else "cuda"
    rows = []
    for row in _rows(options.corpus, device, dry=options.dry_run):
        print(f"{time.perf_counter() - begin:5.0f} s  {row.what}: {row.found}", file=sys.stderr)
        rows.append(row)
    seconds = time.perf_counter() - begin
    rows.append(Row("all of this", f"{seconds:.0f} s", f"at most {LIMIT} s", seconds <= LIMIT))
    print(table(machine("" if options.dry_run else gpu), rows))
    failed = [row.what for row in rows if not row.holds]
    if failed:
        print(f"failed: {', '.join(failed)}", file=sys.stderr)
    return int(bool(failed))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.gpu", description=__doc__)
    parser.add_argument(
        "corpus",
        nargs="?",
        default="prose",
        help="tinyshakespeare's input.txt, or another corpus: the loss is only held to the bar "
        "on tinyshakespeare (default: the built-in prose)",
    )
    parser.add_argument("--dry-run", action="store_true", help="small sizes on a CPU")
    return parser


def _rows(corpus: str, device: str, *, dry: bool) -> Iterator[Row]:
    scale = DRY if dry else FULL
    yield _tests(dry=dry)
    yield _exact_resumes(corpus, device, dry=dry)
    yield from _speeds(scale, corpus, device, dry=dry)
    for minutes in (0.05, 0.1) if dry else (1, 3):
        yield _loss_after(minutes, corpus, device, dry=dry)


def _tests(*, dry: bool) -> Row:
    """Run the tests that are marked `gpu`."""
    command = [sys.executable, "-m", "pytest", "-m", "gpu", "-p", "no:cacheprovider"]
    # A dry run tries one test of each kind; all of them take a CPU minutes.
    chosen = ["-k", "lstm"] if dry else []
    environment = {**os.environ, **({"CHARNN_DRY_RUN": "1"} if dry else {})}
    result = subprocess.run(
        [*command, *chosen, "tests/training/test_gpu.py"],
        cwd=PROJECT,
        env=environment,
        capture_output=True,
        text=True,
    )
    last = (result.stdout.strip().splitlines() or ["nothing"])[-1].strip("= ")
    if result.returncode:
        print(result.stdout[-6000:], result.stderr[-2000:], file=sys.stderr)
    counted = re.findall(r"\d+ (?:passed|failed|skipped|error)\w*", last)
    holds = result.returncode == 0 and "passed" in last
    return Row("tests marked gpu", ", ".join(counted) or last, "all pass", holds)


def _exact_resumes(corpus: str, device: str, *, dry: bool) -> Row:
    """Stop and resume a run of each cell, and compare with a run without a stop, bit by bit."""
    steps, exact = (8 if dry else 40), 0
    size = {"hidden_size": 16} if dry else {"hidden_size": 384}
    shape = {"num_layers": 2, "dropout": 0.3, "weight_drop": 0.2, "pointer": 64, **size}
    for seed, cell in enumerate(CELLS):
        run = {"device": device, "cell": cell, "seed": seed, "report": lambda event: None}
        with TemporaryDirectory() as folder:
            files = []
            for name in ("whole", "parts"):
                out = Path(folder, name)
                files.append(out / "run" / LAST)
                options = {**run, **shape, "steps": steps, "out": out, "name": "run"}
                if name == "parts":
                    stop = iter([False] * (steps // 3) + [True])
                    charnn.train(corpus, should_stop=lambda left=stop: next(left, True), **options)
                    options["resume"] = True
                charnn.train(corpus, **options)
            exact += _same(*files)
    what = "resumed runs that equal a run without a stop"
    return Row(what, f"{exact} of {len(CELLS)}", "all", exact == len(CELLS))


def _same(one: Path, other: Path) -> bool:
    """Return whether two checkpoints have the same weights, moments, states and random states."""
    mine, theirs = (load_checkpoint(path, training=True) for path in (one, other))
    pairs = ((mine.weights, theirs.weights), (mine.training, theirs.training))
    return all(
        a.keys() == b.keys() and all(a[name].tobytes() == b[name].tobytes() for name in a)
        for a, b in pairs
    )


def _speeds(scale: Scale, corpus: str, device: str, *, dry: bool) -> Iterator[Row]:
    rate = product_rate(scale, device)
    yield Row("product of bf16 matrices", f"{rate / 1e12:.3g} TFLOP/s")
    for each in train_speeds(scale, corpus, device):
        share = each.charnn / each.bare
        name = f"training {each.name}, batch {each.batch} x {scale.seq_len}"
        yield Row(name, f"{rounded(each.charnn)} characters/s")
        bar = "" if dry else f"at least {LEAST_SHARE}"
        yield Row(
            f"{name}: charnn / bare LSTM loop", f"{share:.2f}", bar, dry or share >= LEAST_SHARE
        )
        used = each.terms * each.charnn / rate
        yield Row(f"{name}: its arithmetic / that product's", f"{100 * used:.1f} %")
    if device == "cuda":
        yield Row("most GPU memory used", f"{torch.cuda.max_memory_allocated() / 2**30:.1f} GiB")
    for count, way, speed in sample_speeds(scale, device):
        yield Row(f"sampling {count} texts, {way}", f"{rounded(speed)} characters/s")


def _loss_after(minutes: float, corpus: str, device: str, *, dry: bool) -> Row:
    """Train for some minutes, as a user does, and return the row of the loss."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "charnn", "train", corpus, "--json", "--out", folder]
        limits = ["--minutes", str(minutes), "--device", device]
        environment = {**os.environ, "PYTHONPATH": str(PROJECT)}
        result = subprocess.run(
            [*command, *limits], env=environment, capture_output=True, text=True
        )
    if result.returncode:
        print(result.stderr[-2000:], file=sys.stderr)
        return Row(f"charnn train --minutes {minutes:g}", "failed", "ends", holds=False)
    done = json.loads(result.stdout.strip().splitlines()[-1])
    loss, speed = done["val_nats_per_char"], done["chars_per_second"]
    found = f"{loss:.4f} nats/char at {rounded(speed)} characters/s"
    is_held = minutes == 3 and "shakespeare" in Path(corpus).name
    bar = f"at most {ANCHOR}" if is_held else ""
    return Row(f"charnn train --minutes {minutes:g}", found, bar, not is_held or loss <= ANCHOR)


def table(described: str, rows: list[Row]) -> str:
    """Return the table of a machine in Markdown."""
    lines = [described, "", "| what | found | bar | |", "| --- | --- | --- | --- |"]
    for row in rows:
        verdict = ("holds" if row.holds else "FAILS") if row.bar else ""
        lines.append(f"| {row.what} | {row.found} | {row.bar} | {verdict} |")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
