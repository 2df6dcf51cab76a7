"""`charnn sample`: write with a model, character by character."""

import itertools
import json
import random
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from charnn.cli.console import (
    is_terminal,
    show_message,
    show_warning,
    warn_if_damaged,
    write_stdout,
)
from charnn.errors import CorpusError, UsageError

if TYPE_CHECKING:
    from charnn.checkpoints.checkpoint import Checkpoint
    from charnn.sampling.params import SamplingParams

Bars = Literal["strict", "off"]

MOST_TEXTS = 1_000_000

_FRAME = 1 / 60  # of a second


def command(
    context: typer.Context,
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CKPT]",
            help="A run's name or folder, or a checkpoint; default: newest run, else the box's.",
        ),
    ] = None,
    temperature: Annotated[
        float, typer.Option(help="Below 1 safer, above 1 wilder; 0: always the likeliest.")
    ] = 0.8,
    top_k: Annotated[int, typer.Option(help="Only the k likeliest symbols; 0: all.")] = 0,
    top_p: Annotated[
        float, typer.Option(help="Only the likeliest symbols with this probability in all.")
    ] = 1.0,
    min_p: Annotated[
        float, typer.Option(help="Only symbols this likely compared with the likeliest.")
    ] = 0.0,
    length: Annotated[int, typer.Option(help="Most characters to write.")] = 2000,
    prime: Annotated[
        str, typer.Option(metavar="TEXT|@FILE", help="What the text begins with; @- is stdin.")
    ] = "",
    stop: Annotated[str, typer.Option(help="End after having written this text.")] = "",
    rhythm: Annotated[str, typer.Option(help="Tunes: jig, reel, hornpipe, slip jig ...")] = "",
    meter: Annotated[str, typer.Option(help="Tunes: 6/8, C|, 9/8 ...")] = "",
    key: Annotated[str, typer.Option(help="Tunes: D, Em, Ador, Gmix ...")] = "",
    title: Annotated[str, typer.Option(help="Tunes: default: the model invents one.")] = "",
    part_bars: Annotated[
        int, typer.Option(metavar="N", help="Tunes: bars of every part; 0: as the model likes.")
    ] = 0,
    bars: Annotated[
        Bars | None,
        typer.Option(
            help="Tunes: strict (the default) keeps bars and parts right; off: the bare model."
        ),
    ] = None,
    reject_copies: Annotated[
        bool, typer.Option("--reject-copies", help="Tunes: write another for one that is a copy.")
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="Tunes: write ABC, MIDI, score and sound of each there."),
    ] = None,
    num: Annotated[int, typer.Option(help="How many samples.")] = 1,
    seed: Annotated[
        int | None, typer.Option(help="Same seed, same text; sample i of --num has seed + i.")
    ] = None,
    stream: Annotated[
        bool, typer.Option(help="Show each character as it is written, or the whole at its end.")
    ] = True,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a sample.")] = False,
) -> None:
    """Write a text or a tune with the newest model, or the one named.

    A model of many documents (tunes, files) ends each of its own accord. A tune is complete ABC,
    and the comment in it is the command that writes it again; its bars add up, unless --bars off.

    \b
    Examples:
      charnn sample --temperature 0.6 --length 500
      charnn sample --prime 'ROMEO:' --stop 'JULIET:'
      charnn sample folk --num 5 --seed 7 > tunes.abc
      charnn sample folk --rhythm jig --meter 6/8 --key Ador --part-bars 8 --save tunes/
      charnn sample folk --prime 'd2e f2g|agf e3|'
      charnn sample | charnn export-midi - -o tune.mid
    """
    from charnn.checkpoints.run_files import RUNS_FOLDER
    from charnn.checkpoints.runs import load_best
    from charnn.sampling.params import SamplingParams

    if not 1 <= num <= MOST_TEXTS:
        raise UsageError(f"--num must lie in 1..{MOST_TEXTS}, not {num}")
    params = SamplingParams(temperature, top_k, top_p, min_p)
    found = load_best(checkpoint, RUNS_FOLDER)
    path, model = found.path, found.checkpoint
    warn_if_damaged(path, found.damaged)
    first_seed = random.randrange(2**32) if seed is None else seed
    text = _prime(prime)
    tunes_only = ("rhythm", "meter", "key", "title", "part_bars", "bars", "reject_copies", "save")
    said = [name for name in tunes_only if context.params[name]]
    show = _Show(path, as_json, stream)
    if not model.metadata.get("tunes"):
        if said:
            option = said[0].replace("_", "-")
            raise UsageError(f"--{option} is for models of tunes, and {path} has learned a text")
        _write_texts(model, params, show, text, stop, length, range(first_seed, first_seed + num))
        return
    from charnn.cli.sample_tunes import TuneJob

    defaults = {option.name: option.default for option in context.command.params if option.name}
    job = TuneJob(path, model, params, context.params | {"prime": text}, defaults)
    show_message(f"{_origin(path)}, seed {first_seed}")
    for number, (pieces, seed_used) in enumerate(job.tunes(first_seed, num), 1):
        show(pieces, seed_used, more=number < num)
    job.close()


