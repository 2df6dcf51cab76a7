"""The budget and the options of a run. Their ranges are checked when they are created."""

from dataclasses import asdict, dataclass
from typing import Any

from charnn.errors import UsageError, unknown_choice

DEVICES = ("cpu", "cuda", "mps")
PRECISIONS = ("fp32", "bf16")
# In minutes, epochs or steps: longer than any machine will run.
MAX_BUDGET = 1e12
# Larger than any gradient that can be learned from, and its square still fits into a float32.
MAX_GRADIENT = 1e9
# The learning rate is at most 1, because AdamW changes a weight by up to the learning rate, however
# small the gradient is.
MAXIMA = {
    "lr": 1.0,
    "clip": MAX_GRADIENT,
    "clip_value": MAX_GRADIENT,
    "gradient_penalty": MAX_GRADIENT,
}


@dataclass(frozen=True)
class Budget:
    """The limits of a run. The run ends when the first of the given limits is reached.

    Args:
        minutes: wall time, validation included.
        epochs: passes over the training part.
        steps: updates of the weights.

    Raises:
        UsageError: no limit is given, or one is not above zero.
    """

    minutes: float | None = None
    epochs: float | None = None
    steps: int | None = None

    def __post_init__(self) -> None:
        given = {name: value for name, value in asdict(self).items() if value is not None}
        if not given:
            raise UsageError("a run needs a budget: set --minutes, --epochs or --steps")
        for name, value in given.items():
            if not 0 < value <= MAX_BUDGET:
                raise UsageError(
                    f"--{name} must be above zero and at most {MAX_BUDGET:g}, not {value}"
                )

    def progress(self, seconds: float, epochs: float, steps: int) -> float:
        """Return the share of the budget that is spent, in [0, 1]."""
        spent = [
            seconds / (60 * self.minutes) if self.minutes else 0.0,
            epochs / self.epochs if self.epochs else 0.0,
            steps / self.steps if self.steps else 0.0,
        ]
        return min(1.0, max(spent))


@dataclass(frozen=True)
class TrainingConfig:
    """The options of a run. Checkpoints contain them, so the names are part of the format.

    Args:
        budget: how long to train.
        batch_size: the number of rows B of a batch.
        accumulate: the number of parts in which the rows of a batch are trained, one after the
            other, before an update.
        seq_len: the number of tokens T of a segment, the length of backpropagation through time.
        lr: the peak learning rate.
        clip: the largest norm of the gradient over all parameters (Pascanu et al. 2013).
        clip_value: the largest absolute value in the gradient, instead of `clip`; None to clip the
            norm.
        gradient_penalty: the weight of the penalty against vanishing gradients, see
            `charnn.training.penalty`.
        weight_decay: AdamW's weight decay (Loshchilov & Hutter 2019), on matrices only.
        ema: the decay of the weights' running average, see `charnn.training.ema`; 0 for no average.
        patience: the run stops after this many validations in a row without a new lowest loss; 0
            never stops the run.
        save_every: the run is saved after every `save_every` steps, and also at every validation;
            0 switches the former saves off.
        shuffle: whether each epoch reads the documents in a new order. Runs of earlier versions did
            not.
        seed: the seed of the initial weights, of dropout and of the order of documents.
        device: "cpu", "cuda" or "mps".
        precision: "fp32", or "bf16" for the matrix products.
        threads: the number of CPU threads; 0 measures the fastest number.

    Raises:
        UsageError: a value is out of range.
    """

    budget: Budget
    # `charnn.training.plan` sets the first three by corpus, device and preset. The figures below
    # are from benchmarks/quality.md: tinyshakespeare, 1 x 384.
    batch_size: int = 16
    accumulate: int = 1
    # In equal time, segments of 32 end at 1.502 nats instead of 1.492.
    seq_len: int = 64
    lr: float = 6e-3
    # Clipping hardly changes the loss of a run that does not diverge; it prevents divergence.
    clip: float = 1.0
    clip_value: float | None = None
    gradient_penalty: float = 0.0
    # A decay of 0.1 ends at 1.498 nats instead of 1.492.
    weight_decay: float = 0.01
    # Off: an average gains 0.12 nats without a schedule, but nothing in addition to a schedule.
    ema: float = 0.0
    patience: int = 8
    save_every: int = 0
    shuffle: bool = False
    seed: int = 0
    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 0

    def __post_init__(self) -> None:
        self._check_whole_numbers()
        for name, choices in (("device", DEVICES), ("precision", PRECISIONS)):
            if getattr(self, name) not in choices:
                raise unknown_choice(f"--{name}", str(getattr(self, name)), choices)
        for name in ("lr", "clip", "clip_value"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= MAXIMA[name]:
                raise UsageError(
                    f"{option_name(name)} must be above zero and at most {MAXIMA[name]:g}, "
                    f"not {value}"
                )
        if not 0 <= self.gradient_penalty <= MAX_GRADIENT:
            raise UsageError(
                f"--gradient-penalty must lie in 0..{MAX_GRADIENT:g}, not {self.gradient_penalty}"
            )
        for name in ("weight_decay", "ema"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise UsageError(f"{option_name(name)} must be at least 0 and below 1, not {value}")

    def _check_whole_numbers(self) -> None:
        for name, low, high in (
            ("batch_size", 1, 1_000_000),
            ("accumulate", 1, 1_000_000),
            ("seq_len", 1, 1_000_000),
            ("patience", 0, 1_000_000_000),
            ("save_every", 0, 1_000_000_000),
            ("seed", 0, 2**63 - 1),
            ("threads", 0, 1024),
        ):
            value = getattr(self, name)
            # A checkpoint is read from JSON, which can contain true or 8.0 in place of a number.
            if type(value) is not int or not low <= value <= high:
                raise UsageError(
                    f"{option_name(name)} must be a whole number in {low}..{high}, not {value}"
                )

    def to_json(self) -> dict[str, Any]:
        """Return the options as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "TrainingConfig":
        """Return the options from the JSON values that `to_json` returned.

        Earlier versions of charnn accepted larger numbers. Such numbers are reduced to today's
        maxima. The reduction changes no training that did not diverge.
        """
        reduced = {
            name: min(value[name], maximum)
            for name, maximum in MAXIMA.items()
            if value.get(name) is not None
        }
        return cls(**{**value, **reduced, "budget": Budget(**value["budget"])})


def option_name(name: str) -> str:
    """Return an option as it is typed on the command line: `--hidden-size` for `hidden_size`."""
    return "--" + name.replace("_", "-")
