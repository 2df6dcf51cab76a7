"""`charnn sample` for a model of tunes: requests, comments in tunes, and refusal of copies."""

import itertools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.checkpoints.bundled import display_name
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.cli.console import show_message, show_warning
from charnn.cli.formatting import join_some
from charnn.cli.save_tunes import save_tune
from charnn.cli.shell_words import join_words
from charnn.errors import CharnnError, CheckpointError, UsageError
from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.grammar.prime_text import STAR, read_prime
from charnn.music.grammar.tune_request import make_request
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.tunes.best_tune import best_tunes, candidate_seeds, check_best_of
from charnn.tunes.training_tunes import load_header_stats, load_training_tunes
from charnn.tunes.tune_writer import TuneWriter, fit_request

if TYPE_CHECKING:
    from charnn.music.similarity.copies import TuneIndex

MAX_ATTEMPTS = 20  # to write a tune that is not a copy

# The options that determine a tune; those that differ from their defaults are repeated in the
# command that stands as a comment in the tune.
_REPRODUCED_OPTIONS = (
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "length",
    "stop",
    "rhythm",
    "meter",
    "key",
    "title",
    "part_bars",
    "form",
    "bars",
    "prime",
    "clamp",
)
_REQUEST_OPTIONS = ("title", "rhythm", "meter", "key", "part_bars", "form", "prime")
_HEADER_OPTIONS = ("rhythm", "meter", "key", "title", "part_bars", "form")