def _write_texts(
    model: "Checkpoint",
    params: "SamplingParams",
    show: "_Show",
    prime: str,
    stop: str,
    length: int,
    seeds: range,
) -> None:
    from charnn.sampling.sampler import Sampler

    sampler = Sampler(model)
    if unknown := sampler.vocabulary.unknown_characters(prime):
        show_warning(f"the model has never seen {_named(unknown)}: left out of --prime")
        prime = prime.translate(dict.fromkeys(map(ord, unknown)))
    if unknown := sampler.vocabulary.unknown_characters(stop):
        show_warning(
            f"the model has never seen {_named(unknown)}: it will not write what --stop waits for"
        )
    show_message(f"{_origin(show.path)}, seed {seeds[0]}")
    samples = sampler.stream_many(params, seeds=seeds, length=length, prime=prime, stop=stop)
    for seed, pieces in zip(seeds, samples, strict=True):
        show(itertools.chain([prime], pieces), seed, more=seed < seeds[-1])


def _origin(path: Path) -> str:
    """The model in words."""
    from charnn.checkpoints.bundled import bundled_model, display_name

    name = display_name(path)
    if path == bundled_model():
        return f"{name}, the model in the box (train your own: charnn train FILE)"
    return name


class _Show:
    """Puts samples on stdout."""

    def __init__(self, path: Path, as_json: bool, stream: bool) -> None:
        self.path, self._as_json, self._stream = path, as_json, stream

    def __call__(self, pieces: Iterable[str], seed: int, *, more: bool) -> None:
        """Write a sample, and a blank line where another follows.

        A lone sample in a pipe is its exact text; on a terminal it is given a line end if it has
        none.
        """
        if self._as_json:
            sample = {"text": "".join(pieces), "seed": seed, "checkpoint": str(self.path)}
            write_stdout(json.dumps(sample) + "\n")
            return
        last = ""
        for piece in _in_frames(pieces) if self._stream else ["".join(pieces)]:
            write_stdout(piece)
            last = piece or last
        if not last.endswith("\n") and (more or is_terminal(sys.stdout)):
            write_stdout("\n")
        if more:
            write_stdout("\n")


def _in_frames(pieces: Iterable[str]) -> Iterator[str]:
    """What comes faster than the eye can follow, in larger pieces: a write costs as much time as a
    character."""
    held, shown = "", 0.0
    for piece in pieces:
        held += piece
        if (now := time.monotonic()) - shown >= _FRAME:
            yield held
            held, shown = "", now
    if held:
        yield held


def _named(symbols: list[str], most: int = 10) -> str:
    """The characters in words, not too many of them."""
    names = ", ".join(f"{symbol!r} (U+{ord(symbol):04X})" for symbol in symbols[:most])
    return f"{names} and {len(symbols) - most:,} more" if len(symbols) > most else names


def _prime(said: str) -> str:
    """The text itself, or the content of a file (`@name`) or of stdin (`@-`).

    Raises:
        CorpusError: the file is not text.
        OSError: it cannot be read.
    """
    if not said.startswith("@"):
        return said
    content = sys.stdin.buffer.read() if said == "@-" else Path(said[1:]).read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise CorpusError(
            f"--prime {said} is not UTF-8 text: byte {error.start} is 0x{content[error.start]:02x}"
        ) from error
