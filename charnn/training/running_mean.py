"""The mean loss and the speed of some steps."""

from dataclasses import dataclass
from typing import Any


@dataclass
class RunningMean:
    """Totals of some steps, stored in checkpoints. The names of the fields are part of the format.

    Attributes:
        characters: the characters of these steps. A token of ABC may stand for several.
        seconds: the time that the steps took.
        nats: their loss, summed over the tokens.
    """

    characters: int = 0
    seconds: float = 0.0
    nats: float = 0.0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "RunningMean":
        """Return the totals that `dataclasses.asdict` wrote.

        Raises:
            TypeError, ValueError: a field is unknown, has the wrong type or is out of range.
        """
        totals = cls(**value)
        if not (type(totals.characters) is int and totals.characters >= 0):
            raise ValueError("the number of characters is not a count")
        return cls(totals.characters, float(totals.seconds), float(totals.nats))

    def add(self, tokens: int, characters: int, seconds: float, loss: float) -> None:
        """Add a step.

        Args:
            tokens: the targets of the step.
            characters: the characters that they stand for.
            seconds: the time that the step took.
            loss: the mean loss of the step, in nats per token.
        """
        self.characters += characters
        self.seconds += seconds
        self.nats += loss * tokens

    @property
    def mean_loss(self) -> float:
        """Return the mean loss in nats per character; undefined before the first step."""
        return self.nats / self.characters

    @property
    def characters_per_second(self) -> float:
        """Return the speed of training; 0 before the first step."""
        return self.characters / self.seconds if self.seconds else 0.0
