"""How a run is trained: its budget and its options, validated once."""

from dataclasses import asdict, dataclass
from typing import Any

from charnn.errors import UsageError

DEVICES = ("cpu", "cuda", "mps")
PRECISIONS = ("fp32", "bf16")
# Of minutes, epochs or steps: more than any machine lives.
MAX_BUDGET = 1e12
# More than any gradient that can be learned from; its square is far from what a float32 holds.
LARGE = 1e9
# AdamW moves a weight by up to the learning rate, whatever the gradient.
HIGHEST = {"lr": 1.0, "clip": LARGE, "clip_value": LARGE, "gradient_penalty": LARGE}


@dataclass(frozen=True)
class Budget:
    """How long to train: whichever of the given limits comes first.

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
            raise UsageError("give a budget: --minutes, --epochs or --steps")
        for name, value in given.items():
            if not 0 < value <= MAX_BUDGET:
                raise UsageError(
                    f"--{name} must be above zero and at most {MAX_BUDGET:g}, not {value}"
                )

    def progress(self, seconds: float, epochs: float, steps: int) -> float:
        """The share of the budget that is spent, in [0, 1]."""
        spent = [
            seconds / (60 * self.minutes) if self.minutes else 0.0,
            epochs / self.epochs if self.epochs else 0.0,
            steps / self.steps if self.steps else 0.0,
        ]
        return min(1.0, max(spent))


@dataclass(frozen=True)
class TrainingConfig:
    """The options of a run.

    Args:
        budget: how long to train.
        batch_size: rows B trained side by side.
        seq_len: characters T through which the error is carried back.
        lr: highest learning rate of the schedule.
        clip: largest norm of the gradient over all parameters (Pascanu et al. 2013).
        clip_value: largest number in the gradient, to both sides of 0, instead of `clip`; None to
            clip by the norm.
        gradient_penalty: weight of the regulariser against vanishing gradients (see
            `charnn.training.penalty`).
        weight_decay: AdamW's (Loshchilov & Hutter 2019), on matrices only.
        ema: share of the weights' running average that a step leaves (see
            `charnn.training.ema`); 0 for no average.
        patience: validations without a new best after which to stop; 0 never stops.
        save_every: steps between saves, besides the save at every validation; 0 for none.
        seed: of the initial weights and of dropout.
        device: "cpu", "cuda" or "mps".
        precision: "fp32", or "bf16" for the products of the forward and backward pass.
        threads: CPU threads; 0 measures at the start which count is fastest.

    Raises:
        UsageError: a value is out of range.
    """

    budget: Budget
    batch_size: int = 16
    seq_len: int = 64
    lr: float = 6e-3
    clip: float = 1.0
    clip_value: float | None = None
    gradient_penalty: float = 0.0
    weight_decay: float = 0.01
    ema: float = 0.0
    patience: int = 8
    save_every: int = 0
    seed: int = 0
    device: str = "cpu"
    precision: str = "fp32"
    threads: int = 0

    def __post_init__(self) -> None:
        for name, low, high in (
            ("batch_size", 1, 1_000_000),
            ("seq_len", 1, 1_000_000),
            ("patience", 0, 1_000_000_000),
            ("save_every", 0, 1_000_000_000),
            ("seed", 0, 2**63 - 1),
            ("threads", 0, 1024),
        ):
            value = getattr(self, name)
            if type(value) is not int or not low <= value <= high:
                raise UsageError(
                    f"--{_option(name)} must be a whole number in {low}..{high}, not {value}"
                )
        for name, known in (("device", DEVICES), ("precision", PRECISIONS)):
            if getattr(self, name) not in known:
                raise UsageError(f"--{name} must be one of {', '.join(known)}")
        for name in ("lr", "clip", "clip_value"):
            value = getattr(self, name)
            if value is not None and not 0 < value <= HIGHEST[name]:
                raise UsageError(
                    f"--{_option(name)} must be above zero and at most {HIGHEST[name]:g}, "
                    f"not {value}"
                )
        if not 0 <= self.gradient_penalty <= LARGE:
            raise UsageError(
                f"--gradient-penalty must lie in 0..{LARGE:g}, not {self.gradient_penalty}"
            )
        for name in ("weight_decay", "ema"):
            if not 0 <= getattr(self, name) < 1:
                raise UsageError(
                    f"--{_option(name)} must be at least 0 and below 1, not {getattr(self, name)}"
                )

    def to_json(self) -> dict[str, Any]:
        """The options as JSON values."""
        return asdict(self)

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "TrainingConfig":
        """The options that `to_json` described; earlier versions took higher numbers, to no other
        effect on what can be learned from."""
        limited = {
            name: min(value[name], most)
            for name, most in HIGHEST.items()
            if value.get(name) is not None
        }
        return cls(**{**value, **limited, "budget": Budget(**value["budget"])})


def _option(name: str) -> str:
    return name.replace("_", "-")
