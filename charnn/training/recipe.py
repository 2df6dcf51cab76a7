"""The default sizes and rates of a run, which suit the corpus, the budget and the device.

The measurements behind the presets and the dropout are in `benchmarks/quality.md`. On a CPU, small
batches reach a lower loss in equal time, because they allow more updates. A text that is read many
times is learned by heart unless the dropout is strong.
"""

from dataclasses import dataclass

from charnn.errors import CorpusError, UsageError, unknown_choice
from charnn.training.training_config import Budget

DEFAULT_MINUTES = 4.0
# With the dropout below, the best loss on 20 kB of code comes at 96 % of 120 epochs
# (benchmarks/quality.md, "Dropout").
DEFAULT_EPOCHS = 120.0


@dataclass(frozen=True)
class Preset:
    """A named size of the model.

    Attributes:
        num_layers: see `ModelConfig`.
        hidden_size: see `ModelConfig`.
        embedding_size: see `ModelConfig`.
        lr: the peak learning rate that suits the size.
        min_characters: the fewest characters of a training part for which `auto` chooses the size.
        min_trained: the fewest characters to train on, summed over all epochs, for which `auto`
            chooses the size.
    """

    num_layers: int
    hidden_size: int
    embedding_size: int
    lr: float
    min_characters: float
    min_trained: float


# The embedding is narrow on purpose: with 64 instead of 384 dimensions a step of 384 hidden units
# takes 18 instead of 39 ms, and 128 dimensions lose 0.015 nats at equal updates.
# The rate is not critical: with a pointer, 1 x 384 ends at 1.374 nats after 2,200 updates with
# 0.006 as with 0.004, and after 2,700 at 1.349, or at 1.355 with 0.010.
# In ascending order: `auto` chooses the largest size that suits both the corpus and the budget.
PRESETS = {
    "tiny": Preset(1, 192, 64, 12e-3, min_characters=0, min_trained=0),
    "small": Preset(1, 384, 64, 6e-3, min_characters=150e3, min_trained=0.7e6),
    "medium": Preset(1, 512, 64, 6e-3, min_characters=300e3, min_trained=5e6),
    "large": Preset(1, 640, 64, 5e-3, min_characters=300e3, min_trained=25e6),
}
AUTO = "auto"

# (dropout, weight drop) by the smallest number of epochs for which they are used. A text that is
# read only a few times is not learned by heart, so dropout would only slow the training down: over
# 40 epochs of 100 kB the stronger dropout lowers the loss from 1.715 to 1.598, in half a minute of
# training any dropout raises it (benchmarks/quality.md). The limit of 20 epochs is a guess between
# two runs that were measured, of 12 and of 33 epochs.
REGULARISATION = {0: (0.0, 0.0), 6: (0.3, 0.0), 20: (0.5, 0.3)}

# The share of the preset's learning rate for fine-tuning. Of the rates 0.008, 0.004, 0.0027 and
# smaller ones, 0.004 was best or within 0.016 of the best on three corpora, for a model that
# trains at 0.008 from random weights (benchmarks/RESULTS.md).
FINE_TUNING_LR = 1 / 2

# The steps that the pointer remembers. On tinyshakespeare (1 x 384, 2,700 updates), 2,048 steps
# end at 1.354 nats, 512 at 1.354, 256 at 1.396, none at 1.481 (benchmarks/quality.md).
POINTER = 512
# In shorter documents, such as names, nothing repeats.
MIN_POINTED_LENGTH = 50

MIN_CHARACTERS = 200
# With fewer segments in an epoch, hardly any segment starts from a carried hidden state.
MIN_SEGMENTS = 4
# A shorter segment is hardly longer than a word, and the error flows back no further.
MIN_SEQ_LEN = 16


@dataclass(frozen=True)
class Machine:
    """The batch size, the segment length and the speed of a kind of device.

    Attributes:
        batch_size: the rows of a batch.
        seq_len: the tokens of a segment.
        speed: the approximate training speed in characters per second, to convert minutes to
            epochs.
    """

    batch_size: int
    seq_len: int
    speed: float


# On a CPU many small updates win at equal time: batch 16 reaches a lower loss in a minute than 32.
CPU = Machine(batch_size=16, seq_len=64, speed=28e3)
GPU = Machine(batch_size=64, seq_len=128, speed=500e3)
# A GPU trains up to this number of rows at once, see `charnn.training.card_batch`.
MAX_GPU_ROWS = 512


