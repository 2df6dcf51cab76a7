"""The mean loss, the speed and the clipping of some steps."""

from dataclasses import dataclass, replace
from typing import Any


@dataclass
class RunningMean:
    """The totals of several steps. Checkpoints contain the fields, so do not rename them.

    Attributes:
        characters: the characters that the steps predicted. An ABC token may stand for several
            characters.
        seconds: the time that the steps took.
        nats: the loss of the steps, summed over the tokens.
        steps: the number of steps; checkpoints of earlier versions lack it.
        clipped: the number of steps whose gradient was clipped by its norm.
    """

    characters: int = 0
    seconds: float = 0.0
    nats: float = 0.0
    steps: int = 0
    clipped: int = 0

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "RunningMean":
        """Return the totals from the dictionary that `dataclasses.asdict` returned.

        Raises:
            TypeError, ValueError: a field is unknown, has the wrong type or is out of range.
        """
        totals = cls(**value)
        counts = (totals.characters, totals.steps, totals.clipped)
        if not all(type(count) is int and count >= 0 for count in counts):
            raise ValueError("a number of characters or steps is not a count")
        return replace(totals, seconds=float(totals.seconds), nats=float(totals.nats))

    def add(
        self, tokens: int, characters: int, seconds: float, loss: float, *, clipped: bool
    ) -> None:
        """Add a step.

        Args:
            tokens: the number of target tokens of the step.
            characters: the number of characters that these tokens stand for.
            seconds: the time that the step took.
            loss: the mean loss of the step, in nats per token.
            clipped: whether its gradient was clipped by its norm.
        """
        self.characters += characters
        self.seconds += seconds
        self.nats += loss * tokens
        self.steps += 1
        self.clipped += clipped

    @property
    def mean_loss(self) -> float:
        """Return the mean loss in nats per character; undefined before the first step."""
        return self.nats / self.characters

    @property
    def clipped_share(self) -> float:
        """Return the share of the steps whose gradient was clipped; 0 before the first step."""
        return self.clipped / self.steps if self.steps else 0.0

    @property
    def characters_per_second(self) -> float:
        """Return the speed of training; 0 before the first step."""
        return self.characters / self.seconds if self.seconds else 0.0
