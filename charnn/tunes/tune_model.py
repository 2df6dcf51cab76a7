"""The methods of a model that vary, continue and compare single tunes."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.sampling.params import SamplingParams

if TYPE_CHECKING:
    from charnn.music.similarity.compare import TuneComparison
    from charnn.tunes.continuation import ContinueOptions
    from charnn.tunes.variation import VaryChoices


class TuneModel:
    """A model of tunes.

    Attributes:
        path: the checkpoint file that the model was read from.
        checkpoint: the configuration, vocabulary, weights and metadata of the model.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint) -> None:
        self.path = path
        self.checkpoint = checkpoint

    def vary(
        self,
        tune: str,
        num: int = 1,
        *,
        seed: int = 0,
        temperature: float = 0.8,
        **options: "Unpack[VaryChoices]",
    ) -> Iterator[str]:
        """Return an iterator over `num` different variations of a tune: chosen bars are new.

        The options and errors are described in `charnn.tunes.variation`. Variation i, counted from
        0, has the seed `seed + i`.
        """
        from charnn.tunes.variation import VaryOptions, vary_tune

        seeds, params = range(seed, seed + num), SamplingParams(temperature)
        return vary_tune(self.checkpoint, tune, VaryOptions(**options), seeds, params)

    def continue_tune(
        self,
        tune: str,
        num: int = 1,
        *,
        seed: int = 0,
        temperature: float = 0.8,
        **options: "Unpack[ContinueOptions]",
    ) -> Iterator[str]:
        """Return an iterator over `num` continuations of a tune by further parts.

        The options and errors are described in `charnn.tunes.continuation`. Continuation i, counted
        from 0, has the seed `seed + i`.
        """
        from charnn.tunes.continuation import TuneContinuer

        continuer = TuneContinuer(self.checkpoint, tune, **options)
        found = continuer.continuations(range(seed, seed + num), SamplingParams(temperature))
        return (continuation.text for continuation in found)

    def learned_tunes(self) -> list[str]:
        """Return the tunes that the model was trained on, see `charnn.tunes.training_tunes`.

        Raises:
            CheckpointError: the training tunes are missing, or the model was not trained on a tune
                book.
        """
        from charnn.tunes.training_tunes import load_training_tunes

        return load_training_tunes(self.path, self.checkpoint)

    def judge(self, tunes: Iterable[str]) -> "TuneComparison":
        """Return a comparison of one or more new tunes with the model's training tunes.

        Raises:
            CheckpointError: the training tunes are missing.
        """
        from charnn.music.similarity.compare import compare_tunes

        return compare_tunes(list(tunes), self.learned_tunes())
