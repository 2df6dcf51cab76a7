"""The draw of candidates for a gap: many texts side by side, each with its weight.

Shape suffixes: B texts side by side, V vocabulary.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from charnn.inference.exponential import exponential, logarithm
from charnn.inference.stepper_state import StepperState
from charnn.music.grammar.gap_grammar import GapGrammar, GapState
from charnn.music.grammar.notation import LOWER_NOTES, UPPER_NOTES
from charnn.sampling.backend import BackendSelector
from charnn.sampling.constraint import Constraint
from charnn.sampling.params import SamplingParams

# The logarithm of a probability that counts as 0. It is finite, so that no difference is undefined.
NEVER = -1e30
# Completed texts are removed from the batch when they are at least this share of it. Removing one
# at a time would copy the state of all others each time.
_REMOVED_SHARE = 0.125

Logs = NDArray[np.float64]
Mask = NDArray[np.bool_]


_PARAMS = SamplingParams(temperature=1.0)  # the logits are divided before the draw


@dataclass(frozen=True)
class DrawnText:
    """A text that was drawn for a gap.

    Attributes:
        text: the text.
        log_weight: the logarithm of the probability of the text for the model, minus that of the
            draw.
        last_id: its last token, which the model has not read yet.
        state: the state of the model before this token.
    """

    text: str
    log_weight: float
    last_id: int
    state: StepperState


class CandidateDraw:
    """A model and the grammar of a gap, which draw texts together.

    Args:
        backends: the model.
        grammar: the grammar of the gap.
        token_texts: the characters of each token.
        temperature: the temperature, above 0.
        note_bonus: a number that is added to the logit of each note: above 0 for more notes, below
            0 for fewer. The weights contain it as well.
    """

    def __init__(
        self,
        backends: BackendSelector,
        grammar: GapGrammar,
        token_texts: Sequence[str],
        temperature: float,
        note_bonus: float,
    ) -> None:
        self._backends, self._grammar, self._token_texts = backends, grammar, token_texts
        self._constraint = Constraint(grammar, token_texts)
        # The state of a pointer contains the temperature, see `mixed_logits`.
        self._divisor = 1.0 if backends.decoder.stepper.config.pointer else temperature
        notes = [sum(c in UPPER_NOTES + LOWER_NOTES for c in text) for text in token_texts]
        self._bonus_V = note_bonus * np.array(notes, np.float64)
        self._penalties: dict[GapState, Logs] = {}
        self._ids_by_beginning: dict[str, list[int]] = defaultdict(list)
        for token_id, text in enumerate(token_texts):
            self._ids_by_beginning[text[:1]].append(token_id)

    def texts(
        self, state: StepperState, last_id: int, random: np.random.Generator
    ) -> list[DrawnText]:
        """Return one complete text for each row of `state`.

        Args:
            state: the state of each row; all have read the same tokens.
            last_id: the token that all rows read next.
            random: the random numbers.
        """
        rows = len(state.hidden_SLBH[0, 0])
        texts, log_weights, last_ids = [""] * rows, [0.0] * rows, [last_id] * rows
        nodes = [self._constraint.node(self._grammar.start)] * rows
        complete: dict[int, DrawnText] = {}
        active = list(range(rows))  # the texts that the rows of `state` belong to
        while active:
            ids_B = np.array([last_ids[text] for text in active])
            logits_BV = self.logits(ids_B, state)
            penalised_BV = logits_BV + [self._penalty(nodes[text].state) for text in active]
            # Each text has a random number of its own in each step, complete or not.
            uniforms_B = random.random(rows)[active]
            penalised_32 = penalised_BV.astype(np.float32)
            tokens_B = self._backends.decoder.draw(penalised_32, uniforms_B, _PARAMS)
            gained_B = log_sum(penalised_BV) - log_sum(logits_BV)
            for row, text in enumerate(active):
                if text in complete:
                    continue
                last_ids[text] = int(tokens_B[row])
                texts[text] += self._token_texts[last_ids[text]]
                log_weights[text] += float(gained_B[row])
                nodes[text] = self._after(nodes[text], last_ids[text])
                if nodes[text].may_end:
                    known = texts[text], log_weights[text], last_ids[text]
                    complete[text] = DrawnText(*known, state.copied_rows([row]))
            kept = [row for row, text in enumerate(active) if text not in complete]
            if len(kept) <= (1 - _REMOVED_SHARE) * len(active):
                state, active = state.copied_rows(kept), [active[row] for row in kept]
        return [complete[text] for text in range(rows)]

    def _after(self, node: Any, token_id: int) -> Any:
        after = self._constraint.successor(node, token_id)
        if after is None:
            raise AssertionError(f"a forbidden token was drawn: {token_id}")
        return after

    def logits(self, ids_B: NDArray[np.int64], state: StepperState) -> Logs:
        """Read one token of each row, and return the logits at the temperature."""
        return self._backends.feed(ids_B, state).astype(np.float64) / self._divisor

    def _penalty(self, state: GapState) -> Logs:
        """Return the numbers [V] to add to the logits in a state of the grammar."""
        if state not in self._penalties:
            penalty_V = np.where(self._forbidden(state), NEVER, 0.0)
            if self._grammar.counts_refusals(state):
                penalty_V += self._bonus_V
            self._penalties[state] = penalty_V
        return self._penalties[state]

    def _forbidden(self, state: GapState) -> Mask:
        fixed = self._grammar.fixed_text(state)
        if not fixed:
            return self._constraint.forbidden(state)
        # Of fixed text, only the tokens with its first character are tried: that is most of the
        # text, and asking the grammar about the whole vocabulary takes a millisecond.
        forbidden = np.ones(len(self._token_texts), np.bool_)
        for token_id in self._ids_by_beginning[fixed[0]]:
            text = self._token_texts[token_id]
            forbidden[token_id] = self._constraint.walk(state, text) is None
        return forbidden


def log_sum(logits_BV: Any) -> Logs:
    """Return the logarithm of the sum of e ** logits of each row."""
    highest_B = logits_BV.max(axis=1)
    sums_B = exponential(logits_BV - highest_B[:, None]).sum(axis=1)
    found: Logs = highest_B + logarithm(sums_B)
    return found
