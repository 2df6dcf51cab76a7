"""Music for a gap, drawn so that it suits what follows: importance resampling with one model.

A model writes from left to right, so it fills a gap without knowing what comes after it. Here many
candidates are drawn side by side. Then the model reads what follows after each of them, and one
candidate is chosen by its weight. The weight of a candidate is the probability that the model gives
to the candidate and to the text that follows, divided by the probability with which the candidate
was drawn. With many candidates, the choice has the distribution of the model's texts that fit into
the gap (sampling importance resampling, Rubin 1987).

Texts become tokens, and tokens become texts, in this file only.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.vocabulary import UNKNOWN
from charnn.errors import UsageError
from charnn.inference.exponential import logarithm
from charnn.inference.stepper_state import StepperState
from charnn.music.grammar.gap_grammar import GapGrammar
from charnn.music.grammar.gap_pieces import Fixed, Piece
from charnn.sampling.sampler import Sampler
from charnn.tunes.candidate_draw import CandidateDraw, DrawnText, Logs, log_sum

CANDIDATES = 64
# The model reads this much of what follows (`benchmarks/RESULTS.md`).
FOLLOWING_CHARS = 100
# Of one gap: a tune of 300 characters before it, 50 characters in each candidate, and what follows.
_EXPECTED_TOKENS = 300 + CANDIDATES * (50 + FOLLOWING_CHARS)


@dataclass(frozen=True)
class Candidate:
    """New music for a gap.

    Attributes:
        piece_texts: the text of each piece of the gap, and the first sign after it.
        log_weight: the logarithm of its weight.
        following_log_prob: the part of it that the text that follows gives.
    """

    piece_texts: tuple[str, ...]
    log_weight: float
    following_log_prob: float


class Infiller:
    """A model that fills gaps in tunes.

    Args:
        checkpoint: a model of tunes.

    Attributes:
        sampler: the model.
        token_texts: the characters of each token.
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
        self.token_texts = self.sampler.token_texts
        self.characters = frozenset(text for text in self.token_texts if len(text) == 1)

    def encode(self, text: str) -> list[int]:
        """Return the tokens of a text, without the characters that the model does not know."""
        ids = self.sampler.vocabulary.encode(text)
        found: list[int] = ids[ids != UNKNOWN].tolist()
        return found

    def unknown_characters(self, text: str) -> list[str]:
        """Return the characters of a text that the model does not know."""
        return self.sampler.vocabulary.unknown_characters(text)


class GapFiller:
    """A model that fills one gap.

    Args:
        infiller: the model.
        before: the text before the gap.
        pieces: the pieces of the gap.
        following: the text that follows; at least a line end.
        temperature: the temperature of the draw and of the weights, above 0.
        note_bonus: see `CandidateDraw`.
        following_chars: the number of characters that the model reads of the text that follows.
    """

    def __init__(
        self,
        infiller: Infiller,
        before: str,
        pieces: Sequence[Piece],
        following: str,
        *,
        temperature: float,
        note_bonus: float = 0.0,
        following_chars: int = FOLLOWING_CHARS,
    ) -> None:
        self._infiller, self._temperature = infiller, temperature
        self._before = [infiller.sampler.start_id, *infiller.encode(before)]
        known = [
            Fixed("".join(c for c in piece.text if c in infiller.characters))
            if isinstance(piece, Fixed)
            else piece
            for piece in pieces
        ]
        # The first token of what follows belongs to the draw: it shows that the gap is full.
        first, *self._following = infiller.encode(following[: max(1, following_chars)])
        known.append(Fixed(infiller.token_texts[first]))
        self._grammar = GapGrammar(known, infiller.characters)
        self._draw = CandidateDraw(
            infiller.sampler.backends,
            self._grammar,
            infiller.token_texts,
            temperature,
            note_bonus,
        )
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
        state = self._read_before(seed).copied_rows([0] * count)
        drawn = self._draw.texts(state, self._before[-1], random)
        # Equal texts are read once, and have the weight of all of them.
        copies: dict[str, list[DrawnText]] = {}
        for one in drawn:
            copies.setdefault(one.text, []).append(one)
        different = [same[0] for same in copies.values()]
        following = self._follow(different)
        counts = np.array([len(same) for same in copies.values()], np.float64)
        weights = np.array([one.log_weight for one in different]) + following
        for index in _weighted_order(weights + logarithm(counts), random):
            texts = tuple(self._grammar.split(different[index].text))
            yield Candidate(texts, float(weights[index]), float(following[index]))

    def _read_before(self, seed: int) -> StepperState:
        """Return the state after all tokens before the gap but the last one."""
        sampler = self._infiller.sampler
        state = sampler.begin(seed)
        begin = state.hidden_SLBH.tobytes()  # the seed decides among a few states
        if begin not in self._states:
            state.temperature = self._temperature
            for token_id in self._before[:-1]:
                sampler.backends.feed(np.array([token_id]), state)
            self._states[begin] = state
        return self._states[begin]

    def _follow(self, texts: Sequence[DrawnText]) -> Logs:
        """Return the logarithm of the probability of what follows each text."""
        state = StepperState.joined([one.state for one in texts])
        log_probs = np.zeros(len(texts))
        ids_B = np.array([one.last_id for one in texts])
        for token_id in self._following:
            logits_BV = self._draw.logits(ids_B, state)
            log_probs += logits_BV[:, token_id] - log_sum(logits_BV)
            ids_B[:] = token_id
        return log_probs


def _weighted_order(log_weights: Logs, random: np.random.Generator) -> list[int]:
    """Return the indices in the order of draws without replacement by weight (Gumbel-top-k)."""
    uniforms = np.maximum(random.random(len(log_weights)), 1e-300)
    gumbels = -logarithm(np.maximum(-logarithm(uniforms), 1e-300))
    order: list[int] = np.argsort(-(log_weights + gumbels), kind="stable").tolist()
    return order
