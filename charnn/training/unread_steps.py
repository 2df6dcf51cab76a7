"""The updates whose figures are still on the device: reading them would make the host wait."""

import time
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor


@dataclass
class Step:
    """An update of the weights.

    Attributes:
        number: the number of the update, from 1.
        lr: its learning rate.
        tokens: the target tokens of the batch.
        characters: the characters that these tokens stand for.
        seconds: the time that it took.
    """

    number: int
    lr: float
    tokens: int
    characters: int
    seconds: float


class ReadStep(NamedTuple):
    """An update and its figures.

    Attributes:
        step: the update.
        loss: the mean loss in nats per token, before the update.
        grad_norm: the norm of the gradient, before clipping.
    """

    step: Step
    loss: float
    grad_norm: float


class UnreadSteps:
    """A queue of updates."""

    def __init__(self) -> None:
        self._steps: list[Step] = []
        self._figures: list[Tensor] = []

    def add(self, step: Step, figures: Tensor) -> None:
        """Add an update; its figures are those of `charnn.training.weight_update.Updated`."""
        self._steps.append(step)
        self._figures.append(figures)

    def read(self) -> list[ReadStep]:
        """Wait for the device, and return and forget the updates.

        The time of waiting counts as time of the last update.
        """
        if not self._steps:
            return []
        begin = time.perf_counter()
        figures = torch.stack(self._figures).tolist()
        self._steps[-1].seconds += time.perf_counter() - begin
        read = [ReadStep(step, *pair) for step, pair in zip(self._steps, figures, strict=True)]
        self._steps, self._figures = [], []
        return read
