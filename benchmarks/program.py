"""The interface of the benchmarks to charnn: the only file here that uses charnn's internals.

`charnn.train`, `charnn.load` and the commands do as much as they can. The rest uses `Checkpoint`,
`ModelConfig` and `CharVocabulary` for an untrained model, which is as fast as a trained one;
`Stepper` for the sampler's logits and the size of its weights (every faster stepper gives the same
logits); `TuneWriter` to write tunes one by one; `open_corpus` and `prepare` to encode a text
without training.
"""

import itertools
import math
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.child import CHARNN, Pace, call, new_folder, run
from benchmarks.setting import Setting

if TYPE_CHECKING:
    from charnn.checkpoints.checkpoint import Tensors
    from charnn.inference.quantised import Int8Matrix
    from charnn.inference.stepper import Stepper
    from charnn.library import Model
    from charnn.model.config import ModelConfig

FOREVER = 10**9


def write_text(corpus: str, path: Path) -> None:
    """Write a corpus, a file or a built-in name, as one text."""
    from charnn.corpus.sources import open_corpus

    with path.open("w", encoding="utf-8") as file:
        for document in open_corpus([corpus]).documents:
            file.writelines(document.chunks())


@cache
def trained(setting: Setting, corpus: str | Path, num_layers: int, hidden_size: int) -> Path:
    """Return the run of an LSTM trained long enough to write something like words; all callers
    share it."""
    folder, steps = new_folder(setting), 100 if setting.quick else 500
    size = ["--num-layers", str(num_layers), "--hidden-size", str(hidden_size)]
    run([*CHARNN, "train", corpus, "--steps", str(steps), "--name", "run", *size], folder)
    return folder / "checkpoints" / "run"


@dataclass(frozen=True)
class Untrained:
    """A model of the text's characters with random weights: its file, and the bytes of weights that
    the sampler reads for a character."""

    path: Path
    weight_bytes: int


def untrained(setting: Setting, cell: str, num_layers: int, hidden_size: int) -> Untrained:
    """Make an untrained model in a separate process."""
    path = new_folder(setting) / "best.safetensors"
    shape = (cell, num_layers, hidden_size)
    made = call("program:make_untrained", setting.folder, path, setting.text, *shape)
    return Untrained(path, int(made.output))


def make_untrained(path: str, text: str, cell: str, num_layers: str, hidden_size: str) -> None:
    """Write the file of an untrained model, and print the bytes; see `Untrained`."""
    import numpy as np

    from charnn.checkpoints.checkpoint import Checkpoint
    from charnn.corpus.char_vocabulary import CharVocabulary
    from charnn.model.config import ModelConfig

    vocabulary = CharVocabulary(Path(text).read_text(encoding="utf-8"))
    config = ModelConfig(len(vocabulary), cell, int(num_layers), int(hidden_size))
    random, bound = np.random.default_rng(0), config.hidden_size**-0.5
    weights = {
        name: random.uniform(-bound, bound, shape).astype(np.float32)
        for name, shape in config.parameter_shapes().items()
    }
    Checkpoint(config, vocabulary, weights, {"documents": 1}).save(Path(path))
    # A character reads one row of the table that replaces the first layer's input weights.
    stepper = sampling_stepper(config, weights)
    matrices = (*stepper.recurrent, *stepper.input, stepper.head)
    print(sum(matrix.int8_RK.nbytes for matrix in matrices))


def sampling_stepper(config: "ModelConfig", weights: "Tensors") -> "Stepper[Int8Matrix]":
    """Return a stepper with the weights that sampling uses, at the beginning of a text."""
    from charnn.inference.quantised import Int8Matrix
    from charnn.inference.stepper import Stepper

    return Stepper(config, weights, Int8Matrix)


def train(pace: Pace, text: str, **options: Any) -> None:
    """Contender: training, in characters a second."""
    import charnn

    pace.worth = options["batch_size"] * options["seq_len"]
    if options.get("device") == "cuda":
        import torch

        pace.settle = torch.cuda.synchronize
    charnn.train(text, steps=FOREVER, should_stop=pace.next_is_unwanted, **options)


def sample(pace: Pace, run: str, **options: Any) -> None:
    """Contender: one long stream of text, in characters a second."""
    import charnn

    model = charnn.load(run)
    texts = (model.stream(seed=seed, length=FOREVER, **options) for seed in itertools.count())
    _write_for_ever(pace, itertools.chain.from_iterable(texts))


def write_tunes(pace: Pace, run: str) -> None:
    """Contender: tunes with legal bars, one after the other, in characters a second."""
    import charnn
    from charnn.music.grammar.tune_request import make_request
    from charnn.sampling.params import SamplingParams
    from charnn.tunes.tune_writer import TuneWriter

    writer = TuneWriter(charnn.load(run).checkpoint, make_request(strict=True))
    tunes = (writer.stream(SamplingParams(), seed=seed, length=2000) for seed in itertools.count())
    _write_for_ever(pace, itertools.chain.from_iterable(tunes))


def _write_for_ever(pace: Pace, pieces: Iterator[str]) -> None:
    """Warm up for as long as the sampler does, which compiles in the background for long texts."""
    for _ in itertools.islice(pieces, 6000):
        pass
    while threading.active_count() > 1:
        next(pieces)
    for _, piece in zip(pace, pieces, strict=False):
        pace.worth = len(piece)


def sample_pages(pace: Pace, run: str) -> None:
    """Contender: 2,000 characters from a newly loaded model, as in `charnn sample`, without
    start-up."""
    import charnn

    for _ in pace:
        pace.worth = len(charnn.load(run).sample(length=2000))


def sampled_loss(model: "Model", text: str) -> float:
    """Return the loss in nats per character of the logits that the sampler uses, with the state
    carried."""
    import numpy as np

    stepper = sampling_stepper(model.checkpoint.config, model.checkpoint.weights)
    state = stepper.initial_state(1)
    loss, before = 0.0, model._sampler.start_id
    for token_id in model.checkpoint.vocabulary.encode(text):
        logits = stepper.feed(np.array([before], np.int64), state)[0].astype(np.float64)
        loss += logits.max() + math.log(np.exp(logits - logits.max()).sum()) - logits[token_id]
        before = token_id
    return float(loss) / len(text)


def print_loss_of_precision(run: str, text: str, begin: str, length: str) -> None:
    """Print the sampler's loss minus the network's loss in fp32 on a part of the text, in nats per
    character."""
    import charnn

    model = charnn.load(run)
    piece = Path(text).read_text(encoding="utf-8")[int(begin) :][: int(length)]
    print(sampled_loss(model, piece) - model.evaluate(piece).nats_per_char)


def encode(text: str, val_fraction: str) -> None:
    """Encode a text, and store the ids in the working folder as training does."""
    from charnn.corpus.ids import prepare
    from charnn.corpus.sources import open_corpus

    prepare(open_corpus([text]), Path("data"), float(val_fraction))


def hidden_size_for(cell: str, like: str, hidden_size: int) -> int:
    """Return the units of a one-layer model of one cell that has about as many parameters as a
    model of another cell, with a vocabulary of 67 tokens."""
    from charnn.model.config import ModelConfig

    wanted = ModelConfig(67, like, 1, hidden_size).parameter_count()
    sizes = range(8, 4 * hidden_size, 8)
    return min(sizes, key=lambda h: abs(ModelConfig(67, cell, 1, h).parameter_count() - wanted))