@dataclass(frozen=True)
class Recipe:
    """The defaults for a corpus and a budget. Each field has the name of its option."""

    preset: Preset
    dropout: float
    weight_drop: float
    pointer: int
    batch_size: int
    seq_len: int


def default_budget() -> Budget:
    """Return the budget of a run for which none is set.

    The budget is a few minutes. It also limits the epochs, so that a small corpus is not learned by
    heart.
    """
    return Budget(minutes=DEFAULT_MINUTES, epochs=DEFAULT_EPOCHS)


def choose_recipe(
    characters: int, budget: Budget, device: str, preset: str = AUTO, documents: int = 1
) -> Recipe:
    """Return the defaults of a run.

    Args:
        characters: the number of characters in the training part.
        budget: the budget of the run.
        device: "cpu", "cuda" or "mps".
        preset: the name of a preset, or "auto".
        documents: the number of documents of the corpus.

    Raises:
        UsageError: the preset is unknown.
    """
    machine = CPU if device == "cpu" else GPU
    epochs = estimate_epochs(characters, budget, device, machine.batch_size * machine.seq_len)
    if preset == AUTO:
        *_, chosen = (
            each
            for each in PRESETS.values()
            if characters >= each.min_characters and epochs * characters >= each.min_trained
        )
    else:
        chosen = find_preset(preset)
    *_, dropout = (rates for minimum, rates in REGULARISATION.items() if epochs >= minimum)
    pointer = POINTER if characters >= MIN_POINTED_LENGTH * documents else 0
    return Recipe(chosen, *dropout, pointer, machine.batch_size, machine.seq_len)


def find_preset(name: str) -> Preset:
    """Return the preset of that name.

    Raises:
        UsageError: no preset has that name.
    """
    if name not in PRESETS:
        raise unknown_choice("--preset", name, [AUTO, *PRESETS])
    return PRESETS[name]


def estimate_epochs(
    characters: int, budget: Budget, device: str, characters_per_step: int
) -> float:
    """Return the number of epochs that fit into a budget; an estimate for a budget in minutes.

    An epoch is a pass over a training part of `characters` characters.
    """
    speed = (CPU if device == "cpu" else GPU).speed
    limits = (
        (budget.minutes, 60 * speed / characters),
        (budget.epochs, 1),
        (budget.steps, characters_per_step / characters),
    )
    return min(limit * epochs for limit, epochs in limits if limit is not None)


def expect_known(unknown: int, characters: int) -> None:
    """Refuse a given vocabulary that lacks more than half of the training part.

    Every vocabulary has spaces, so a Cyrillic one knows a fifth of an English text. A model that
    reads nothing else has not learned the text.

    Args:
        unknown: the number of training characters that are not in the vocabulary.
        characters: the number of training characters.

    Raises:
        UsageError: it lacks more than half.
    """
    if 2 * unknown > characters:
        raise UsageError(
            f"--vocab lacks {unknown:,} of the {characters:,} characters to train on, more than "
            "half: name a text in the same script, or a run that was trained on one"
        )


def fit_to_corpus(ids: int, batch_size: int, seq_len: int) -> tuple[int, int]:
    """Return the batch size and segment length that a training part can fill.

    Neither number is increased. An epoch should have at least `MIN_SEGMENTS` segments. To reach
    them, the segment length is halved down to `MIN_SEQ_LEN`, then the batch size is halved down to
    1, then the segment length is halved again.

    Args:
        ids: the tokens of the training part.
        batch_size: the wanted number of rows B.
        seq_len: the wanted number of tokens T of a segment.

    Raises:
        CorpusError: the training part has fewer than `MIN_CHARACTERS` tokens.
    """
    if ids < MIN_CHARACTERS:
        raise CorpusError(
            f"the corpus has {ids} characters to train on, but training needs at least "
            f"{MIN_CHARACTERS}; 20,000 or more is recommended. "
            "Add text, or set a smaller --val-fraction"
        )
    shortest = min(seq_len, MIN_SEQ_LEN)
    while seq_len > shortest and ids < batch_size * seq_len * MIN_SEGMENTS:
        seq_len = max(shortest, seq_len // 2)
    while batch_size > 1 and ids < batch_size * seq_len * MIN_SEGMENTS:
        batch_size //= 2
    while seq_len > 1 and ids < seq_len * MIN_SEGMENTS:
        seq_len //= 2
    return batch_size, seq_len
