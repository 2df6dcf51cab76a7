"""The running average of the weights over the last steps: what is measured, saved and sampled.

Single steps of a small batch scatter around what they lead to; the mean of many of them is nearer
to it (Polyak & Juditsky 1992). The average moves on by a fixed share at each step, so that early
weights are forgotten.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The exponential moving average of a network's parameters.

    Args:
        network: whose parameters are averaged; those it has now are the first average.
        decay: share of the average that a step leaves, in [0, 1). It is reached by and by, since
            the first weights are worth nothing: after t steps it is at most (1 + t) / (10 + t). 0
            is no average, but the weights themselves.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self._parameters = dict(network.named_parameters()) if decay else {}
        self._averages = [parameter.detach().clone() for parameter in self._parameters.values()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Take in the weights after so many steps."""
        if self.decay:
            share = 1 - min(self.decay, (1 + step) / (10 + step))
            torch._foreach_lerp_(self._averages, list(self._parameters.values()), share)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Let the network have the average for its parameters, for a while."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        for parameter, average in zip(self._parameters.values(), self._averages, strict=True):
            kept = parameter.clone()
            parameter.copy_(average)
            average.copy_(kept)

    def weights(self) -> dict[str, Tensor]:
        """The parameters themselves, by name, if there is an average beside them."""
        return {name: parameter.detach() for name, parameter in self._parameters.items()}
