"""Asking a model for a tune: the wish, what the model knows, and the grammar between them."""

from collections.abc import Iterator, Sequence

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import UsageError
from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.grammar.tune_grammar import TuneGrammar
from charnn.music.grammar.tune_request import TuneRequest
from charnn.sampling.constraint import Constraint, ConstraintCursor
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler


def fit_request(
    request: TuneRequest, checkpoint: Checkpoint, headers: HeaderStats
) -> tuple[TuneRequest, str]:
    """The wish in the words of the tunes that a model has learned, and what to doubt of it, if
    anything (see `HeaderStats`)."""
    low, high = checkpoint.metadata.get("transpose", (0, 0))
    request = headers.fit(request, any_tonic=high > low)
    return request, headers.doubt(request, any_tonic=high > low)


class TuneWriter:
    """A model that writes tunes as they are wished.

    Args:
        checkpoint: a model of tunes.
        wish: what the tunes are to be.

    Raises:
        UsageError: the model can't write such a tune.
    """

    def __init__(self, checkpoint: Checkpoint, request: TuneRequest) -> None:
        # A model of a single tune has met no end, but the grammar knows where one is.
        self._sampler = Sampler(checkpoint, may_end=True)
        texts = self._sampler.texts
        characters = {text for text in texts if len(text) == 1}
        self._constraint = Constraint(TuneGrammar(request, characters), texts)
        self._courses: list[ConstraintCursor] = []

    def stream(self, params: SamplingParams, *, seed: int, length: int) -> Iterator[str]:
        """The pieces of a tune as they are written, of about `length` characters at most.

        Raises:
            UsageError: `length` is too short for such a tune, or `seed` is negative.
        """
        return next(self.stream_many(params, seeds=[seed], length=length))

    def stream_many(
        self, params: SamplingParams, *, seeds: Sequence[int], length: int
    ) -> Iterator[Iterator[str]]:
        """A tune for each seed, one after the other, as `stream` gives it.

        Raises:
            UsageError: `length` is too short for such tunes, or a seed is negative.
        """
        if length < self._constraint.shortest:
            raise UsageError(
                f"--length {length} is too short for such a tune: it needs at least "
                f"{self._constraint.shortest}"
            )
        return self._sampler.stream_many(params, seeds=seeds, length=length, begin=self._begin)

    def _begin(self) -> ConstraintCursor:
        self._courses.append(self._constraint.begin())
        return self._courses[-1]

    @property
    def tokens_drawn(self) -> int:
        """Symbols written in the bodies of all tunes so far."""
        return sum(cursor.steps for cursor in self._courses)

    @property
    def refused_share(self) -> float:
        """Which share of them was wrong at the first try: the less, the better the model knows bars
        and parts by itself; none where unlikely symbols are cut off, after the wrong ones."""
        return sum(cursor.refused for cursor in self._courses) / max(1, self.tokens_drawn)
