"""Measure what a pointer does to texts: an empty memory, loops, the beginnings of names.

    python -m benchmarks.pointer_behaviour RUN... --corpus TEXT [--seed 1]    # 20 s a run

A pointer could harm a text in two ways. At the beginning its memory is empty (cold), so the softmax
predicts alone what it has hardly learned to predict alone; and what was copied once may be copied
again and again. So this script compares runs with and without a pointer that were trained on TEXT.
The first column is held-out text, in pieces of the same lengths. For models of text, the rows are:

- the share of words (letters and apostrophes) that the training part contains, in the first and in
  the third 300 characters of 50 samples at temperature 0.8: cold, and warm, that is after as much
  held-out text as fills the longest memory;
- the share of the runs of 20 characters that occur earlier in the same 3,000 characters: the mean
  of 10 texts at temperature 0.5 and 0.8, and the largest share.

For models of lines, such as names (`--documents lines`), the row is the share of 600 samples whose
first two characters begin no line of the training part.
"""

import argparse
import re
import statistics
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import SEPARATOR
from charnn.evaluation.shared_runs import even_pieces
from charnn.library import Model, load

SAMPLES, PIECE, TEMPERATURE = 50, 300, 0.8
TEXTS, LENGTH, RUN_LENGTH, TEMPERATURES = 10, 3000, 20, (0.5, 0.8)
NAMES, MAX_NAME = 600, 100
# The characters of held-out text before a warm sample; more if a memory is longer.
MIN_PRIME = 512
# The first and the last word of a piece may be cut, so they do not match.
WORD = re.compile(r"(?<=[^A-Za-z'])[A-Za-z']+(?=[^A-Za-z'])")


class Rows:
    """The rows of the table for one corpus, as it is divided for the first model.

    Args:
        model: the model.
        corpus: the name of the corpus that it was trained on.
        prime: the number of characters before a warm sample.
        seed: the seed of the first sample.
    """

    def __init__(self, model: Model, corpus: str, prime: int, seed: int) -> None:
        span, self.decode = model.held_out(corpus), model.checkpoint.vocabulary.decode
        self.training, self.held_out = np.split(span.ids, [span.start])
        self.prime, self.seed = prime, seed
        self.words = set(WORD.findall(self.decode(self.training)))
        self.beginnings = {line[:2] for line in self.lines(self.training)}

    def pieces(self, count: int, length: int) -> list[str]:
        """Return evenly spread pieces of held-out text."""
        return [self.decode(ids) for ids in even_pieces(self.held_out, [length] * count)]

    def lines(self, ids: NDArray[Any]) -> list[str]:
        """Return the documents of a part."""
        parts = np.split(ids, np.flatnonzero(ids == SEPARATOR))
        return [line for part in parts if (line := self.decode(part))]

    def of_text(self, model: Model | None) -> dict[str, float]:
        """Return the figures of a model of text; None for those of held-out text."""
        rows = {}
        for kind, prime in (("cold", 0), ("warm", self.prime)):
            texts = pieces = self.pieces(SAMPLES, prime + 3 * PIECE)
            if model is not None:
                texts = [
                    model.sample(
                        piece[:prime],
                        length=3 * PIECE,
                        temperature=TEMPERATURE,
                        seed=self.seed + number,
                    )
                    for number, piece in enumerate(pieces)
                ]
            for name, begin in (("1 to 300", 0), ("601 to 900", 2 * PIECE)):
                begin += prime
                cut = [text[begin : begin + PIECE] for text in texts]
                rows[f"known words, characters {name}, {kind}"] = self.known_words(cut)
        for heat in TEMPERATURES:
            texts = self.pieces(TEXTS, LENGTH)
            if model is not None:
                texts = [
                    model.sample(length=LENGTH, temperature=heat, seed=self.seed + number)
                    for number in range(TEXTS)
                ]
            shares = [repeated_share(text) for text in texts]
            rows[f"repeated runs of {RUN_LENGTH}, temperature {heat}"] = statistics.fmean(shares)
            rows[f"the same in the worst of {TEXTS} texts, temperature {heat}"] = max(shares)
        return rows

    def of_lines(self, model: Model | None) -> dict[str, float]:
        """Return the figure of a model of lines; None for that of held-out lines."""
        lines = self.lines(self.held_out)
        if model is not None:
            lines = [
                model.sample(length=MAX_NAME, temperature=TEMPERATURE, seed=self.seed + number)
                for number in range(NAMES)
            ]
        new = sum(line[:2] not in self.beginnings for line in lines)
        return {"lines with a new beginning": new / len(lines)}

    def known_words(self, texts: Sequence[str]) -> float:
        """Return the share of words that the training part contains."""
        found = [word for text in texts for word in WORD.findall(text)]
        return sum(word in self.words for word in found) / max(1, len(found))


def repeated_share(text: str) -> float:
    """Return the share of the runs of `RUN_LENGTH` characters that occur earlier in the text."""
    runs = [text[begin : begin + RUN_LENGTH] for begin in range(len(text) - RUN_LENGTH + 1)]
    return 1 - len(set(runs)) / max(1, len(runs))


def print_table(columns: Mapping[str, Mapping[str, float]]) -> None:
    """Print the figures of each column, by the names of the rows."""
    print(f"| | {' | '.join(columns)} |\n|{' --- |' * (len(columns) + 1)}")
    for row in next(iter(columns.values())):
        print(f"| {row} | {' | '.join(f'{column[row]:.1%}' for column in columns.values())} |")


def main() -> None:
    """Print the table of the runs on the command line."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("runs", nargs="+", metavar="RUN")
    parser.add_argument("--corpus", required=True, metavar="TEXT", help="the training corpus")
    parser.add_argument("--seed", type=int, default=1, help="of the first sample; default: 1")
    options = parser.parse_args()
    models: dict[str, Model | None] = {run: load(run) for run in options.runs}
    checkpoints = [model.checkpoint for model in models.values() if model is not None]
    prime = max(MIN_PRIME, *(checkpoint.config.pointer for checkpoint in checkpoints))
    rows = Rows(load(options.runs[0]), options.corpus, prime, options.seed)
    measure = rows.of_lines if checkpoints[0].document_kind == "lines" else rows.of_text
    named = {"held out": None} | models
    print_table({name: measure(model) for name, model in named.items()})


if __name__ == "__main__":
    main()
