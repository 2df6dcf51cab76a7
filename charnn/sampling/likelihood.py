"""The likelihood of the ends of texts, given their beginnings, for many texts at a time.

Texts with the same beginning share its states: they are the branches of a tree, and a step of the
model reads the next token of all branches. Texts that are much less likely than the best one are
dropped on the way, which saves most of the time.
"""

from collections.abc import Sequence
from itertools import count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.inference.stepper import Stepper
from charnn.inference.stepper_state import StepperState

Scores = NDArray[np.float64]
# The token ids of a text in pieces. The first piece is the beginning, which is not scored.
Pieces = Sequence[Sequence[int]]


def score_ends(
    stepper: Stepper[Any],
    state: StepperState,
    texts: Sequence[Pieces],
    priors: Scores,
    margin: float,
) -> Scores:
    """Return the log-likelihood of the end of each text plus its prior.

    The texts are compared after each piece. A text is dropped, and its score is -inf, when its
    score is lower than the best one by more than `margin`.

    Args:
        stepper: the model.
        state: the state of a single text that has read nothing of these texts; it is not changed.
        texts: one or more texts, all with the same number of pieces. The pieces with the same index
            end at the same place of the texts, but may have different numbers of tokens.
        priors: the logarithm of the probability of each text before its end is read, up to a
            constant.
        margin: a number of nats.
    """
    scores = priors.copy()
    branches = _Branches(stepper, state, len(texts))
    live = np.arange(len(texts))
    for place in range(len(texts[0])):
        near = scores[live] >= scores[live].max() - margin
        scores[live[~near]] = -np.inf
        live = live[near]
        branches.keep(near)
        gains = branches.read([texts[number][place] for number in live.tolist()], scored=place > 0)
        scores[live] += gains
    return scores


class _Branches:
    """The states of some texts, each of which is in a row; equal texts may share a row.

    Args:
        stepper: the model.
        state: the state of all texts at the beginning, in its only row.
        texts: the number of texts.
    """

    def __init__(self, stepper: Stepper[Any], state: StepperState, texts: int) -> None:
        self._stepper, self._state = stepper, state
        self._rows = np.zeros(texts, np.intp)  # the row of each text
        self._logits_BV = np.zeros((1, stepper.config.vocab_size), np.float32)  # of the next tokens

    def keep(self, kept: NDArray[np.bool_]) -> None:
        """Drop the other texts."""
        self._rows = self._rows[kept]

    def read(self, pieces: Sequence[Sequence[int]], *, scored: bool) -> Scores:
        """Read a piece of each text, and return its log-likelihood; 0 if it is not `scored`."""
        state, logits_BV, rows = self._state, self._logits_BV, self._rows
        totals = np.zeros(len(pieces))
        unfinished = np.arange(len(pieces))
        # The texts that have read their piece, their states and the logits of their next tokens.
        order, states, logits = [], [], []
        for depth in count():
            lengths = np.array([len(pieces[text]) for text in unfinished.tolist()])
            ends = lengths == depth
            finished, unfinished = unfinished[ends], unfinished[~ends]
            order.append(finished)
            states.append(state.copied_rows(rows[finished]))
            logits.append(logits_BV[rows[finished]])
            if not unfinished.size:
                break
            ids = np.array([pieces[text][depth] for text in unfinished.tolist()])
            if scored:
                totals[unfinished] += _log_probabilities(logits_BV[rows[unfinished]], ids)
            branches, new_rows = np.unique(
                np.stack([rows[unfinished], ids], axis=1), axis=0, return_inverse=True
            )
            rows[unfinished] = new_rows.reshape(-1)
            state = state.copied_rows(branches[:, 0])
            logits_BV = self._stepper.feed(branches[:, 1], state)
        self._state, self._logits_BV = StepperState.joined(states), np.concatenate(logits)
        self._rows[np.concatenate(order)] = np.arange(len(pieces))
        return totals


def _log_probabilities(logits_BV: NDArray[np.float32], ids_B: NDArray[np.int64]) -> Scores:
    """Return the log-probability of a token in each row."""
    logits = logits_BV.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    chosen: Scores = logits[np.arange(len(ids_B)), ids_B] - np.log(np.exp(logits).sum(axis=1))
    return chosen
