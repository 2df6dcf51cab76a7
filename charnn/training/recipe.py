"""What is chosen when the user says nothing: sizes that suit the corpus, the budget, the device.

The figures behind the choices are in `benchmarks/quality.md`. On a CPU small batches, hence many
updates, win at equal time, and one wide layer beats two. What is read often is learned by heart,
unless much is silenced meanwhile.
"""

from dataclasses import dataclass

from charnn.errors import CorpusError, UsageError
from charnn.training.training_config import Budget

DEFAULT_MINUTES = 4.0
DEFAULT_EPOCHS = 120.0


@dataclass(frozen=True)
class Preset:
    """A size of the model by name.

    Args:
        num_layers: as in `ModelConfig`, like the next two.
        hidden_size: units of each layer.
        embedding_size: width of a symbol's vector.
        lr: the learning rate that suits it.
        least_characters: of the training part, for it to be chosen by itself, and
        least_work: characters that the run goes through, all passes counted.
    """

    num_layers: int
    hidden_size: int
    embedding_size: int
    lr: float
    least_characters: float
    least_work: float


PRESETS = {
    "tiny": Preset(1, 192, 64, 12e-3, least_characters=0, least_work=0),
    "small": Preset(1, 384, 64, 10e-3, least_characters=150e3, least_work=0.7e6),
    "medium": Preset(1, 512, 64, 6e-3, least_characters=300e3, least_work=5e6),
    "large": Preset(1, 640, 64, 5e-3, least_characters=300e3, least_work=25e6),
}
AUTO = "auto"

# Dropout of units and of recurrent weights, from so many passes over the training part: what is
# seen but a few times is not learned by heart.
REGULARISATION = {0: (0.0, 0.0), 6: (0.3, 0.0), 20: (0.5, 0.3)}

# Of the usual learning rate, for a model that has learned something before.
FINE_TUNING = 1 / 2

LEAST_CHARACTERS = 200
LEAST_WINDOWS = 4
LEAST_SEQ_LEN = 16


@dataclass(frozen=True)
class Machine:
    """What suits a kind of device: rows and characters of a batch; and how many characters a second
    it trains on, roughly, to tell the work of a budget in minutes."""

    batch_size: int
    seq_len: int
    speed: float


CPU = Machine(batch_size=16, seq_len=64, speed=40e3)
GPU = Machine(batch_size=64, seq_len=128, speed=500e3)


@dataclass(frozen=True)
class Recipe:
    """What suits a corpus and a budget; names as in `ModelConfig` and `TrainingConfig`."""

    preset: Preset
    dropout: float
    weight_drop: float
    batch_size: int
    seq_len: int


def default_budget() -> Budget:
    """A few minutes, but no more passes than a small corpus can bear."""
    return Budget(minutes=DEFAULT_MINUTES, epochs=DEFAULT_EPOCHS)


def recipe(characters: int, budget: Budget, device: str, preset: str = AUTO) -> Recipe:
    """What suits a training part of `characters`, to be trained for `budget` on `device`.

    Raises:
        UsageError: there is no such preset.
    """
    machine = CPU if device == "cpu" else GPU
    passes = passes_of(characters, budget, device, machine.batch_size * machine.seq_len)
    if preset == AUTO:
        # The smallest suits always; of those that do, the largest.
        *_, chosen = (
            one
            for one in PRESETS.values()
            if characters >= one.least_characters and passes * characters >= one.least_work
        )
    else:
        chosen = find_preset(preset)
    *_, shares = (each for least, each in REGULARISATION.items() if passes >= least)
    return Recipe(chosen, *shares, machine.batch_size, machine.seq_len)


def find_preset(name: str) -> Preset:
    """The preset of that name.

    Raises:
        UsageError: there is none.
    """
    if name not in PRESETS:
        names = ", ".join([AUTO, *PRESETS])
        raise UsageError(f"--preset {name} is unknown: choose one of {names}")
    return PRESETS[name]


def passes_of(characters: int, budget: Budget, device: str, characters_per_step: int) -> float:
    """How many passes over a training part of `characters` a budget is: about, if in minutes."""
    speed = (CPU if device == "cpu" else GPU).speed
    limits = (
        (budget.minutes, 60 * speed / characters),
        (budget.epochs, 1),
        (budget.steps, characters_per_step / characters),
    )
    return min(limit * each for limit, each in limits if limit is not None)


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
            f"the characters to train on ({characters}) are too few to learn from: give at least "
            f"{LEAST_CHARACTERS}, better 20,000, by more text or less --val-fraction"
        )
    shortest = min(seq_len, LEAST_SEQ_LEN)
    while seq_len > shortest and characters < batch_size * seq_len * LEAST_WINDOWS:
        seq_len = max(shortest, seq_len // 2)
    while batch_size > 1 and characters < batch_size * seq_len * LEAST_WINDOWS:
        batch_size //= 2
    while seq_len > 1 and characters < seq_len * LEAST_WINDOWS:
        seq_len //= 2
    return batch_size, seq_len
