"""charnn as a subject: the only file here that knows its inside.

Whatever can be, is done by `charnn.train`, `charnn.load` and the commands. What else is used of it:
`Checkpoint`, `ModelConfig` and `Vocabulary` for a model that was never trained (it is as fast as
any other); the sampler's own scores for a sweep in its own precision; `open_corpus` and `prepare`
to number a text without training on it.
"""

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.child import CHARNN, Pace, new_folder, run
from benchmarks.setting import Setting

if TYPE_CHECKING:
    from charnn.library import Model

FOREVER = 10**9


def write_text(corpus: str, path: Path) -> None:
    """Write a corpus, a file or one that charnn knows by name, as one text."""
    from charnn.corpus.sources import open_corpus

    with path.open("w", encoding="utf-8") as file:
        for document in open_corpus([corpus]).documents:
            file.writelines(document.chunks())


def trained(setting: Setting, corpus: str | Path, steps: int, *options: str) -> Path:
    """The run of a model that has learned for so many steps."""
    folder = new_folder(setting)
    command = [*CHARNN, "train", corpus, "--steps", str(steps), "--name", "run", *options]
    run(command, folder)
    return folder / "checkpoints" / "run"


def untrained(setting: Setting, cell: str, num_layers: int, hidden_size: int) -> Path:
    """The run of a model of the text's characters with random weights."""
    import numpy as np

    from charnn.corpus.vocabulary import Vocabulary
    from charnn.model.checkpoint import Checkpoint
    from charnn.model.config import ModelConfig

    vocabulary = Vocabulary(setting.text.read_text(encoding="utf-8"))
    config = ModelConfig(len(vocabulary), cell, num_layers, hidden_size)
    random, bound = np.random.default_rng(0), hidden_size**-0.5
    weights = {
        name: random.uniform(-bound, bound, shape).astype(np.float32)
        for name, shape in config.parameter_shapes().items()
    }
    path = new_folder(setting) / "best.safetensors"
    Checkpoint(config, vocabulary, weights, {"documents": 1}).save(path)
    return path


def weight_bytes(path: Path) -> int:
    """How many bytes of weights one character has to read, at the precision of the sampler.

    The first layer's input weights are a table of which a character reads one row.
    """
    from charnn.model.checkpoint import load_checkpoint

    config = load_checkpoint(path).config
    matrices = [
        rows * columns[0]
        for name, (rows, *columns) in config.parameter_shapes().items()
        if columns and name not in ("embedding.weight", "layers.0.weight_ih_l0")
    ]
    return 4 * sum(matrices)


def train(pace: Pace, text: str, **options: Any) -> None:
    """Contender: training, in characters a second."""
    import charnn

    pace.worth = options["batch_size"] * options["seq_len"]
    if options.get("device") == "cuda":
        import torch

        pace.settle = torch.cuda.synchronize
    charnn.train(text, steps=FOREVER, should_stop=pace.next_is_unwanted, **options)


def sample(pace: Pace, run: str, **options: Any) -> None:
    """Contender: one stream of text, in characters a second."""
    import charnn

    model = charnn.load(run)
    texts = (model.stream(seed=seed, length=FOREVER, **options) for seed in itertools.count())
    for _ in zip(pace, itertools.chain.from_iterable(texts), strict=False):
        pass


def write_tunes(pace: Pace, run: str, **options: Any) -> None:
    """Contender: tunes one after the other, in characters a second."""
    import charnn

    tunes = charnn.load(run).tunes(FOREVER, **options)
    for _ in pace:
        pace.worth = len(next(tunes))


def sampled_loss(model: "Model", text: str) -> float:
    """Nats a character by the scores that the sampler draws from, the state carried.

    The other figure to compare it with is `Model.evaluate`, in fp32 by torch.
    """
    import numpy as np

    sampler = model._sampler
    loss, scores = 0.0, sampler.stepper.feed(sampler.start)
    for symbol in sampler.vocabulary.encode(text):
        top = float(scores.max())
        loss += (
            top + math.log(np.exp(scores.astype(np.float64) - top).sum()) - float(scores[symbol])
        )
        scores = sampler.stepper.feed(int(symbol))
    return loss / len(text)


def print_loss_of_precision(run: str, text: str, begin: str, length: str) -> None:
    """Print by how many nats a character the sampler predicts a piece of the text worse than the
    network does in fp32."""
    import charnn

    model = charnn.load(run)
    piece = Path(text).read_text(encoding="utf-8")[int(begin) :][: int(length)]
    print(sampled_loss(model, piece) - model.evaluate(piece).nats_per_char)


def encode(text: str, val_fraction: str) -> None:
    """Number a text, and keep the ids in the working folder as training would."""
    from charnn.corpus.ids import prepare
    from charnn.corpus.sources import open_corpus

    prepare(open_corpus([text]), Path("data"), float(val_fraction))