class TuneJob:
    """A writer of the tunes of one call of `charnn sample`.

    Args:
        path: the path of the checkpoint.
        model: the checkpoint.
        params: the sampling parameters.
        options: the values of the command's options by name; `prime` is the text, not `@FILE`.
        defaults: the default values of these options.

    Raises:
        UsageError: options contradict each other, or the model can't write the requested tunes.
        CheckpointError: the option `reject_copies` is set, but the training tunes of the model are
            missing.
    """

    def __init__(
        self,
        path: Path,
        model: Checkpoint,
        params: SamplingParams,
        options: dict[str, Any],
        defaults: dict[str, Any],
    ) -> None:
        self._path, self._params, self._length = path, params, options["length"]
        self._options, self._defaults = options, defaults
        self._best_of = 1 if options["best_of"] is None else options["best_of"]
        check_best_of(self._best_of)
        headers = self._header_stats(model)
        if self._leaves_all_to_the_model(headers):
            self._source: Sampler | TuneWriter = Sampler(model)
        else:
            self._source = self._writer(model, headers)
        self._training_tunes = self._index(model)  # takes a second, so wrong options come first

    def _leaves_all_to_the_model(self, headers: HeaderStats | None) -> bool:
        """Return whether nothing constrains the tunes, not even a header.

        This needs `--bars off` without a request about the header. Then a prime that begins with X:
        is the beginning of the text itself, and `--stop` may cut the text off. A prime with
        stars always needs the grammar, which fills them in.
        """
        options = self._options
        if STAR in read_prime(options["prime"], strict=False).opening:
            return False
        if options["bars"] != "off" or any(options[name] for name in _HEADER_OPTIONS):
            return False
        return headers is None or bool(options["stop"]) or options["prime"].startswith("X:")

    def _writer(self, model: Checkpoint, headers: HeaderStats | None) -> TuneWriter:
        """Return a writer of the requested tunes. Warn if few training tunes are like them."""
        options = self._options
        if options["stop"]:  # would cut the tune off within a bar
            raise UsageError(
                "--stop is for texts: leave it out, since a tune ends where its parts are complete"
            )
        request = make_request(
            **{name: options[name] for name in _REQUEST_OPTIONS}, strict=options["bars"] != "off"
        )
        if request.left_out:
            show_warning(f"left out of --prime: {join_some(request.left_out)}")
        if headers is not None:
            request, doubt = fit_request(request, model, headers)
            if doubt:
                show_warning(doubt)
        return TuneWriter(model, request)

    def _header_stats(self, model: Checkpoint) -> HeaderStats | None:
        """Return statistics of the headers of the training tunes, or None if they are unknown."""
        try:
            return load_header_stats(self._path, model)
        except CheckpointError as problem:
            show_warning(str(problem))
            return None

    def _index(self, model: Checkpoint) -> "TuneIndex | None":
        """Return an index of the training tunes, or None if no option needs it.

        --best-of can do without them: then every tune counts as new.
        """
        if not self._options["reject_copies"] and self._best_of == 1:
            return None
        from charnn.music.similarity.copies import TuneIndex

        try:
            return TuneIndex(load_training_tunes(self._path, model))
        except CheckpointError as problem:
            if self._options["reject_copies"]:
                raise
            show_warning(f"{problem} --best-of counts every tune as new.")
            return None

    def tunes(self, first_seed: int, num: int) -> Iterator[tuple[Iterable[str], int]]:
        """Yield, for each tune, its text in pieces and its seed.

        The text contains the number of the tune and a comment. If the tune is chosen from several,
        may be refused or is saved, the text is a single piece, because the whole tune must be known
        first. Otherwise the pieces are yielded while the model writes the tune.
        """
        for number, (written, seed) in enumerate(self._write(range(first_seed, first_seed + num))):
            pieces, used_seed = written, seed
            if self._options["reject_copies"] and self._training_tunes is not None:
                pieces, used_seed = self._original(
                    "".join(written), seed, num, self._training_tunes
                )
            completed = _with_comment(pieces, number + 1, self._command(used_seed))
            if self._options["save"]:
                tune = "".join(completed)
                save_tune(tune, self._options["save"], number + 1)
                completed = iter([tune])
            yield completed, used_seed

    def _write(self, seeds: range) -> Iterator[tuple[Iterable[str], int]]:
        """Yield, for each seed, the pieces of a tune and the seed that wrote it.

        With --best-of, the tune is the best of the candidates that are derived from the seed.
        """
        if self._best_of == 1:
            yield from zip(self._stream(seeds), seeds, strict=True)
            return
        candidates = candidate_seeds(seeds, self._best_of)
        texts = map("".join, self._stream(candidates))
        for tune in best_tunes(texts, candidates, self._best_of, self._training_tunes):
            show_message(f"best of {self._best_of}: seed {tune.seed}, {tune.score}")
            yield [tune.text], tune.seed

    def _stream(self, seeds: Sequence[int]) -> Iterator[Iterator[str]]:
        """Yield, for each seed, an iterator over the pieces of a tune that the model writes."""
        params, length = self._params, self._length
        if isinstance(self._source, TuneWriter):
            return self._source.stream_many(params, seeds=seeds, length=length)
        prime, stop = self._options["prime"], self._options["stop"]
        streams = self._source.stream_many(
            params, seeds=seeds, length=length, prime=prime, stop=stop
        )
        return (itertools.chain([prime], pieces) for pieces in streams)

    def _original(
        self, tune: str, seed: int, num: int, training_tunes: "TuneIndex"
    ) -> tuple[Iterable[str], int]:
        """Return `tune` and its seed or, if it is a copy of a training tune, another tune.

        The other tune is drawn with other seeds until it is not a copy.

        Raises:
            CharnnError: 20 tunes in a row were copies.
        """
        for attempt in range(1, MAX_ATTEMPTS + 1):
            nearest = training_tunes.nearest(tune)
            if not nearest.copied:
                return [tune], seed
            show_message(f"seed {seed} gave a copy ({nearest.similarity:.2f}) of {nearest.title}")
            if attempt < MAX_ATTEMPTS:
                seed += num  # skips the seeds of this command's other tunes
                ((pieces, seed),) = self._write(range(seed, seed + 1))
                tune = "".join(pieces)
        raise CharnnError(f"{MAX_ATTEMPTS} tunes in a row were copies: use a higher --temperature")

    def close(self) -> None:
        """Show the user how often the grammar had to correct the model."""
        writer = self._source
        if (
            isinstance(writer, TuneWriter)
            and self._options["bars"] != "off"
            and writer.tokens_drawn
            # These mask forbidden tokens before the draw, so nothing is counted.
            and not self._params.truncates
        ):
            show_message(
                f"Strict bars masked {100 * writer.refused_share:.1f} % of the model's probability."
            )

    def _command(self, seed: int) -> str:
        """Return a command that writes the tune again, but perhaps with another X: number."""
        words = ["charnn", "sample", display_name(self._path)]
        for name in _REPRODUCED_OPTIONS:
            given = self._options[name]
            if given == self._defaults[name]:
                continue
            for value in map(str, given if isinstance(given, list | tuple) else [given]):
                # A prime that begins with @ would name a file.
                at = "@" if name == "prime" and value.startswith("@") else ""
                words += [f"--{name.replace('_', '-')}", at + value]
        return join_words([*words, "--seed", str(seed)])


def _with_comment(pieces: Iterable[str], number: int, command: str) -> Iterator[str]:
    """Yield the pieces of a tune with `number` in its X: field, and a comment after that field.

    A text that does not begin with `X:1` is not changed, because a model without constraints may
    write any text.
    """
    pieces, head = iter(pieces), ""
    for piece in pieces:
        head += piece
        if len(head) >= 4 or not "X:1\n".startswith(head):
            break
    if head.startswith("X:1\n"):
        yield f"X:{number}\n% {command}\n" + head[4:]
    else:
        yield head
    yield from pieces
