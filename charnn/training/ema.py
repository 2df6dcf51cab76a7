"""The exponential moving average of the weights, which is validated, saved and sampled from.

The weights after single steps of a small batch scatter around a mean. The mean of many steps is
nearer to the optimum (Polyak and Juditsky 1992); an exponential average forgets early weights. A
schedule that anneals the learning rate has the same effect: in half a minute of tinyshakespeare,
the average lowers the loss by 0.12 nats without a schedule, and not at all with a schedule
(benchmarks/quality.md). The average is therefore off by default.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn


class Average:
    """The exponential moving average of a network's parameters.

    Args:
        network: the module whose parameters are averaged, starting from the present ones.
        decay: the factor by which the old average is multiplied at each step, in [0, 1). Early
            weights are far from the optimum, so after t steps the factor is at most
            (1 + t) / (10 + t). 0 switches the average off: the weights themselves are used.
    """

    def __init__(self, network: nn.Module, decay: float) -> None:
        self.decay = decay
        self._parameters = dict(network.named_parameters()) if decay else {}
        self._averages = [parameter.detach().clone() for parameter in self._parameters.values()]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Move the average towards the present weights, which have been updated `step` times."""
        new_share = 1 - min(self.decay, (1 + step) / (10 + step))
        for average, parameter in zip(self._averages, self._parameters.values(), strict=True):
            average.lerp_(parameter, new_share)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Replace the parameters by their averages inside a `with` block, then restore them."""
        self._swap()
        try:
            yield
        finally:
            self._swap()

    @torch.no_grad()
    def _swap(self) -> None:
        """Exchange the values of each parameter and its average."""
        for parameter, average in zip(self._parameters.values(), self._averages, strict=True):
            weights = parameter.clone()
            parameter.copy_(average)
            average.copy_(weights)

    def tensors(self) -> list[Tensor]:
        """Return the averages; an empty list without an average."""
        return self._averages

    def weights(self) -> dict[str, Tensor]:
        """Return the parameters, not their averages, by name; an empty dict without an average."""
        return {name: parameter.detach() for name, parameter in self._parameters.items()}
