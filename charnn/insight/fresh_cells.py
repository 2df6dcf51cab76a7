"""Small models with fresh weights, and a short training of them, without a run and its files."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.batches import Batches
from charnn.corpus.vocabulary import Vocabulary
from charnn.errors import CharnnError, CorpusError
from charnn.insight.cell_variants import CellVariant
from charnn.model.config import ModelConfig
from charnn.model.network import Network, export_weights, import_weights
from charnn.training.ema import Average
from charnn.training.optimizer import AdamW
from charnn.training.recipe import CPU, MIN_CHARACTERS, PRESETS
from charnn.training.schedule import learning_rate
from charnn.training.segment_feed import feed_segments
from charnn.training.trainer_state import TrainerState
from charnn.training.training_config import MAX_GRADIENT, Budget, TrainingConfig
from charnn.training.weight_update import update_weights

_PRESET = PRESETS["tiny"]


@dataclass(frozen=True)
class ShortTraining:
    """The figures of a short training.

    Attributes:
        losses: [N] the mean loss of each update's segment, in nats per character.
        norms: [N] the norm of each update's gradient, before clipping.
        clip: the largest norm; 0 without clipping.
        seconds: the time that the training took.
    """

    losses: NDArray[np.float64]
    norms: NDArray[np.float64]
    clip: float
    seconds: float

    @property
    def clipped_share(self) -> float:
        """Return the share of the updates whose gradient was clipped."""
        return float((self.norms > self.clip).mean()) if self.clip else 0.0

    @property
    def clipped_norms(self) -> NDArray[np.float64]:
        """Return the norm of each update's gradient after clipping, [N]."""
        return np.minimum(self.norms, self.clip) if self.clip else self.norms

    @property
    def last_loss(self) -> float:
        """Return the mean loss of the last tenth of the updates, in nats per character."""
        return float(self.losses[-max(1, len(self.losses) // 10) :].mean())


def fresh_checkpoint(
    variant: CellVariant, vocabulary: Vocabulary, *, documents: int = 1, seed: int = 0
) -> Checkpoint:
    """Return an untrained model of the size `tiny`, without a pointer.

    Args:
        variant: the cell, and its forget bias.
        vocabulary: the tokens.
        documents: the number of documents that the model will read.
        seed: the seed of the weights.
    """
    sizes = (_PRESET.num_layers, _PRESET.hidden_size, _PRESET.embedding_size)
    config = ModelConfig(len(vocabulary), variant.cell, *sizes)
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = Network(config)
    weights = export_weights(network)
    if variant.forget_bias is not None:
        begin = network.cell.gates.index("forget") * config.hidden_size
        for layer in range(config.num_layers):
            bias = weights[f"layers.{layer}.bias_hh_l0"]
            bias[begin : begin + config.hidden_size] = variant.forget_bias
    return Checkpoint(config, vocabulary, weights, {"documents": documents})


def train_briefly(
    checkpoint: Checkpoint, variant: CellVariant, ids: NDArray[Any], *, steps: int, seed: int = 0
) -> tuple[Checkpoint, ShortTraining]:
    """Train a fresh model on a text, with the recipe of `charnn train`, on the CPU in float32.

    Args:
        checkpoint: the model.
        variant: the options of the training.
        ids: the text.
        steps: the number of updates.
        seed: the seed of the training.

    Raises:
        CorpusError: the text is too short.
        CharnnError: a loss or a gradient is not finite.
    """
    config = _training_config(variant, len(ids), steps, seed)
    network = Network(checkpoint.config).train()
    import_weights(network, checkpoint.weights)
    optimizer, average = AdamW(network, config.weight_decay), Average(network, config.ema)
    hidden_state = network.initial_state(config.batch_size)
    state = TrainerState(network, optimizer, average, hidden_state)
    batches, check = Batches(ids, config.batch_size, config.seq_len), _finite_check(variant)
    feed, figures = feed_segments(batches, config.device), []
    begin = time.perf_counter()
    for step in range(steps):
        lr = learning_rate(step / steps, config.lr)
        loss, grad_norm = update_weights(state, config, feed, lr).figures.tolist()
        check(step + 1, loss, lr, grad_norm)
        figures.append((loss, grad_norm))
    losses, norms = np.array(figures).T
    trained = Checkpoint(
        checkpoint.config, checkpoint.vocabulary, export_weights(network), checkpoint.metadata
    )
    return trained, ShortTraining(losses, norms, variant.clip, time.perf_counter() - begin)


def _training_config(
    variant: CellVariant, characters: int, steps: int, seed: int
) -> TrainingConfig:
    """Return the options of a training, with a batch that fits the text.

    Raises:
        CorpusError: the text is too short.
    """
    if characters < max(MIN_CHARACTERS, 2 * variant.seq_len):
        raise CorpusError(
            f"the text has {characters:,} characters, but training needs at least "
            f"{max(MIN_CHARACTERS, 2 * variant.seq_len):,} with segments of {variant.seq_len}: "
            "name a longer text, or set --steps 0"
        )
    batch_size = max(1, min(CPU.batch_size, characters // (2 * variant.seq_len)))
    return TrainingConfig(
        budget=Budget(steps=steps),
        batch_size=batch_size,
        seq_len=variant.seq_len,
        lr=_PRESET.lr,
        clip=variant.clip or MAX_GRADIENT,
        gradient_penalty=variant.gradient_penalty,
        seed=seed,
        threads=torch.get_num_threads(),
    )


def _finite_check(variant: CellVariant) -> Callable[[int, float, float, float], None]:
    """Return a function that ends a training whose numbers are no longer finite."""

    def check(step: int, loss: float, lr: float, grad_norm: float) -> None:
        if not np.isfinite([loss, grad_norm]).all():
            clip = "a smaller --clip" if variant.clip else "--clip 1"
            raise CharnnError(
                f"{variant.cell} diverged at step {step} (loss {loss:g}, gradient norm "
                f"{grad_norm:g}): try {clip}"
            )

    return check
