"""The methods of a model that write, vary, continue and compare tunes."""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.errors import UsageError, warn
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.sampling.seeds import seed_range

if TYPE_CHECKING:
    from charnn.music.grammar.tune_request import RequestOptions
    from charnn.music.similarity.compare import TuneComparison
    from charnn.tunes.shown_tune import WrittenTune

MAX_TUNE_LENGTH = 2000  # characters


class TuneModel:
    """A model of tunes.

    Attributes:
        path: the checkpoint file that the model was read from.
        checkpoint: the configuration, vocabulary, weights and metadata of the model.
    """

    def __init__(self, path: Path, checkpoint: Checkpoint) -> None:
        self.path = path
        self.checkpoint = checkpoint

    @cached_property
    def _sampler(self) -> Sampler:
        return Sampler(self.checkpoint)

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

    def tunes(
        self,
        num: int,
        *,
        seed: int | None = None,
        temperature: float = 1.0,
        bars: str = "strict",
        best_of: int = 1,
        title: str = "",
        rhythm: str = "",
        meter: str = "",
        key: str = "",
        part_bars: int = 0,
        form: str = "",
        prime: str = "",
    ) -> "Iterator[WrittenTune]":
        """Return an iterator over `num` new tunes; tune i, counted from 0, has the seed `seed + i`.

        A tune is a text in ABC notation, whose attribute `seed` is its seed. A notebook shows it as
        a score with sound. What is unusual about the request is a `CharnnWarning`.

        Args:
            num: the number of tunes.
            seed: the seed of the first tune; None draws one.
            temperature: see `charnn.sampling.params.SamplingParams`.
            bars: "strict" masks every token that would break a bar or a part; "off" constrains only
                the header.
            best_of: the number of candidates for each tune; the best one by its score
                (`charnn.tunes.tune_score`) is returned.
            title, rhythm, meter, key: header values, in any usual spelling (`A dorian`).
            part_bars: the number of bars in every part; 0 for a usual number.
            form: the parts in playing order, such as `AABB`; `""` for any two to four parts.
            prime: the beginning of the tune: header fields, music, or both.

        Raises:
            CheckpointError: `best_of` is above 1, and the training tunes are missing.
            UsageError: an option is out of range, or the model cannot write such a tune.
        """
        if bars not in ("strict", "off"):
            raise UsageError(f"--bars must be strict or off, not {bars}")
        from charnn.music.grammar.tune_request import RequestOptions
        from charnn.tunes.best_tune import best_tunes, candidate_seeds, check_best_of
        from charnn.tunes.shown_tune import written_tunes

        check_best_of(best_of)
        params = SamplingParams(temperature)
        tune_seeds = seed_range(seed, num)
        seeds = candidate_seeds(tune_seeds, best_of)
        request = RequestOptions(title=title, rhythm=rhythm, meter=meter, key=key)
        request |= RequestOptions(part_bars=part_bars, form=form, prime=prime)
        texts = self._written_tunes(params, seeds, bars, request)
        if best_of == 1:
            return written_tunes(texts, tune_seeds)
        from charnn.music.similarity.copies import TuneIndex

        known = TuneIndex(self.learned_tunes())
        best = best_tunes(texts, seeds, best_of, known)
        return written_tunes((tune.text for tune in best), tune_seeds)

    def _written_tunes(
        self, params: SamplingParams, seeds: Sequence[int], bars: str, request: "RequestOptions"
    ) -> Iterator[str]:
        """Return an iterator over the tunes of `seeds`."""
        from charnn.music.grammar.tune_request import make_request
        from charnn.tunes.training_tunes import load_header_stats
        from charnn.tunes.tune_writer import TuneWriter, fit_request

        requested = make_request(strict=bars == "strict", **request)
        if requested.left_out:
            warn(f"left out of prime: {', '.join(requested.left_out)}")
        headers = load_header_stats(self.path, self.checkpoint)
        if headers is not None:
            requested, doubt = fit_request(requested, self.checkpoint, headers)
            if doubt:
                warn(doubt)
        elif bars == "off" and not any(request.values()):
            texts = self._sampler.stream_many(params, seeds=seeds, length=MAX_TUNE_LENGTH)
            return map("".join, texts)
        writer = TuneWriter(self.checkpoint, requested)
        return map("".join, writer.stream_many(params, seeds=seeds, length=MAX_TUNE_LENGTH))

    def vary(
        self,
        tune: str,
        num: int = 1,
        *,
        seed: int | None = None,
        temperature: float = 0.8,
        bars: str = "",
        part: str = "",
        ending: bool = False,
        keep: Sequence[str] = (),
        simpler: bool = False,
        busier: bool = False,
    ) -> "Iterator[WrittenTune]":
        """Return an iterator over `num` different variations of a tune: chosen bars are new.

        Variation i, counted from 0, has the seed `seed + i`, unless that seed gives nothing new.
        Its attribute `seed` is its seed. None as `seed` draws one.

        Args:
            bars: the bars to vary, such as "5-8"; without `bars`, `part` and `ending`, the tune
                marks what is new by `*`.
            part: the letter of the part to vary.
            ending: vary the last bars of the part, or of the tune.
            keep: what stays: "rhythm", or "contour", which keeps the rhythm as well.
            simpler, busier: the new bars have fewer or more notes.

        Raises:
            TuneError: the tune cannot be read.
            UsageError: the options contradict each other, or there are no such bars.
        """
        from charnn.tunes.shown_tune import WrittenTune
        from charnn.tunes.variation import VaryOptions, vary_tune

        seeds, params = seed_range(seed, num), SamplingParams(temperature)
        options = VaryOptions(bars, part, ending, keep, simpler, busier)
        found = vary_tune(self.checkpoint, tune, options, seeds, params)
        return (WrittenTune(variation.text, variation.seed) for variation in found)

    def continue_tune(
        self,
        tune: str,
        num: int = 1,
        *,
        seed: int | None = None,
        temperature: float = 0.8,
        after: str = "",
        parts: int | None = None,
        part_bars: int = 0,
    ) -> "Iterator[WrittenTune]":
        """Return an iterator over `num` continuations of a tune by further parts.

        Continuation i, counted from 0, has the seed `seed + i`, which is its attribute `seed`. None
        as `seed` draws one.

        Args:
            after: the letter of the last part that stays; `""` keeps all that is written.
            parts: the number of parts to write. None writes one, unless the tune is finished.
            part_bars: the number of bars of every new part; 0 for as many as the first part has.

        Raises:
            TuneError: the tune cannot be read.
            UsageError: the tune is finished, or cannot be continued by whole bars, or an option is
                out of range.
        """
        from charnn.tunes.continuation import TuneContinuer
        from charnn.tunes.shown_tune import WrittenTune

        continuer = TuneContinuer(
            self.checkpoint, tune, after=after, parts=parts, part_bars=part_bars
        )
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
