"""Music for a gap, drawn so that it suits what follows: importance resampling with one model.

A model writes from left to right, so it fills a gap without knowing what comes after it. Here many
candidates are drawn side by side. Then the model reads what follows after each of them, and one
candidate is chosen by its weight. The weight of a candidate is the probability that the model gives
to the candidate and to the text that follows, divided by the probability with which the candidate
was drawn. With many candidates, the choice has the distribution of the model's texts that fit into
the gap (sampling importance resampling, Rubin 1987).

The texts are coded for the model by `gap_coding`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import UsageError
from charnn.inference.exponential import logarithm
from charnn.inference.stepper_state import StepperState
from charnn.music.grammar.gap_grammar import GapGrammar
from charnn.sampling.sampler import Sampler
from charnn.tunes.candidate_draw import NEVER, CandidateDraw, DrawnText, Logs, log_sum
from charnn.tunes.gap_coding import GapCoding, code_gap
from charnn.tunes.tune_gap import Gap

CANDIDATES = 64
# The model reads this much of what follows: usually the whole next part, whose last bar often
# equals that of the part before it.
FOLLOWING_CHARS = 300
_ECHO_PART = 4  # one of this number of candidates ends with the echo
# A text that is less likely than the best one by this number of nats is hardly ever chosen. When
# this share of the texts is so unlikely, they are dropped.
_MARGIN, _DROPPED_SHARE = 10.0, 0.125
# Of one gap: a tune of 300 characters before it, 50 characters in each candidate, and what follows.
_EXPECTED_TOKENS = 300 + CANDIDATES * (50 + FOLLOWING_CHARS)


@dataclass(frozen=True)
class Candidate:
    """New music for a gap.

    Attributes:
        stretches: the text of each stretch of the gap.
        log_weight: the logarithm of its weight.
        following_log_prob: the part of it that the text that follows gives.
    """

    stretches: tuple[str, ...]
    log_weight: float
    following_log_prob: float


class Infiller:
    """A model that fills gaps in tunes.

    Args:
        checkpoint: a model of tunes.

    Attributes:
        sampler: the model.
        characters: the characters that the model can write.

    Raises:
        UsageError: the model was not trained on tunes.
    """

    def __init__(self, checkpoint: Checkpoint) -> None:
        if not checkpoint.metadata.get("tunes"):
            raise UsageError("this is a model of text: name a model of tunes, such as folk")
        self.sampler = Sampler(checkpoint, may_end=True)
        # One row, so that the selector does not import torch, which takes longer than the draw.
        self.sampler.backends.start(rows=1, expected_tokens=_EXPECTED_TOKENS)
        texts = self.sampler.token_texts
        self.characters = frozenset(text for text in texts if len(text) == 1)

    def unknown_characters(self, text: str) -> list[str]:
        """Return the characters of a text that the model does not know."""
        return self.sampler.vocabulary.unknown_characters(text)


class GapFiller:
    """A model that fills one gap.

    Args:
        infiller: the model.
        gap: the gap.
        temperature: the temperature of the draw and of the weights, above 0.
        note_bonus: see `CandidateDraw`.
        following_chars: the number of characters that the model reads of the text that follows.
    """

    def __init__(
        self,
        infiller: Infiller,
        gap: Gap,
        *,
        temperature: float,
        note_bonus: float = 0.0,
        following_chars: int = FOLLOWING_CHARS,
    ) -> None:
        sampler = infiller.sampler
        self._sampler, self._temperature = sampler, temperature
        self._following_chars = following_chars
        self._before = [sampler.start_id, *code_gap(sampler.vocabulary, gap).before_ids]
        gaps = [gap, gap.with_echo()] if gap.echo else [gap]
        self._draws = [self._prepare(infiller, one, note_bonus) for one in gaps]
        self._echo = gap.echo
        self._states: dict[bytes, StepperState] = {}

    def candidates(self, seed: int, count: int = CANDIDATES) -> Iterator[Candidate]:
        """Yield different candidates for the gap, in an order drawn by their weights.

        The first one is a sample by weight of all that were drawn, the second one of the rest, and
        so on.

        Args:
            seed: the seed of the random numbers.
            count: the number of texts that are drawn.
        """
        random = np.random.default_rng(seed)
        # What follows equal candidates is read once, and they have the weight of all of them.
        equal: dict[tuple[str, ...], list[DrawnText]] = {}
        for stretches, one in self._draw_texts(self._read_before(seed), count, random):
            equal.setdefault(stretches, []).append(one)
        best = [max(same, key=lambda one: one.log_weight) for same in equal.values()]
        rows = (np.array([[one.log_weight for one in same]]) for same in equal.values())
        weights = np.array([float(log_sum(row_1B)[0]) for row_1B in rows])
        coding = self._draws[0][0]
        ids = [coding.following_ids(text, self._following_chars) for text in equal]
        following = self._follow(best, ids, weights)
        texts = list(equal)
        for index in _weighted_order(weights + following, random):
            yield Candidate(texts[index], float(weights[index]), float(following[index]))

    def _prepare(
        self, infiller: Infiller, gap: Gap, note_bonus: float
    ) -> tuple[GapCoding, GapGrammar, CandidateDraw]:
        sampler = infiller.sampler
        coding = code_gap(sampler.vocabulary, gap)
        grammar = GapGrammar(coding.pieces, infiller.characters)
        texts, temperature = sampler.token_texts, self._temperature
        draw = CandidateDraw(sampler.backends, grammar, texts, temperature, note_bonus)
        return coding, grammar, draw

    def _draw_texts(
        self, state: StepperState, count: int, random: np.random.Generator
    ) -> Iterator[tuple[tuple[str, ...], DrawnText]]:
        """Yield the stretches of each text that is drawn, and the text.

        With an echo, the texts are of two kinds: those that end with the echo, and all others. Each
        kind is drawn by itself, so that a weight is divided by the number of draws of its kind
        (stratified importance sampling).
        """
        echoes = count // _ECHO_PART if len(self._draws) > 1 else 0
        for number, (coding, grammar, draw) in enumerate(self._draws):
            rows = echoes if number else count - echoes
            if not rows:
                continue
            for one in draw.texts(state.copied_rows([0] * rows), self._before[-1], random):
                stretches = coding.stretches(grammar.split(one.text))
                if number or not echoes or stretches[-1] != self._echo:
                    log_weight = one.log_weight - float(logarithm(np.float64(rows)))
                    yield stretches, replace(one, log_weight=log_weight)

    def _read_before(self, seed: int) -> StepperState:
        """Return the state after all tokens before the gap but the last one."""
        state = self._sampler.begin(seed)
        begin = state.hidden_SLBH.tobytes()  # the seed decides among a few states
        if begin not in self._states:
            state.temperature = self._temperature
            for token_id in self._before[:-1]:
                self._sampler.backends.feed(np.array([token_id]), state)
            self._states[begin] = state
        return self._states[begin]

    def _follow(
        self, texts: Sequence[DrawnText], ids: Sequence[Sequence[int]], weights: Logs
    ) -> Logs:
        """Return the logarithm of the probability of the tokens that follow each text.

        A text is not read to its end if its weight falls far behind; then the result is `NEVER`.

        Args:
            texts: the texts.
            ids: the tokens that follow each text.
            weights: the logarithm of the weight of each text so far.
        """
        state = StepperState.joined([one.state for one in texts])
        log_probs = np.zeros(len(texts))
        live = np.arange(len(texts))
        last_B = np.array([one.last_id for one in texts])
        for place in range(max(map(len, ids))):
            totals = weights[live] + log_probs[live]
            near = totals >= totals.max() - _MARGIN
            if near.mean() <= 1 - _DROPPED_SHARE:
                log_probs[live[~near]] = NEVER
                rows = np.flatnonzero(near)
                live, last_B, state = live[rows], last_B[rows], state.copied_rows(rows)
            logits_BV = self._draws[0][2].logits(last_B, state)
            sums_B = log_sum(logits_BV)
            for row, number in enumerate(live.tolist()):
                if place < len(ids[number]):
                    last_B[row] = ids[number][place]
                    log_probs[number] += logits_BV[row, last_B[row]] - sums_B[row]
        return log_probs


def _weighted_order(log_weights: Logs, random: np.random.Generator) -> list[int]:
    """Return the indices in the order of draws without replacement by weight (Gumbel-top-k)."""
    uniforms = np.maximum(random.random(len(log_weights)), 1e-300)
    gumbels = -logarithm(np.maximum(-logarithm(uniforms), 1e-300))
    order: list[int] = np.argsort(-(log_weights + gumbels), kind="stable").tolist()
    return order
