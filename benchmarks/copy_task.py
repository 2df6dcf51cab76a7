"""Measure whether a network copies: a task with a known answer, with and without a pointer.

    python -m benchmarks.copy_task [--steps 500] [--seed 0]    # about a minute
    python -m benchmarks.copy_task --gap 400 [--seq-len 1024 --batch-size 1]

A line has 100 random letters, other text, and the same 100 letters again. The letters are new in
every line, so the first time nobody can predict them, and the second time only a copy can. A mark
stands before the letters both times. The other text is English (the corpus `prose`). In the lines
to train on it has 0 to 400 characters, in the lines that are scored always 400.

The keys of earlier segments get no gradient, so a network learns to point from copies within a
segment. `--gap 400` trains on lines that all have 400 characters of other text: with segments of
256 characters there are no such copies, with segments of 1,024 there are.
"""

import argparse
import random
import string
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np

import charnn
from charnn.corpus.sources import open_corpus
from charnn.inference.quantised import Int8Matrix
from charnn.inference.stepper import Stepper
from charnn.library import Model

COPIED, GAP = 100, 400  # characters
GAPS = (0, 20, 50, 100, 200, GAP)
MARK = ">"
LINES, SCORED_LINES = 3000, 50
# The second time, a letter stands 501 characters after the first time.
POINTERS = (0, 512)


def task_lines(count: int, gaps: Sequence[int], seed: int) -> list[str]:
    """Return lines of the task, with a random one of the gaps between the two times."""
    choose = random.Random(seed)
    prose = "".join(document.text() for document in open_corpus(["prose"]).documents)
    english = " ".join(prose.lower().replace(MARK, " ").split())
    lines = []
    for _ in range(count):
        copied = MARK + "".join(choose.choices(string.ascii_lowercase, k=COPIED))
        begin = choose.randrange(len(english) - GAP)
        lines.append(copied + english[begin : begin + choose.choice(gaps)] + copied)
    return lines


def accuracies(model: Model, lines: Sequence[str]) -> tuple[float, float]:
    """Return the share of the letters that are the model's likeliest ones, the first and the second
    time. All lines have the same length."""
    checkpoint = model.checkpoint
    stepper = Stepper(checkpoint.config, checkpoint.weights, Int8Matrix)
    ids_BT = np.array([checkpoint.vocabulary.encode(line) for line in lines], np.int64)
    state = stepper.initial_state(len(lines))
    stepper.feed(np.full(len(lines), checkpoint.start_token_id), state)
    right_TB = np.array(
        [
            stepper.feed(ids_BT[:, step], state).argmax(-1) == ids_BT[:, step + 1]
            for step in range(ids_BT.shape[1] - 1)
        ]
    )
    return float(right_TB[:COPIED].mean()), float(right_TB[-COPIED:].mean())


def main() -> None:
    """Train the networks and print a table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--steps", type=int, default=500, help="updates; default: 500")
    parser.add_argument("--gap", type=int, choices=GAPS, help="train on this gap alone")
    parser.add_argument("--seq-len", type=int, default=256, help="of a segment; default: 256")
    parser.add_argument("--batch-size", type=int, default=4, help="rows; default: 4")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    gaps = GAPS if options.gap is None else (options.gap,)
    print("| pointer | right, first time | right, second time | training |")
    print("| --- | --- | --- | --- |", flush=True)
    for pointer in POINTERS:
        with tempfile.TemporaryDirectory() as folder:
            corpus = Path(folder, "lines.txt")
            corpus.write_text("\n".join(task_lines(LINES, gaps, options.seed)), encoding="utf-8")
            began = time.perf_counter()
            model = charnn.train(
                corpus,
                out=folder,
                documents="lines",
                val_fraction=0.02,
                num_layers=1,
                hidden_size=192,
                pointer=pointer,
                lr=8e-3,
                batch_size=options.batch_size,
                seq_len=options.seq_len,
                steps=options.steps,
                seed=options.seed,
            )
            seconds = time.perf_counter() - began
        first, second = accuracies(model, task_lines(SCORED_LINES, (GAP,), options.seed + 1))
        print(f"| {pointer} | {first:.1%} | {second:.1%} | {seconds:.0f} s |", flush=True)


if __name__ == "__main__":
    main()
