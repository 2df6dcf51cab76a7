"""The position of a run in its corpus, its budget and its validations."""

from dataclasses import dataclass
from typing import Any

from charnn.training.training_config import MAX_BUDGET, Budget


@dataclass
class Position:
    """A run's position, stored in its checkpoints. The names of the fields are part of the format.

    Attributes:
        step: the number of updates of the weights so far.
        window: the number of the next segment in the epoch, counted from 0.
        seconds: the time spent on the run, the time before each resumption included.
        validated_step: the step of the last validation.
        validated_seconds: the time spent on the run when the last validation ended.
        best_loss: the lowest validation loss, in nats per character; None before a validation.
        stale: the number of validations since the one with the lowest loss.
        val_tokens: the number of held-out tokens that each validation scores; 0 before the start.
    """

    step: int = 0
    window: int = 0
    seconds: float = 0.0
    validated_step: int = 0
    validated_seconds: float = 0.0
    best_loss: float | None = None
    stale: int = 0
    val_tokens: int = 0

    @classmethod
    def from_json(cls, value: dict[str, Any], steps_per_epoch: int) -> "Position":
        """Return the position from the dictionary that `dataclasses.asdict` returned.

        Raises:
            TypeError, ValueError: a field is unknown, has the wrong type or is out of range.
        """
        # Earlier versions fitted a softmax temperature at each validation, and stored it here.
        position = cls(**{name: each for name, each in value.items() if name != "temperature"})
        counts = (
            *(position.step, position.validated_step, position.stale, position.window),
            position.val_tokens,
        )
        amounts = (position.seconds, position.validated_seconds)
        loss = position.best_loss
        # JSON may contain true, 2.5 or -1 in place of a count. type() is compared because
        # isinstance(True, int) holds.
        if not (
            all(type(count) is int and 0 <= count <= MAX_BUDGET for count in counts)
            and all(type(amount) in (int, float) and amount >= 0 for amount in amounts)
            and (loss is None or type(loss) in (int, float))
            and position.window < steps_per_epoch
        ):
            raise ValueError("the position lies outside of the run")
        return position

    def advance(self, steps_per_epoch: int) -> None:
        """Move on by one update and one segment."""
        self.step += 1
        self.window = (self.window + 1) % steps_per_epoch

    def progress(self, budget: Budget, steps_per_epoch: int) -> float:
        """Return the share of the budget that is spent, in [0, 1]."""
        return budget.progress(self.seconds, self.step / steps_per_epoch, self.step)

    def validated_progress(self, budget: Budget, steps_per_epoch: int) -> float:
        """Return the share of the budget that was spent at the last validation, in [0, 1]."""
        epochs = self.validated_step / steps_per_epoch
        return budget.progress(self.validated_seconds, epochs, self.validated_step)
