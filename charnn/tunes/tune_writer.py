"""Writing tunes: a request, a model and the grammar of tunes together."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import UsageError
from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from charnn.sampling.constraint import Constraint, ConstraintCursor
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.tunes.planned_cursor import PlannedCursor
from charnn.tunes.repeating_cursor import RepeatingCursor
from charnn.tunes.tune_starts import TuneStarts

if TYPE_CHECKING:
    from charnn.tunes.starred_prime import StarredPrime


def fit_request(
    request: TuneRequest, checkpoint: Checkpoint, headers: HeaderStats
) -> tuple[TuneRequest, str]:
    """Return the request in the spelling of the training tunes, and a warning or `""`.

    See `HeaderStats.fit` and `HeaderStats.doubt`.
    """
    low, high = checkpoint.metadata.get("transpose", (0, 0))
    # A model that was trained on transposed tunes has read tonics that their headers do not show.
    # For a model of notes relative to the tonic, all tonics are alike.
    any_tonic = high > low or checkpoint.vocabulary.moves_keys
    request = headers.fit(request)
    return request, headers.doubt(request, any_tonic=any_tonic)


class TuneWriter:
    """A model that writes the tunes of one request.

    Args:
        checkpoint: a model of tunes.
        request: the properties that every tune must have.

    Raises:
        UsageError: no such tune can be written with the characters of the model.
    """

    def __init__(self, checkpoint: Checkpoint, request: TuneRequest) -> None:
        # The grammar decides where a tune ends. So even a model of a single tune, which has never
        # read the end of a document, may end one.
        self._sampler = Sampler(checkpoint, may_end=True)
        request = replace(request, title=self._sampler.vocabulary.known_form(request.title))
        texts = self._sampler.token_texts
        # The grammar reads characters. A longer token consists of characters that are tokens, too.
        characters = {text for text in texts if len(text) == 1}
        grammar = TuneGrammar(request, characters)
        self._stars = _starred_prime(checkpoint, request)
        self._starts = TuneStarts(self._sampler, grammar, request)
        self._constraint = Constraint(grammar, texts, self._starts.state(0))
        self._cursor_type = RepeatingCursor if request.strict else ConstraintCursor
        # Kept after the tunes have ended, because `refused_share` sums over all of them.
        self._cursors: list[ConstraintCursor] = []

    def stream(self, params: SamplingParams, *, seed: int, length: int) -> Iterator[str]:
        """Yield the pieces of a tune as they are drawn.

        The tune has up to `length` characters, or a little more if it cannot end earlier.

        Raises:
            UsageError: `length` is too short for such a tune, or `seed` is negative.
        """
        return next(self.stream_many(params, seeds=[seed], length=length))

    def stream_many(
        self, params: SamplingParams, *, seeds: Sequence[int], length: int
    ) -> Iterator[Iterator[str]]:
        """Yield one iterator for each seed, in this order; it yields the pieces of a tune.

        Raises:
            UsageError: `length` is too short for such tunes, or a seed is negative.
        """
        min_length = self._constraint.min_length
        if length < min_length:
            raise UsageError(
                f"--length {length} is too short for such a tune: it needs at least {min_length}"
            )
        return self._sampler.stream_many(
            params,
            seeds=seeds,
            length=length,
            begin=lambda seed: self._begin(seed, length, params.temperature),
            key=self._starts.key,
        )

    def _begin(self, seed: int, length: int, temperature: float) -> ConstraintCursor:
        if self._stars is not None:
            state = self._starts.filled_state(self._stars, seed, temperature)
            self._cursors.append(self._cursor_type(self._constraint, state))
            return self._cursors[-1]
        plan = self._starts.plan(seed)
        state = self._starts.state(seed, plan)
        # Within the horizon, a tune makes for its end. So a short tune has no room for a plan.
        room = length - self._constraint.distance_to_end(state)
        if plan is None or room < self._constraint.horizon:
            cursor = self._cursor_type(self._constraint, self._starts.state(seed))
        else:
            cursor = PlannedCursor(self._constraint, state, plan)
        self._cursors.append(cursor)
        return cursor

    @property
    def tokens_drawn(self) -> int:
        """Return the number of tokens drawn in the bodies of all tunes so far."""
        return sum(cursor.tokens_drawn for cursor in self._cursors)

    @property
    def refused_share(self) -> float:
        """Return the share of `tokens_drawn` that the grammar refused.

        The smaller the share, the better the model has learned bars and parts. With top-k, top-p or
        min-p the share is 0, because all forbidden tokens are masked before the draw.
        """
        refused = sum(cursor.tokens_refused for cursor in self._cursors)
        return refused / max(1, self.tokens_drawn)


def _starred_prime(checkpoint: Checkpoint, request: TuneRequest) -> "StarredPrime | None":
    """Return the prime of a request if it contains stars, else `None`."""
    if not request.starred:
        return None
    # Imported here: without a star, the first character should not wait for the code of `vary`.
    from charnn.tunes.starred_prime import StarredPrime

    return StarredPrime(checkpoint, request)
