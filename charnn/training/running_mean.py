"""The mean loss and the speed of some steps."""

from dataclasses import dataclass
from typing import Any


@dataclass
class RunningMean:
    """The totals of several steps. Checkpoints contain the fields, so do not rename them.

    Attributes:
        characters: the characters that the steps predicted. An ABC token may stand for several
            characters.
        seconds: the time that the steps took.
        nats: the loss of the steps, summed over the tokens.
    """

    characters: int = 0
    seconds: float = 0.0
    nats: float = 0.0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "RunningMean":
        """Return the totals from the dictionary that `dataclasses.asdict` returned.

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
            tokens: the number of target tokens of the step.
            characters: the number of characters that these tokens stand for.
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
