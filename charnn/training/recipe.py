"""What is chosen when the user says nothing: sizes that suit the corpus, the budget, the device.

The figures behind the choices are in `benchmarks/RESULTS.md`. On a CPU small batches, hence many
updates, win at equal time, and one wide layer beats two; a small corpus wants a small model and
more dropout.
"""

from dataclasses import dataclass

from charnn.errors import CorpusError
from charnn.training.config import Budget

DEFAULT_MINUTES = 4.0
DEFAULT_EPOCHS = 40.0

# Of the usual learning rate, for a model that has learned something before.
FINE_TUNING = 1 / 2

LEAST_CHARACTERS = 200
LEAST_WINDOWS = 4
LEAST_SEQ_LEN = 16


@dataclass(frozen=True)
class Recipe:
    """Sizes that suit a corpus; names as in `ModelConfig` and `TrainingConfig`."""

    num_layers: int
    hidden_size: int
    embedding_size: int
    dropout: float
    batch_size: int
    seq_len: int
    lr: float


def default_budget() -> Budget:
    """A few minutes, but no more passes than a small corpus can bear."""
    return Budget(minutes=DEFAULT_MINUTES, epochs=DEFAULT_EPOCHS)


def recipe(characters: int, budget: Budget, device: str) -> Recipe:
    """Sizes for a training part of `characters`, to be trained for `budget` on `device`."""
    minutes = budget.minutes or DEFAULT_MINUTES
    if device != "cpu":
        hidden, layers, dropout = (512, 2, 0.4) if characters > 300_000 else (256, 2, 0.5)
        return Recipe(layers, hidden, 64, dropout, batch_size=64, seq_len=128, lr=4e-3)
    if characters < 50_000:
        hidden, dropout = 128, 0.3
    elif characters < 300_000:
        hidden, dropout = 256, 0.3
    elif minutes <= 0.3:
        hidden, dropout = 192, 0.0
    elif minutes <= 2:
        hidden, dropout = 384, 0.0
    else:
        hidden, dropout = 512, 0.3
    lr = 12e-3 if minutes <= 0.3 else 8e-3 if minutes <= 2 else 6e-3
    return Recipe(1, hidden, 64, dropout, batch_size=16, seq_len=64, lr=lr)


def fit_to_corpus(characters: int, batch_size: int, seq_len: int) -> tuple[int, int]:
    """The batch and window that a training part of `characters` (or tokens) can fill: at most those
    given.

    An epoch is to have at least a few windows, or there is nothing to carry a state over. The
    window shrinks first, down to a length that still teaches words, then the number of rows.

    Raises:
        CorpusError: the part is too small for anything.
    """
    if characters < LEAST_CHARACTERS:
        raise CorpusError(
            f"the training part has {characters} characters, which is too few to learn from: give "
            f"it at least {LEAST_CHARACTERS}, better 20,000, by more text or less --val-fraction"
        )
    shortest = min(seq_len, LEAST_SEQ_LEN)
    while seq_len > shortest and characters < batch_size * seq_len * LEAST_WINDOWS:
        seq_len = max(shortest, seq_len // 2)
    while batch_size > 1 and characters < batch_size * seq_len * LEAST_WINDOWS:
        batch_size //= 2
    while seq_len > 1 and characters < seq_len * LEAST_WINDOWS:
        seq_len //= 2
    return batch_size, seq_len
