"""Helpers of all tests: real text, small corpora and models, and runs of the program.

Nothing heavy is imported at the top, so that a test without torch does not wait for torch.
"""

import os
import subprocess
import sys
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.char_vocabulary import CharVocabulary
from charnn.corpus.ids import Dataset, prepare
from charnn.corpus.sources import Corpus
from charnn.corpus.text import document
from charnn.model.config import ModelConfig
from tests.forks import Ended, environment, shared_forks

PROJECT = Path(__file__).resolve().parent.parent


@cache
def all_prose() -> str:
    """Return the texts of Python's built-in help, which every installation has."""
    from pydoc_data.topics import topics

    return "\n".join(topics[name] for name in sorted(topics))


def prose(length: int, begin: int = 0) -> str:
    """Return real English text with code in it, ASCII."""
    text = all_prose()[begin : begin + length]
    assert len(text) == length
    return text


def prepared_text(folder: Path, *texts: str, val_fraction: float = 0.1) -> Dataset:
    """Return the dataset of a corpus of one or several documents, stored in `folder`."""
    documents = tuple(document(f"text {number}", text) for number, text in enumerate(texts))
    return prepare(Corpus("corpus", documents), folder, val_fraction)


def random_weights(config: ModelConfig, seed: int = 0, scale: float = 0.3) -> dict[str, Any]:
    """Return normally distributed weights with standard deviation `scale`."""
    random = np.random.default_rng(seed)
    return {
        name: (scale * random.standard_normal(shape)).astype(np.float32)
        for name, shape in config.parameter_shapes().items()
    }


def random_checkpoint(
    text: str, *, seed: int = 0, scale: float = 0.3, documents: int = 1, **shape: Any
) -> Checkpoint:
    """Return an untrained model of the characters of `text`."""
    vocabulary = CharVocabulary(text)
    config = ModelConfig(vocab_size=len(vocabulary), **{"hidden_size": 8, **shape})
    return Checkpoint(
        config, vocabulary, random_weights(config, seed, scale), {"documents": documents}
    )


def reciting_checkpoint(text: str, *, separator_after: str = "", documents: int = 1) -> Checkpoint:
    """Return a model that writes the distinct characters of `text` in turn, again and again.

    Each character is followed by the next one, and the last by the first. With `separator_after`,
    that character is followed by the end of the document instead, and a document begins with the
    first character.
    """
    order = list(dict.fromkeys(text))
    vocabulary = CharVocabulary(order)
    size = len(vocabulary)
    config = ModelConfig(
        vocab_size=size, cell="rnn", num_layers=1, hidden_size=size, embedding_size=None
    )
    weights = {
        name: np.zeros(shape, np.float32) for name, shape in config.parameter_shapes().items()
    }
    weights["embedding.weight"] += 5 * np.eye(size, dtype=np.float32)
    ids = [int(vocabulary.encode(character)[0]) for character in order]
    after = dict(zip(ids, [*ids[1:], ids[0]], strict=True))
    after[0] = after[1] = ids[0]
    if separator_after:
        after[int(vocabulary.encode(separator_after)[0])] = 1
    for symbol, following in after.items():
        weights["head.weight"][following, symbol] = 50
    return Checkpoint(config, vocabulary, weights, {"documents": documents})


def save_run(folder: Path, name: str, checkpoint: Checkpoint) -> Path:
    """Save a checkpoint where `charnn sample` looks for runs; return its path."""
    path = folder / "checkpoints" / name / "best.safetensors"
    path.parent.mkdir(parents=True)
    checkpoint.save(path)
    return path


def charnn(folder: Path, *arguments: str | Path, stdin: bytes = b"", **changes: str) -> Ended:
    """Run a command of the program in `folder`, in a fork where the system has forks.

    The tests of signals, terminals and start-up run the program itself.

    Args:
        folder: the working folder of the command.
        *arguments: arguments of the program.
        stdin: the content of its standard input.
        **changes: changes of the environment.
    """
    if hasattr(os, "fork"):
        return shared_forks()(folder, *arguments, stdin=stdin, **changes)
    return charnn_process(folder, *arguments, stdin=stdin, **changes)


def charnn_process(
    folder: Path, *arguments: str | Path, stdin: bytes = b"", timeout: float = 60, **changes: str
) -> Ended:
    """Run the program itself, with pipes for all three streams; see `charnn`."""
    ended = subprocess.run(
        command(*arguments),
        cwd=folder,
        input=stdin,
        capture_output=True,
        timeout=timeout,
        env=environment(**changes),
        check=False,
    )
    return Ended(ended.returncode, ended.stdout, ended.stderr)


def command(*arguments: str | Path) -> Sequence[str]:
    """Return the command line that runs the program with the Python of the tests."""
    return [sys.executable, "-m", "charnn", *map(str, arguments)]
