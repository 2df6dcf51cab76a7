"""A mixture of a network with n-gram models, whose weights are learned while the text is scored.

With the log-probabilities l_0(c) of the network and l_1(c), ..., l_K(c) of the n-gram models, the
mixture is p(c) = exp(sum_k w_k l_k(c)) / Z, where Z is the sum over the vocabulary (Mattern 2013,
"Linear and geometric mixtures in data compression"). At first p is the network's distribution. The
negative log-likelihood is convex in w. After each token, w moves by one Newton step: the inverse of
the sum of the Hessians so far, times the gradient at this token. There is no learning rate to
choose.
"""

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from charnn.corpus.vocabulary import UNKNOWN
from charnn.evaluation.ngram_counts import MAX_CONTEXT, NgramCounts

# The Hessian that the sum starts with, times the unit matrix. From 1 to 100, it changes the loss of
# 20,000 characters by at most 0.001.
PRIOR = 10.0
# The smallest log-probability of the network that is used. Where the network is wrong and certain,
# the gradient is large and the Hessian small: a step would then go too far.
FLOOR = -20.0


PROTOCOL = (
    "dynamic evaluation, mixed with n-grams with contexts of up to "
    f"{MAX_CONTEXT} symbols, whose counts and weights are updated on each symbol after it is scored"
)


class NgramMixture:
    """The mixture at one position after the other.

    Args:
        ids: [N] the context, then the ids that are predicted.
        start: the index of the first predicted id. The ids before it are counted in advance.
        vocab_size: the number V of token ids.
    """

    def __init__(self, ids: NDArray[np.integer], start: int, vocab_size: int) -> None:
        self._targets = ids[start:]
        self._place = 0
        self._counts = NgramCounts(ids, start, vocab_size)
        models = MAX_CONTEXT + 2
        self._weights_K = np.zeros(models)
        self._weights_K[0] = 1.0
        self._hessian_KK = np.eye(models) * PRIOR

    def mix(self, network_V: NDArray[np.float32]) -> NDArray[np.float64]:
        """Return the mixture's log-probabilities at the next position, [V], then learn its token.

        Args:
            network_V: the network's log-probabilities at this position.
        """
        inputs_KV = self._inputs(network_V)
        mixed_V = _log_softmax(self._weights_K @ inputs_KV)
        target = self._targets[self._place]
        # As in dynamic evaluation, no weight learns from a character outside the vocabulary.
        if target != UNKNOWN:
            self._learn(inputs_KV, np.exp(mixed_V), target)
        self._counts.add(self._place)
        self._place += 1
        return mixed_V

    def _inputs(self, network_V: NDArray[np.float32]) -> NDArray[np.float64]:
        ngrams_KV = np.log(self._counts.probabilities(self._place))
        # The orders are much alike. Their differences have a better conditioned Hessian, and the
        # mixture is the same.
        ngrams_KV[1:] -= ngrams_KV[:-1].copy()
        return np.concatenate([np.maximum(network_V, FLOOR)[None], ngrams_KV])

    def _learn(
        self, inputs_KV: NDArray[np.float64], mixed_V: NDArray[np.float64], target: int
    ) -> None:
        mean_K = inputs_KV @ mixed_V
        self._hessian_KK += (inputs_KV * mixed_V) @ inputs_KV.T - np.outer(mean_K, mean_K)
        self._weights_K += np.linalg.solve(self._hessian_KK, inputs_KV[:, target] - mean_K)


def mixed_token_losses(
    segments: Iterable[NDArray[np.float32]],
    ids: NDArray[np.integer],
    start: int,
    vocab_size: int,
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the losses of `ids[start:]` by the network and by the mixture, [N - start] nats each.

    Args:
        segments: the network's log-probabilities [T, V] for each segment of `ids[start:]`.
        ids: [N] the context, then the ids to score.
        start: the index of the first scored id.
        vocab_size: the number V of token ids.
    """
    mixture = NgramMixture(ids, start, vocab_size)
    losses = np.empty((2, len(ids) - start))
    place = 0
    for segment_TV in segments:
        for network_V in segment_TV:
            target = ids[start + place]
            losses[:, place] = -network_V[target], -mixture.mix(network_V)[target]
            place += 1
    return losses[0], losses[1]


def _log_softmax(logits_V: NDArray[np.float64]) -> NDArray[np.float64]:
    shifted_V = logits_V - logits_V.max()
    log_softmax_V: NDArray[np.float64] = shifted_V - np.log(np.exp(shifted_V).sum())
    return log_softmax_V
