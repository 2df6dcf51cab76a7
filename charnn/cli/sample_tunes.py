"""What `charnn sample` does when the model is one of tunes: the wish, the header, copies, files."""

import itertools
import shlex
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.checkpoints.bundled import display_name
from charnn.checkpoints.checkpoint import Checkpoint
from charnn.cli.console import show_message, show_warning
from charnn.cli.tune_files import slug
from charnn.errors import CharnnError, CheckpointError, UsageError
from charnn.files import write_bytes
from charnn.music.grammar.header_stats import HeaderStats
from charnn.music.grammar.tune_request import make_request
from charnn.sampling.params import SamplingParams
from charnn.sampling.sampler import Sampler
from charnn.tunes.training_tunes import load_header_stats, load_training_tunes
from charnn.tunes.tune_writer import TuneWriter, fit_request

if TYPE_CHECKING:
    from charnn.music.similarity.copies import TuneIndex
    from charnn.music.tune.tune import Tune

_TRIES = 20  # to write a tune that is no copy

# Options that make a tune what it is; they go into the command in its comment.
_TELLING = (
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
    "bars",
    "prime",
)


class TuneJob:
    """Tunes to be written by one command.

    Args:
        path: the checkpoint's file.
        model: the checkpoint.
        choice: how each symbol is chosen.
        options: the command's, by name; `prime` is the text itself.
        defaults: of the options.

    Raises:
        UsageError: the options contradict each other, or the model can't write such tunes.
        CheckpointError: copies are to be refused, but the learned tunes are not there.
    """

    def __init__(
        self,
        path: Path,
        model: Checkpoint,
        params: SamplingParams,
        options: dict[str, Any],
        defaults: dict[str, Any],
    ) -> None:
        self._path, self._choice, self._length = path, params, options["length"]
        self._options, self._defaults = options, defaults
        self._copies = _collection(path, model) if options["reject_copies"] else None
        asked = any(options[name] for name in ("rhythm", "meter", "key", "title", "part_bars"))
        bare = options["bars"] == "off" and not asked
        self._source = Sampler(model) if bare else self._writer(model)

    def _writer(self, model: Checkpoint) -> TuneWriter:
        options = self._options
        if options["stop"]:
            raise UsageError("--stop is for texts: a tune ends where its parts are complete")
        names = ("title", "rhythm", "meter", "key", "part_bars", "prime")
        request = make_request(
            **{name: options[name] for name in names}, strict=options["bars"] != "off"
        )
        if (headers := self._learned(model)) is not None:
            request, doubt = fit_request(request, model, headers)
            if doubt:
                show_warning(doubt)
        return TuneWriter(model, request)

    def _learned(self, model: Checkpoint) -> HeaderStats | None:
        """The headers of the tunes that the model has learned from, if they are there."""
        try:
            return load_header_stats(self._path, model)
        except CheckpointError as problem:
            show_warning(str(problem))
            return None

    def tunes(self, first_seed: int, num: int) -> Iterator[tuple[Iterable[str], int]]:
        """Each tune as its pieces, its number and the comment put in; and its seed.

        Tunes that are to be no copies, or to be saved, come as a whole.
        """
        seeds = range(first_seed, first_seed + num)
        for number, (seed, pieces) in enumerate(zip(seeds, self._written(seeds), strict=True), 1):
            completed = _completed(pieces, number, self._command(seed))
            if self._copies is None and not self._options["save"]:
                yield completed, seed
                continue
            tune, seed_used = self._no_copy("".join(completed), number, seed, num)
            if self._options["save"]:
                _save(tune, self._options["save"], number)
            yield [tune], seed_used

    def _written(self, seeds: range) -> Iterator[Iterator[str]]:
        """The pieces of each tune as they are written."""
        params, length = self._choice, self._length
        if isinstance(self._source, TuneWriter):
            return self._source.stream_many(params, seeds=seeds, length=length)
        prime, stop = self._options["prime"], self._options["stop"]
        written = self._source.stream_many(
            params, seeds=seeds, length=length, prime=prime, stop=stop
        )
        return (itertools.chain([prime], pieces) for pieces in written)

    def _no_copy(self, tune: str, number: int, seed: int, num: int) -> tuple[str, int]:
        """The tune, or another if copies are refused and it is one; and its seed."""
        for tries in range(1, _TRIES + 1):
            copied = self._copies.nearest(tune) if self._copies else None
            if copied is None or not copied.copied:
                return tune, seed
            show_message(f"seed {seed} gave a copy ({copied.similarity:.2f}) of {copied.title}")
            if tries < _TRIES:
                seed += num  # none that another tune of this command begins with
                (pieces,) = self._written(range(seed, seed + 1))
                tune = "".join(_completed(pieces, number, self._command(seed)))
        raise CharnnError(f"{_TRIES} tunes in a row were copies: try a higher --temperature")

    def close(self) -> None:
        """Say how the model did."""
        writer = self._source
        if (
            isinstance(writer, TuneWriter)
            and self._options["bars"] != "off"
            and writer.tokens_drawn
        ):
            show_message(
                f"Strict bars masked {100 * writer.refused_share:.1f} % of the model's probability."
            )

    def _command(self, seed: int) -> str:
        """The command that writes the tune again, but for the number in X:."""
        words = ["charnn", "sample", display_name(self._path)]
        for name in _TELLING:
            if self._options[name] != self._defaults[name]:
                words += [f"--{name.replace('_', '-')}", str(self._options[name])]
        return " ".join(_in_one_line(word) for word in [*words, "--seed", str(seed)])


