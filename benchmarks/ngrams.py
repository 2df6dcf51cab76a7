"""Measure the loss of an n-gram model, trained and scored on the same split as charnn.

    python benchmarks/ngrams.py CORPUS... [--order 5] [--val-fraction 0.1] [--run CKPT]

The model is an interpolated n-gram over characters with Witten-Bell smoothing (Witten & Bell 1991,
method C). For a context h that occurs n(h) times and is followed by t(h) different characters,

    p(c | h) = (n(hc) + t(h) p(c | h')) / (n(h) + t(h)),    h' = h without its first character,

down to the uniform distribution over the vocabulary; p(c | h) = p(c | h') where h does not occur.
The held-out part is one stream that includes the ends of documents, as in charnn's whole sweep.
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.runs import load_best
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.sources import Corpus, open_corpus

ORDERS = range(1, 8)


def witten_bell(dataset: Dataset, order: int) -> Iterator[float]:
    """Yield the loss of the held-out part for orders 1 to `order`, in nats per character.

    All characters of both parts are processed at once. Each of the N positions gets the number of
    the n-gram that ends there; equal n-grams have equal numbers. The context of an n-gram is
    therefore the (n - 1)-gram that ends one position earlier.
    """
    symbols_N = dataset.ids.astype(np.int64)
    train = dataset.train_length
    size = len(dataset.vocabulary)
    likely = np.full(len(symbols_N) - train, 1 / size)
    contexts_N = np.zeros(len(symbols_N), np.int64)
    for length in range(1, order + 1):
        grams_N = np.unique(contexts_N * size + symbols_N, return_inverse=True)[1]
        # The first few positions have no n-gram of full length and are not counted.
        learned = slice(length - 1, train)
        met = np.bincount(grams_N[learned], minlength=grams_N.max() + 1)
        context_met = np.bincount(contexts_N[learned], minlength=contexts_N.max() + 1)
        first = np.unique(grams_N[learned], return_index=True)[1] + length - 1
        kinds = np.bincount(contexts_N[first], minlength=contexts_N.max() + 1)
        context, gram = contexts_N[train:], grams_N[train:]
        count = context_met[context] + kinds[context]
        smoothed = (met[gram] + kinds[context] * likely) / np.maximum(count, 1)
        likely = np.where(count, smoothed, likely)
        yield float(-np.log(likely).sum() / dataset.val_characters)
        contexts_N = np.concatenate([[0], grams_N[:-1]])


def figure_of(checkpoint: Checkpoint, corpus: Corpus, share: float, folder: Path) -> float:
    """Return the lowest loss that a run has measured on the same held-out part."""
    metadata = checkpoint.metadata
    low, high = metadata.get("transpose", (0, 0))
    same = prepare(corpus, folder, share, checkpoint.vocabulary.kind, (low, high))
    if same.fingerprint != metadata["fingerprint"]:
        raise SystemExit(f"the run has learned another corpus or split than {corpus.name}")
    return min(sweep["val_loss"] for sweep in metadata["history"])


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("corpus", nargs="+", help="what `charnn train` takes")
    parser.add_argument("--order", type=int, default=5, choices=ORDERS, help="default: 5")
    parser.add_argument("--val-fraction", type=float, default=0.1)
    parser.add_argument("--run", help="a run of charnn on the same corpus and split")
    options = parser.parse_args()
    corpus = open_corpus(options.corpus)
    with tempfile.TemporaryDirectory() as folder:
        dataset = prepare(corpus, Path(folder), options.val_fraction)
        print(
            f"{corpus.name}: {dataset.train_characters:,} characters learned, "
            f"{dataset.val_characters:,} held out ({dataset.val_documents} documents)"
        )
        for order, loss in enumerate(witten_bell(dataset, options.order), 1):
            print(f"{order}-gram  {loss:.4f} nats/char")
        if options.run:
            run = load_best(Path(options.run), Path("checkpoints"))
            loss = figure_of(run.checkpoint, corpus, options.val_fraction, Path(folder))
            print(f"charnn  {loss:.4f} nats/char  {run.path}")


if __name__ == "__main__":
    main()
