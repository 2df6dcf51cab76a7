"""Measure a model against a source whose entropy is known exactly: a check of the whole pipeline.

    python -m benchmarks.markov                     # 100 MB: two minutes on a busy core
    python -m benchmarks.markov --order 2 --letters 24 --steps 6000 --hidden-size 256

A Markov source of some order writes letters: the probabilities of the next letter depend on the
letters before it, and are drawn at random once for each context. Its entropy rate follows from its
stationary distribution. The text is written to a file, trained on with `charnn train`, and scored
on the end of the held-out part. No model can be better than the source, and a model that learns
comes close to it.

The loss of the model has the noise of the letters that are scored. The loss of the source on the
same letters has the same noise, so the difference of both is far more exact. The benchmark fails if
the model is more than 1 % worse than the source, or better by more than three standard errors: an
error anywhere, such as a target that the network can see, would be a loss below the entropy.
"""

import argparse
import contextlib
import math
import string
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numba
import numpy as np
from numpy.typing import NDArray

import charnn
from charnn.corpus.ids import find_prepared
from charnn.evaluation.sweep import token_losses
from charnn.model.network import Network, import_weights

LETTERS = 26
# Some letters are likely after a context and most are not, as in a language.
CONCENTRATION = 0.3
SCORED, CONTEXT = 1_000_000, 10_000  # letters
LARGEST_EXCESS, LARGEST_GAIN = 0.01, 3.0  # a share of the entropy; standard errors
BLOCK = 1_000_000


@dataclass(frozen=True)
class Source:
    """A Markov source.

    Attributes:
        probabilities: [C, V] the probabilities of the next letter after each of C contexts. The
            letters of a context are the digits of its number, the oldest one first.
        order: the number of letters of a context.
    """

    probabilities: NDArray[np.float64]
    order: int

    @classmethod
    def draw(cls, letters: int, order: int, seed: int) -> "Source":
        """Return a source with random probabilities."""
        random = np.random.default_rng(seed)
        return cls(random.dirichlet([CONCENTRATION] * letters, letters**order), order)

    def entropy(self) -> float:
        """Return the entropy rate in nats per letter: the mean over the stationary contexts."""
        contexts, letters = self.probabilities.shape
        followers = (np.arange(contexts)[:, None] * letters + np.arange(letters)) % contexts
        stationary = np.full(contexts, 1 / contexts)
        for _ in range(10_000):
            weights = stationary[:, None] * self.probabilities
            after = np.bincount(followers.ravel(), weights.ravel(), contexts)
            if np.abs(after - stationary).sum() < 1e-14:
                break
            stationary = after
        logs = np.log(np.maximum(self.probabilities, 1e-300))
        return float(-(stationary[:, None] * self.probabilities * logs).sum())

    def write(self, path: Path, length: int, seed: int) -> None:
        """Write a text of `length` letters."""
        random, context = np.random.default_rng(seed), 0
        alphabet = np.frombuffer(string.ascii_lowercase.encode(), np.uint8)
        cumulative = self.probabilities.cumsum(axis=1)
        with path.open("wb") as file:
            for begin in range(0, length, BLOCK):
                uniforms = random.random(min(BLOCK, length - begin))
                letters, context = _follow(cumulative, context, uniforms)
                file.write(alphabet[letters].tobytes())

    def losses(self, letters: NDArray[np.int64]) -> NDArray[np.float64]:
        """Return the loss of the source at each letter but the first ones, in nats."""
        contexts, size = self.probabilities.shape
        context = np.zeros(len(letters) - self.order, np.int64)
        for place in range(self.order):
            context = (context * size + letters[place : place + len(context)]) % contexts
        losses: NDArray[np.float64] = -np.log(self.probabilities[context, letters[self.order :]])
        return losses


@numba.njit  # type: ignore[untyped-decorator, unused-ignore]
def _follow(cumulative: Any, context: int, uniforms: Any) -> Any:
    """Return the letters that a source writes, and the context after them."""
    contexts, size = cumulative.shape
    letters = np.empty(len(uniforms), np.int64)
    for place in range(len(uniforms)):
        letter = 0
        while letter < size - 1 and uniforms[place] >= cumulative[context, letter]:
            letter += 1
        letters[place] = letter
        context = (context * size + letter) % contexts
    return letters, context


def scored_losses(model: charnn.Model, source: Source) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the losses of the model and of the source at the last letters of the text."""
    checkpoint = model.checkpoint
    found = find_prepared(
        Path("data"), str(checkpoint.metadata["fingerprint"]), checkpoint.vocabulary
    )
    if found is None:
        raise SystemExit("the prepared corpus is gone")
    held_out = found[1]
    scored = min(SCORED, len(held_out) // 2)
    ids = np.asarray(held_out[-scored - CONTEXT :]).astype(np.int64)
    network = Network(checkpoint.config)
    import_weights(network, checkpoint.weights)
    of_model = token_losses(network, ids, len(ids) - scored)
    # The vocabulary has the letters in their order.
    of_source = source.losses(ids[-scored - source.order :] - ids.min())
    return of_model.astype(np.float64), of_source


def rows(options: argparse.Namespace) -> Iterator[tuple[str, str]]:
    """Generate the text, train and score, and yield the figures as rows of a table."""
    source = Source.draw(options.letters, options.order, options.seed)
    length = round(options.megabytes * 1e6)
    yield "source", f"order {options.order}, {options.letters} letters, {length:,} of them written"
    source.write(Path("markov.txt"), length, options.seed)
    begin = time.perf_counter()
    model = charnn.train(
        "markov.txt", steps=options.steps, hidden_size=options.hidden_size, pointer=0, seed=0
    )
    seconds = time.perf_counter() - begin
    training = model.checkpoint.metadata["training"]
    seen = options.steps * training["batch_size"] * training["seq_len"]
    yield "training", f"{options.steps:,} updates, {seen:,} letters, {seconds:.0f} s"
    of_model, of_source = scored_losses(model, source)
    excess = of_model - of_source
    count = math.sqrt(len(excess))
    error, share = excess.std() / count, excess.mean() / source.entropy()
    yield "entropy of the source, exactly", f"{source.entropy():.5f} nats/char"
    for name, losses in (("the source", of_source), ("the model", of_model)):
        mean, noise = losses.mean(), losses.std() / count
        yield f"loss of {name}, {len(losses):,} letters", f"{mean:.5f} (standard error {noise:.5f})"
    yield "model - source, the same letters", f"{excess.mean():.5f} (standard error {error:.5f})"
    yield "above the entropy", f"{share:.2%}"
    if not -LARGEST_GAIN * error <= excess.mean() <= LARGEST_EXCESS * source.entropy():
        sys.exit("the loss is not within 1 % above the entropy")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--megabytes", type=float, default=100)
    parser.add_argument("--order", type=int, default=1)
    parser.add_argument("--letters", type=int, default=LETTERS)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--hidden-size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        for name, value in rows(options):
            print(f"| {name} | {value} |", flush=True)


if __name__ == "__main__":
    main()
