"""Dynamic evaluation: the weights are trained on the text while it is scored.

Krause, Kahembwe, Murray & Renals, "Dynamic evaluation of neural sequence models" (ICML 2018). The
text is read in segments. Each segment is scored with the weights after all earlier segments, and
then one gradient step is taken on it. Each weight's gradient is divided by its root mean square
(RMS), and each weight decays towards its trained value. A weight with a larger RMS decays faster
(equations 5 to 9). The paper computes the RMS over the training data. This module computes it over
the segments so far, so it needs only the model and the text.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import log_softmax, nll_loss

from charnn.corpus.vocabulary import UNKNOWN
from charnn.evaluation.scored_part import CONTEXT
from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights

# Keeps the division by the RMS finite; gradients much smaller than this are noise.
EPSILON = 1e-4


@dataclass(frozen=True)
class DynamicEvalConfig:
    """The step sizes of dynamic evaluation.

    Attributes:
        segment: the number of tokens that are scored before a step is taken on them.
        lr: the length of a step, after the division of each gradient by its RMS.
        decay: at each step, a weight moves back by a share of its distance from the trained value.
            `decay` is the share for a weight with the mean RMS; the share is proportional to the
            RMS.
    """

    segment: int = 25
    lr: float = 1e-3
    decay: float = 1e-3

    def protocol(self, unit: str) -> str:
        """Return the description that is shown with the figure; `unit` is that of `whole_part`."""
        return (
            f"dynamic evaluation, one row, every {unit} once: the weights learn from each "
            f"{self.segment} symbols after these are scored (RMS, rate {self.lr:g}, "
            f"decay {self.decay:g})"
        )


def dynamic_log_probs(
    config: ModelConfig,
    weights: Mapping[str, NDArray[np.float32]],
    ids: NDArray[Any],
    start: int,
    settings: DynamicEvalConfig,
) -> Iterator[NDArray[np.float32]]:
    """Yield the log-probabilities of every token at the positions of each segment, [T, V].

    The segments are those of `ids[start:]`, in order. A segment is yielded before the step on it.

    No weight learns from a character outside the vocabulary.

    Args:
        config: the shape of the model.
        weights: the model's parameters; they are not changed.
        ids: [N] the context, then the ids to score.
        start: the index of the first scored id; at least 1. The ids before it are read as context,
            but no step is taken on them.
        settings: the step sizes.
    """
    network = Network(config).eval()
    import_weights(network, dict(weights))
    learner = _Learner(network, settings)
    ids_T1 = torch.from_numpy(ids.astype(np.int64))[:, None]
    state = network.initial_state(1)
    context_start = max(0, start - 1 - CONTEXT)
    with torch.no_grad():
        _, state = network(ids_T1[context_start : start - 1], state) if start > 1 else (None, state)
    for begin in range(start, len(ids), settings.segment):
        targets = ids_T1[begin : begin + settings.segment]
        logits, next_state = network(ids_T1[begin - 1 : begin - 1 + len(targets)], state)
        log_probs_TV = log_softmax(logits.flatten(0, 1), dim=-1)
        yield log_probs_TV.detach().numpy()
        total = nll_loss(log_probs_TV, targets.flatten(), reduction="sum", ignore_index=UNKNOWN)
        # Not nll_loss's own mean, which is nan if every character is outside the vocabulary.
        learner.step(total / len(targets))
        # Gradients do not reach back into earlier segments.
        state = next_state.detached()


class _Learner:
    """The optimizer of dynamic evaluation, which keeps all P parameters in one vector."""

    def __init__(self, network: Network, settings: DynamicEvalConfig) -> None:
        self._settings = settings
        parameters = list(network.parameters())
        self._weights_P = torch.cat([parameter.detach().flatten() for parameter in parameters])
        self._gradient_P = torch.zeros_like(self._weights_P)
        # Parameters and gradients become views of the two vectors, so that a step is a few
        # operations in all instead of a few for each parameter.
        begin = 0
        for parameter in parameters:
            part = slice(begin, begin + parameter.numel())
            parameter.data = self._weights_P[part].view(parameter.shape)
            parameter.grad = self._gradient_P[part].view(parameter.shape)
            begin = part.stop
        self._trained_weights_P = self._weights_P.clone()
        self._squares_P = torch.zeros_like(self._weights_P)
        self._steps = 0

    def step(self, loss: Tensor) -> None:
        """Take one step down the gradient of a segment's mean loss."""
        self._gradient_P.zero_()
        loss.backward()  # type: ignore[no-untyped-call]
        with torch.no_grad():
            self._update()

    def _update(self) -> None:
        self._steps += 1
        self._squares_P.addcmul_(self._gradient_P, self._gradient_P)
        rms_P = (self._squares_P / self._steps).sqrt_()
        # At most 1: a weight never goes past its trained value.
        decay_P = (rms_P * (self._settings.decay / (rms_P.mean() + EPSILON))).clamp_(max=1.0)
        self._weights_P.addcdiv_(self._gradient_P, rms_P.add_(EPSILON), value=-self._settings.lr)
        self._weights_P.addcmul_(decay_P, self._trained_weights_P - self._weights_P)
