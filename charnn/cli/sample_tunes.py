"""What `charnn sample` does when the model is one of tunes: the wish, the header, copies, files."""

import itertools
import shlex
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from charnn.cli.console import say, warn
from charnn.cli.tunes import slug
from charnn.errors import CharnnError, CheckpointError, UsageError
from charnn.files import write_bytes
from charnn.model.checkpoint import Checkpoint
from charnn.model.runs import TUNES, kept_tunes
from charnn.music.wishing import make_wish
from charnn.sampling.choice import Choice
from charnn.sampling.sampler import Sampler
from charnn.tunes import TuneWriter, fitted

if TYPE_CHECKING:
    from charnn.music.copying import Collection
    from charnn.music.tune import Tune

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
        choice: Choice,
        options: dict[str, Any],
        defaults: dict[str, Any],
    ) -> None:
        self._path, self._choice, self._length = path, choice, options["length"]
        self._options, self._defaults = options, defaults
        self._copies = _collection(path) if options["reject_copies"] else None
        asked = any(options[name] for name in ("rhythm", "meter", "key", "title", "part_bars"))
        bare = options["bars"] == "off" and not asked
        self._source = Sampler(model) if bare else self._writer(model)

    def _writer(self, model: Checkpoint) -> TuneWriter:
        options = self._options
        if options["stop"]:
            raise UsageError("--stop is for texts: a tune ends where its parts are complete")
        names = ("title", "rhythm", "meter", "key", "part_bars", "prime")
        wish = make_wish(**{name: options[name] for name in names}, strict=options["bars"] != "off")
        if (learned := self._learned()) is not None:
            wish, doubt = fitted(wish, model, learned)
            if doubt:
                warn(doubt)
        return TuneWriter(model, wish)

    def _learned(self) -> list[str] | None:
        """The tunes that the model has learned from, if they are there."""
        if not (self._path.parent / TUNES).exists():
            return None
        try:
            return kept_tunes(self._path.parent)
        except CheckpointError as problem:
            warn(str(problem))
            return None

    def pieces(self, number: int, seed: int) -> Iterator[str]:
        """The pieces of a tune as they are written, its number and the comment put in."""
        if isinstance(self._source, TuneWriter):
            pieces = self._source.stream(self._choice, seed=seed, length=self._length)
        else:
            prime, stop = self._options["prime"], self._options["stop"]
            written = self._source.stream(
                self._choice, seed=seed, length=self._length, prime=prime, stop=stop
            )
            pieces = itertools.chain([prime], written)
        return _completed(pieces, number, self._command(seed))

    def finished(self, number: int, seed: int, num: int) -> tuple[str, int]:
        """A whole tune, no copy if that was asked for, saved if it is to be; and its seed."""
        for tries in range(_TRIES):
            seed_used = seed + num * tries  # none that another tune of this command begins with
            tune = "".join(self.pieces(number, seed_used))
            copied = self._copies.nearest(tune) if self._copies else None
            if copied is None or not copied.copied:
                break
            say(f"seed {seed_used} gave a copy ({copied.similarity:.2f}) of {copied.title}")
        else:
            raise CharnnError(f"{_TRIES} tunes in a row were copies: try a higher --temperature")
        if self._options["save"]:
            _save(tune, self._options["save"], number)
        return tune, seed_used

    def close(self) -> None:
        """Say how the model did."""
        writer = self._source
        if isinstance(writer, TuneWriter) and self._options["bars"] != "off" and writer.steps:
            say(
                f"--bars strict: {writer.removed:.1%} of what the model would have written "
                "was against the rules of bars and parts"
            )

    def _command(self, seed: int) -> str:
        """The command that writes the tune again, but for the number in X:."""
        words = ["charnn", "sample", str(self._path)]
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


def _completed(pieces: Iterator[str], number: int, command: str) -> Iterator[str]:
    """The tune with its number in X:, and behind that the comment.

    What does not begin as a tune does (the bare model may write anything) stays as it is.
    """
    head = ""
    for piece in pieces:
        head += piece
        if len(head) >= 4 or not "X:1\n".startswith(head):
            break
    if head.startswith("X:1\n"):
        yield f"X:{number}\n% {command}\n" + head[4:]
    else:
        yield head
    yield from pieces


def _collection(path: Path) -> "Collection":
    from charnn.music.copying import Collection

    return Collection(kept_tunes(path.parent))


def _save(text: str, folder: Path, number: int) -> None:
    """Write a tune as ABC, MIDI, score and sound, side by side."""
    from charnn.music.audio import wav_bytes
    from charnn.music.books import TuneSource, split_book
    from charnn.music.engraving import engrave
    from charnn.music.midi import midi_bytes
    from charnn.music.musicxml import to_musicxml
    from charnn.music.reading import read_tune

    folder.mkdir(parents=True, exist_ok=True)
    sources = split_book(text)
    title = slug(sources[0].title) if sources else ""
    stem = folder / f"{number:03d}-{title or 'tune'}"
    write_bytes(stem.with_suffix(".abc"), text.encode("utf-8", "surrogatepass"))
    makers: dict[str, Callable[[Tune], bytes]] = {
        ".mid": midi_bytes,
        ".wav": wav_bytes,
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
        warn(f"{stem}: {problem}")
    say(f"{stem} ({' '.join(written)})")
