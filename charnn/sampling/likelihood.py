"""The likelihood of the ends of texts, given their beginnings, for many texts at a time.

Texts with the same beginning share its states: they are the branches of a tree, and a step of the
model reads the next token of all branches. The ends are read side by side. Texts that fall far
behind the likeliest one are dropped on the way, which saves most of the time.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from charnn.inference.stepper import Stepper
from charnn.inference.stepper_state import StepperState

Scores = NDArray[np.float64]


class Continuation(NamedTuple):
    """A text whose end is scored.

    Attributes:
        ids: the tokens.
        begin: the index of the first token that is scored, at least 1.
    """

    ids: Sequence[int]
    begin: int


def score_ends(
    stepper: Stepper[Any],
    state: StepperState,
    texts: Sequence[Continuation],
    priors: Scores,
    margin: float,
) -> Scores:
    """Return the log-likelihood of the end of each text plus its prior.

    A text is dropped, and its score is -inf, when its score falls behind the best one by more than
    `margin` after the same number of scored tokens.

    Args:
        stepper: the model.
        state: the state of a single text that has read nothing of these texts; it is not changed.
        texts: one or more texts.
        priors: the logarithm of the probability of each text before its end is read, up to a
            constant.
        margin: a number of nats.
    """
    scores = priors.copy()
    ends = [text.ids[text.begin :] for text in texts]
    last_read = np.array([text.ids[text.begin - 1] for text in texts])
    state = _read_beginnings(stepper, state, [text.ids[: text.begin - 1] for text in texts])
    live = np.arange(len(texts))
    for place in range(max(map(len, ends), default=0)):
        near = scores[live] >= scores[live].max() - margin
        scores[live[~near]] = -np.inf
        kept = np.flatnonzero(near & np.array([place < len(ends[number]) for number in live]))
        if not kept.size:
            break
        if len(kept) < len(live):
            live, last_read, state = live[kept], last_read[kept], state.copied_rows(kept)
        logits_BV = stepper.feed(last_read, state)
        last_read = np.array([ends[number][place] for number in live])
        scores[live] += _log_probabilities(logits_BV, last_read)
    return scores


def _read_beginnings(
    stepper: Stepper[Any], state: StepperState, beginnings: Sequence[Sequence[int]]
) -> StepperState:
    """Return a state with a row for each text, which has read its beginning."""
    read: dict[int, StepperState] = {}
    rows = dict.fromkeys(range(len(beginnings)), 0)  # the row of each text in `state`
    for depth in range(max(map(len, beginnings), default=0) + 1):
        read |= {
            number: state.copied_rows([row])
            for number, row in rows.items()
            if len(beginnings[number]) == depth
        }
        branches: dict[tuple[int, int], int] = {}
        rows = {
            number: branches.setdefault((row, beginnings[number][depth]), len(branches))
            for number, row in rows.items()
            if depth < len(beginnings[number])
        }
        if branches:
            state = state.copied_rows([row for row, _ in branches])
            stepper.feed(np.array([token_id for _, token_id in branches]), state)
    return StepperState.joined([read[number] for number in range(len(beginnings))])


def _log_probabilities(logits_BV: NDArray[np.float32], ids_B: NDArray[np.int64]) -> Scores:
    """Return the log-probability of a token in each row."""
    logits = logits_BV.astype(np.float64)
    logits -= logits.max(axis=1, keepdims=True)
    chosen: Scores = logits[np.arange(len(ids_B)), ids_B] - np.log(np.exp(logits).sum(axis=1))
    return chosen
