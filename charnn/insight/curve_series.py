"""The data of learning curves: values at steps, and the curves of a run."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.checkpoints.checkpoint_header import Header

# The training loss is averaged over this share of the run, so that its course can be seen.
_SMOOTHED = 0.02


@dataclass(frozen=True)
class Series:
    """Values at N steps.

    Attributes:
        steps: [N] the number of updates, ascending.
        values: [N] the value at each of them.
    """

    steps: NDArray[np.int64]
    values: NDArray[np.float64]

    @classmethod
    def of(cls, values: Mapping[int, float]) -> "Series":
        """Return the series of values by step."""
        steps = sorted(values)
        numbers = np.array([values[step] for step in steps], np.float64)
        return cls(np.array(steps, np.int64), numbers)

    def __len__(self) -> int:
        """Return the number of steps."""
        return len(self.steps)

    def smoothed(self) -> "Series":
        """Return the running mean of the series, centred at each step.

        Near both ends the mean is over fewer values, which lie evenly on both sides of the step.
        """
        places = np.arange(len(self))
        half = np.minimum(round(len(self) * _SMOOTHED / 2), np.minimum(places, places[::-1]))
        sums = np.concatenate([[0.0], np.cumsum(self.values)])
        means = (sums[places + half + 1] - sums[places - half]) / (2 * half + 1)
        return Series(self.steps, means)

    def until(self, step: int) -> float | None:
        """Return the last value up to a step; None before the first and after the last value."""
        number = int(np.searchsorted(self.steps, step, side="right"))
        if not number or step > self.steps[-1]:
            return None
        return float(self.values[number - 1])

    def to_json(self) -> dict[str, list[Any]]:
        """Return the series as a JSON object."""
        return {"step": self.steps.tolist(), "value": self.values.tolist()}


@dataclass(frozen=True)
class Curves:
    """The curves of a run. A curve that nothing is known of is empty.

    Attributes:
        name: the name of the run.
        header: the header of the newest checkpoint.
        training: the training loss in nats per character.
        validation: the validation loss in nats per character.
        lr: the learning rate.
        grad_norm: the norm of the gradient before clipping.
        clipped: the share of the updates whose gradient was clipped by its norm.
        left_out: the number of lines of `metrics.jsonl` that could not be read.
    """

    name: str
    header: Header
    training: Series
    validation: Series
    lr: Series
    grad_norm: Series
    clipped: Series
    left_out: int = 0

    @property
    def best(self) -> tuple[int, float] | None:
        """Return the step and the loss of the best validation; None without any."""
        if not len(self.validation):
            return None
        place = int(np.argmin(self.validation.values))
        return int(self.validation.steps[place]), float(self.validation.values[place])

    @property
    def last_step(self) -> int:
        """Return the last step of any curve."""
        return max(int(each.steps[-1]) for each in (self.training, self.validation) if len(each))

    def to_json(self) -> dict[str, Any]:
        """Return the curves as a JSON object."""
        best = self.best
        return {
            "name": self.name,
            "train_nats_per_char": self.training.to_json(),
            "val_nats_per_char": self.validation.to_json(),
            "lr": self.lr.to_json(),
            "grad_norm": self.grad_norm.to_json(),
            "clipped": self.clipped.to_json(),
            "best_step": best and best[0],
            "best_nats_per_char": best and best[1],
        }