def _in_one_line(word: str) -> str:
    """A word for the shell; as `$'...\\n...'` if it holds what would break the line."""
    if word.isprintable():
        return shlex.quote(word)
    return "$'" + "".join(map(_escaped, word)) + "'"


def _escaped(character: str) -> str:
    if character in "\\'":
        return "\\" + character
    if character.isprintable():
        return character
    codes = character.encode("utf-8", "surrogateescape")
    return "\\n" if character == "\n" else "".join(f"\\x{code:02x}" for code in codes)


def _completed(written: Iterable[str], number: int, command: str) -> Iterator[str]:
    """The tune with its number in X:, and behind that the comment.

    What does not begin as a tune does (the bare model may write anything) stays as it is.
    """
    pieces, head = iter(written), ""
    for piece in pieces:
        head += piece
        if len(head) >= 4 or not "X:1\n".startswith(head):
            break
    if head.startswith("X:1\n"):
        yield f"X:{number}\n% {command}\n" + head[4:]
    else:
        yield head
    yield from pieces


def _collection(path: Path, model: Checkpoint) -> "TuneIndex":
    from charnn.music.similarity.copies import TuneIndex

    return TuneIndex(load_training_tunes(path, model))


def _stem(folder: Path, name: str, content: bytes) -> Path:
    """A name for a tune's files, with a number behind it where another tune has that name."""
    for count in itertools.count(1):
        stem = folder / (name if count == 1 else f"{name}-{count}")
        taken = stem.with_suffix(".abc")
        if not taken.exists() or taken.read_bytes() == content:
            break
    return stem


def _save(text: str, folder: Path, number: int) -> None:
    """Write a tune as ABC, MIDI, score and sound, side by side."""
    from charnn.music.abc.reader import read_tune
    from charnn.music.abc.tunebook import TuneSource, split_book
    from charnn.music.performance.playback import Playback
    from charnn.music.score.engraving import engrave
    from charnn.music.score.musicxml import to_musicxml
    from charnn.music.sound.midi import midi_bytes
    from charnn.music.sound.wav import wav_bytes

    folder.mkdir(parents=True, exist_ok=True)
    sources = split_book(text)
    title = slug(sources[0].title) if sources else ""
    content = text.encode("utf-8", "surrogatepass")
    stem = _stem(folder, f"{number:03d}-{title or 'tune'}", content)
    write_bytes(stem.with_suffix(".abc"), content)
    makers: dict[str, Callable[[Tune], bytes]] = {
        ".mid": lambda tune: midi_bytes(Playback(tune)),
        ".wav": lambda tune: wav_bytes(Playback(tune)),
        ".musicxml": lambda tune: to_musicxml(tune).encode(),
        ".svg": lambda tune: engrave(tune, "svg"),
    }
    written = [".abc"]
    try:
        tune = read_tune(sources[0] if sources else TuneSource(text))
        for suffix, make in makers.items():
            write_bytes(stem.with_suffix(suffix), make(tune))
            written.append(suffix)
    except CharnnError as problem:  # no tune, or no engraver: what is there stays
        show_warning(f"{stem}: {problem}")
    show_message(f"{stem} ({' '.join(written)})")
