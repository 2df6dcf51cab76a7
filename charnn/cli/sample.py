"""`charnn sample`: write with a model, character by character."""

import itertools
import json
import random
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated

import typer

from charnn.cli.console import is_terminal, say, warn, write_out
from charnn.errors import CorpusError, UsageError


def command(
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CKPT]", help="A run's name or folder, or a checkpoint; default: newest run."
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

    A model of many documents (tunes, files) ends each of its own accord.

    \b
    Examples:
      charnn sample --temperature 0.6 --length 500
      charnn sample folk --num 5 --seed 7 > tunes.abc
      charnn sample --prime 'ROMEO:' --stop 'JULIET:'
      charnn sample | charnn export-midi - -o tune.mid
    """
    from charnn.model.checkpoint import load_checkpoint
    from charnn.model.runs import find_checkpoint
    from charnn.sampling.choice import Choice
    from charnn.sampling.sampler import Sampler

    if num < 1:
        raise UsageError(f"--num must be at least 1, not {num}")
    choice = Choice(temperature, top_k, top_p, min_p)
    path = find_checkpoint(checkpoint, Path("checkpoints"))
    sampler = Sampler(load_checkpoint(path))
    first_seed = random.randrange(2**32) if seed is None else seed
    text = _prime(prime)
    if unknown := sampler.vocabulary.unknown(text):
        warn(f"the model has never seen {_named(unknown)}: left out of --prime")
        text = text.translate(dict.fromkeys(map(ord, unknown)))
    if unknown := sampler.vocabulary.unknown(stop):
        warn(f"the model has never seen {_named(unknown)}: it will not write what --stop waits for")
    say(f"{path}, seed {first_seed}")
    for sample_seed in range(first_seed, first_seed + num):
        characters = sampler.stream(choice, seed=sample_seed, length=length, prime=text, stop=stop)
        if as_json:
            sample = {"text": text + "".join(characters), "seed": sample_seed}
            write_out(json.dumps(sample | {"checkpoint": str(path)}) + "\n")
        else:
            parts = itertools.chain([text], characters)
            _show(parts if stream else ["".join(parts)], more=sample_seed + 1 < first_seed + num)


def _show(parts: Iterable[str], more: bool) -> None:
    """Write a sample, and a blank line where another follows.

    A lone sample in a pipe is its exact text; on a terminal it is given a line end if it has none.
    """
    last = ""
    for part in parts:
        write_out(part)
        last = part or last
    if not last.endswith("\n") and (more or is_terminal(sys.stdout)):
        write_out("\n")
    if more:
        write_out("\n")


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
