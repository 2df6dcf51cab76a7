"""The best of several tunes: candidates by derived seeds, and the choice by their scores."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from charnn.errors import UsageError
from charnn.music.similarity.copies import TuneIndex
from charnn.tunes.tune_score import TuneScore, score_tune

MAX_CANDIDATES = 1000
# A command writes at most 1,000,000 tunes with consecutive seeds, so no two share a candidate. The
# number is prime, because a seed also chooses one of 16 states that a tune begins with.
_SEED_STEP = 1_000_003


@dataclass(frozen=True)
class RatedTune:
    """A tune, the seed that wrote it, and its score."""

    text: str
    seed: int
    score: TuneScore


def check_best_of(best_of: int) -> None:
    """Refuse a number of candidates that is out of range.

    Raises:
        UsageError: it is.
    """
    if not 1 <= best_of <= MAX_CANDIDATES:
        raise UsageError(f"--best-of must be between 1 and {MAX_CANDIDATES:,}, not {best_of}")


def candidate_seeds(seeds: Iterable[int], best_of: int) -> list[int]:
    """Return the seeds of the candidates of each tune, tune by tune.

    Candidate k of the tune with seed s, counted from 0, has the seed s + 1,000,003 k.
    """
    return [seed + _SEED_STEP * number for seed in seeds for number in range(best_of)]


def best_tunes(
    texts: Iterable[str], seeds: Sequence[int], best_of: int, training_tunes: TuneIndex | None
) -> Iterator[RatedTune]:
    """Yield the best candidate of each tune; of several that are best, the first.

    Args:
        texts: the candidates, in the order of `seeds`.
        seeds: the result of `candidate_seeds`.
        best_of: the number of candidates of each tune.
        training_tunes: an index of the tunes that the model was trained on; None if they are
            unknown. Then every tune counts as new.
    """
    candidates: list[RatedTune] = []
    for text, seed in zip(texts, seeds, strict=True):
        similarity = training_tunes.nearest(text).similarity if training_tunes else 0.0
        candidates.append(RatedTune(text, seed, score_tune(text, similarity)))
        if len(candidates) == best_of:
            yield max(candidates, key=lambda candidate: candidate.score.total)
            candidates = []
