"""The methods of a model that vary, continue and compare single tunes."""

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.sampling.params import SamplingParams
from charnn.sampling.seeds import seed_range

if TYPE_CHECKING:
    from charnn.music.similarity.compare import TuneComparison
    from charnn.tunes.continuation import ContinueOptions
    from charnn.tunes.shown_tune import WrittenTune
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

    def __repr__(self) -> str:
        """Return what the model is: its file, its network, and what it has learned."""
        config, metadata = self.checkpoint.config, self.checkpoint.metadata
        layers = f"{config.num_layers} layers" if config.num_layers > 1 else "1 layer"
        facts = [
            f"{config.cell}, {layers} of {config.hidden_size:,}",
            f"{config.parameter_count():,} parameters",
        ]
        if corpus := metadata.get("corpus"):
            facts.append(f"trained on {corpus}")
        if self.checkpoint.step >= 0:
            facts.append(f"{self.checkpoint.step:,} steps")
        if isinstance(loss := metadata.get("nats_per_char"), float):
            facts.append(f"{loss:.3f} nats/char")
        return f"<Model {str(self.path)!r}: {', '.join(facts)}>"

    def vary(
        self,
        tune: str,
        num: int = 1,
        *,
        seed: int | None = None,
        temperature: float = 0.8,
        **options: "Unpack[VaryChoices]",
    ) -> "Iterator[WrittenTune]":
        """Return an iterator over `num` different variations of a tune: chosen bars are new.

        The options and errors are described in `charnn.tunes.variation`. Variation i, counted from
        0, has the seed `seed + i`, unless that seed gives nothing new. Its attribute `seed` is its
        seed. None as `seed` draws one.
        """
        from charnn.tunes.shown_tune import WrittenTune
        from charnn.tunes.variation import VaryOptions, vary_tune

        seeds, params = seed_range(seed, num), SamplingParams(temperature)
        found = vary_tune(self.checkpoint, tune, VaryOptions(**options), seeds, params)
        return (WrittenTune(variation.text, variation.seed) for variation in found)

    def continue_tune(
        self,
        tune: str,
        num: int = 1,
        *,
        seed: int | None = None,
        temperature: float = 0.8,
        **options: "Unpack[ContinueOptions]",
    ) -> "Iterator[WrittenTune]":
        """Return an iterator over `num` continuations of a tune by further parts.

        The options and errors are described in `charnn.tunes.continuation`. Continuation i, counted
        from 0, has the seed `seed + i`, which is its attribute `seed`. None as `seed` draws
        one.
        """
        from charnn.tunes.continuation import TuneContinuer
        from charnn.tunes.shown_tune import WrittenTune

        continuer = TuneContinuer(self.checkpoint, tune, **options)
        seeds = seed_range(seed, num)
        found = continuer.continuations(seeds, SamplingParams(temperature))
        return (WrittenTune(continuation.text, continuation.seed) for continuation in found)

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
