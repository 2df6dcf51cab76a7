"""Dynamic evaluation: the weights follow the text while it is scored.

Krause, Kahembwe, Murray & Renals, "Dynamic evaluation of neural sequence models" (ICML 2018): the
text is read in segments; each is scored with the weights that all earlier ones have made, and only
then learned from, by one step down its gradient. Every weight's gradient is divided by its root
mean square, and the weights are drawn back to those that training has left, the more so the larger
that is (their equations 5 to 9). They take the mean squares from the training data; here they are
those of the segments so far, so that nothing is needed but the model and the text.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import cross_entropy

from charnn.evaluation.sweep import CONTEXT
from charnn.model.config import ModelConfig
from charnn.model.kernels import detached
from charnn.model.network import Network, import_weights

EPSILON = 1e-4  # gradients much smaller than this mean nothing


@dataclass(frozen=True)
class DynamicEvalConfig:
    """How fast the weights follow.

    Args:
        segment: symbols that are scored before they are learned from.
        lr: length of a step, where each gradient is divided by its root mean square.
        decay: share of the way back to the first weights that is gone at each step, by a weight
            with an average root mean square.
    """

    segment: int = 25
    lr: float = 1e-3
    decay: float = 1e-3

    @property
    def protocol(self) -> str:
        """In words, how that is measured: to be shown with every figure."""
        return (
            "dynamic evaluation, one row, every character once: the weights learn from each "
            f"{self.segment} symbols after these are scored (RMS, rate {self.lr:g}, "
            f"decay {self.decay:g})"
        )


def dynamic_token_losses(
    config: ModelConfig,
    weights: Mapping[str, NDArray[np.float32]],
    ids: NDArray[Any],
    start: int,
    following: DynamicEvalConfig,
) -> NDArray[np.float32]:
    """The loss of every one of `ids[start:]`, [N - start] nats, as it is met for the first time.

    Args:
        config: shape of the model.
        weights: its parameters, which are left as they are.
        ids: [N] the text, with what lies before it as context.
        start: where it begins; at least 1. What lies before is read but not learned from.
        following: how fast the weights follow.
    """
    network = Network(config).eval()
    import_weights(network, dict(weights))
    learner = _Learner(network, following)
    symbols = torch.from_numpy(ids.astype(np.int64))[:, None]
    state = network.initial_state(1)
    before = max(0, start - 1 - CONTEXT)
    with torch.no_grad():
        _, state = network(symbols[before : start - 1], state) if start > 1 else (None, state)
    losses = []
    for begin in range(start, len(ids), following.segment):
        targets = symbols[begin : begin + following.segment]
        logits, after = network(symbols[begin - 1 : begin - 1 + len(targets)], state)
        some = cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
        losses.append(some.detach().numpy())
        learner.learn(some.mean())
        state = [detached(layer) for layer in after]
    return np.concatenate(losses)


class _Learner:
    """The parameters as one long vector, P of them, and what is remembered for the next step."""

    def __init__(self, network: Network, following: DynamicEvalConfig) -> None:
        self._following = following
        parameters = list(network.parameters())
        self._weights_P = torch.cat([parameter.detach().flatten() for parameter in parameters])
        self._gradient_P = torch.zeros_like(self._weights_P)
        begin = 0
        for parameter in parameters:
            here = slice(begin, begin + parameter.numel())
            parameter.data = self._weights_P[here].view(parameter.shape)
            parameter.grad = self._gradient_P[here].view(parameter.shape)
            begin = here.stop
        self._home_P = self._weights_P.clone()
        self._squares_P = torch.zeros_like(self._weights_P)
        self._steps = 0

    def learn(self, loss: Tensor) -> None:
        """Take one step down the gradient of a segment's loss."""
        self._gradient_P.zero_()
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            self._step()

    def _step(self) -> None:
        self._steps += 1
        self._squares_P.addcmul_(self._gradient_P, self._gradient_P)
        rms_P = (self._squares_P / self._steps).sqrt_()
        # Nobody goes back further than home.
        back_P = (rms_P * (self._following.decay / (rms_P.mean() + EPSILON))).clamp_(max=1.0)
        self._weights_P.addcdiv_(self._gradient_P, rms_P.add_(EPSILON), value=-self._following.lr)
        self._weights_P.addcmul_(back_P, self._home_P - self._weights_P)
