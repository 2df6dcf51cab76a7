"""`charnn sample`: write texts or tunes with a model, character by character."""

import io
import itertools
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.completion import complete_key, complete_rhythm
from charnn.cli.console import (
    show_message,
    show_warning,
    warn_if_damaged,
)
from charnn.cli.formatting import join_some
from charnn.cli.model_options import (
    Bars,
    RunArgument,
    check_alternatives,
    check_num,
    show_if_bundled,
)
from charnn.cli.sample_alternatives import Alternatives
from charnn.corpus.document_kinds import CUT_KINDS, PLURALS
from charnn.errors import CheckpointError, CorpusError, UsageError, shorten
from charnn.sampling.seeds import choose_seed

if TYPE_CHECKING:
    from charnn.checkpoints.checkpoint import Checkpoint
    from charnn.cli.sample_tunes import TuneJob
    from charnn.cli.sample_writer import SampleWriter
    from charnn.sampling.novelty import NoveltyCounter
    from charnn.sampling.params import SamplingParams

# The options that apply to models of tunes only.
_TUNE_OPTIONS = (
    *("rhythm", "meter", "key", "title", "part_bars", "form", "bars"),
    *("best_of", "reject_copies", "save"),
)


def command(
    context: typer.Context,
    checkpoint: RunArgument = None,
    temperature: Annotated[
        float,
        typer.Option(
            help="Below 1 safer, above 1 more varied; 0 always takes the likeliest character, and "
            "repeats itself."
        ),
    ] = 0.8,
    top_k: Annotated[
        int, typer.Option(help="Draw from the N likeliest tokens only; 0: from all.")
    ] = 0,
    top_p: Annotated[
        float,
        typer.Option(help="Draw from the likeliest tokens with this total probability only."),
    ] = 1.0,
    min_p: Annotated[
        float,
        typer.Option(help="Drop the tokens with less than this share of the highest probability."),
    ] = 0.0,
    length: Annotated[int, typer.Option(help="Maximum number of characters to write.")] = 2000,
    prime: Annotated[
        str,
        typer.Option(
            metavar="TEXT|@FILE",
            help="Text that the sample begins with; @- reads stdin, @@ begins with @. Tunes: * is "
            "filled in.",
        ),
    ] = "",
    stop: Annotated[str, typer.Option(help="Stop after this text was written.")] = "",
    rhythm: Annotated[
        str,
        typer.Option(
            help="Tunes: the type, such as jig, reel, hornpipe or slip jig.",
            autocompletion=complete_rhythm,
        ),
    ] = "",
    meter: Annotated[str, typer.Option(help="Tunes: the meter, such as 6/8, C| or 9/8.")] = "",
    key: Annotated[
        str,
        typer.Option(
            help="Tunes: the key, such as D, Em, Ador or Gmix.", autocompletion=complete_key
        ),
    ] = "",
    title: Annotated[
        str, typer.Option(help="Tunes: the title; default: invented by the model.")
    ] = "",
    part_bars: Annotated[
        int,
        typer.Option(metavar="N", help="Tunes: the bars of every part; 0: the model chooses."),
    ] = 0,
    form: Annotated[
        str,
        typer.Option(
            metavar="AABB",
            help="Tunes: the parts in playing order; in AABA, part A is repeated, and comes back.",
        ),
    ] = "",
    bars: Annotated[
        Bars | None,
        typer.Option(
            help="Tunes: strict completes every bar and part, off does not; default: strict."
        ),
    ] = None,
    best_of: Annotated[
        int | None,
        typer.Option(
            metavar="N",
            help="Tunes: write N and keep the best by home, rhyme, repetition, range and novelty.",
        ),
    ] = None,
    reject_copies: Annotated[
        bool,
        typer.Option("--reject-copies", help="Tunes: replace copies of training tunes."),
    ] = False,
    save: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Tunes: save each as ABC, MIDI, WAV, MusicXML and SVG in DIR."
        ),
    ] = None,
    clamp: Annotated[
        list[str] | None,
        typer.Option(
            metavar="L.I=VALUE",
            help="Hold a hidden unit (see charnn neurons) at a value in -1..1; can be repeated.",
        ),
    ] = None,
    num: Annotated[int, typer.Option(help="Number of samples.")] = 1,
    seed: Annotated[
        int | None,
        typer.Option(help="Random seed; sample i of --num has seed + i; default: a new one."),
    ] = None,
    alternatives: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Also list, for each character, the N likeliest other ones: on stderr, or in the "
            "JSON.",
        ),
    ] = 0,
    stream: Annotated[
        bool, typer.Option(help="Show the text while it is written, or only when it is complete.")
    ] = True,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object per sample to stdout.")
    ] = False,
) -> None:
    """Write texts or tunes with a trained model.

    A model that was trained on several documents (tunes, files, lines) ends a sample where a
    document would end. A model of lines writes one line per sample, and then counts the lines
    that are new, in the training text or repeated. A tune is complete ABC notation. Its bars add up
    unless --bars is off, and a comment in the tune is the command that writes the same tune again.

    \b
    Examples:
      charnn sample --temperature 0.6 --length 500
      charnn sample --prime 'ROMEO:' --stop 'JULIET:'
      charnn sample names --num 20
      charnn sample folk --num 5 --seed 7 > tunes.abc
      charnn sample folk --rhythm jig --meter 6/8 --key Ador --part-bars 8 --save tunes/
      charnn sample folk --form AABBCC
      charnn sample folk --prime 'd2e f2g|agf e3|'
      charnn sample folk --best-of 8 --rhythm reel
      charnn sample folk --part-bars 4 --alternatives 3
      charnn sample folk | charnn export-midi - -o tune.mid
    """
    from charnn.checkpoints.bundled import display_name
    from charnn.checkpoints.run_files import RUNS_FOLDER
    from charnn.checkpoints.runs import load_best
    from charnn.cli.sample_writer import SampleWriter
    from charnn.sampling.params import SamplingParams

    check_num(num)
    check_alternatives(alternatives)
    params = SamplingParams(temperature, top_k, top_p, min_p)
    found = load_best(checkpoint, RUNS_FOLDER)
    path, model = found.path, found.checkpoint
    if clamp:
        from charnn.insight.clamped_units import clamped, parse_clamps

        model = clamped(model, parse_clamps(clamp, model.config))
    show_if_bundled(checkpoint, path)
    warn_if_damaged(path, found.damaged)
    first_seed = choose_seed(seed)
    weighed = Alternatives(path, model, alternatives) if alternatives else None
    text = _read_prime(prime)
    if not model.metadata.get("tunes"):
        if given := [name for name in _TUNE_OPTIONS if context.params[name]]:
            option = given[0].replace("_", "-")
            raise UsageError(
                f"--{option} needs a model of tunes, but {path} is a model of text: leave the "
                "option out, or name a model of tunes, such as folk"
            )
        seeds = range(first_seed, first_seed + num)
        novelty = _novelty_counter(path, model)
        writer = SampleWriter(path, as_json, stream, weighed, model.document_kind, novelty)
        _write_texts(model, params, writer, text, stop, length, seeds)
        if novelty is not None and num > 1:
            show_message(novelty.summary(PLURALS[model.document_kind]))
        return
    writer = SampleWriter(path, as_json, stream, weighed)
    job = _tune_job(context, path, model, params, text)
    show_message(f"{display_name(path)}, seed {first_seed}")
    for number, (pieces, seed_used) in enumerate(job.tunes(first_seed, num), 1):
        writer.write(pieces, seed_used, more=number < num)
    job.close()


def _novelty_counter(path: Path, model: "Checkpoint") -> "NoveltyCounter | None":
    """Return a counter of new samples for a model of lines or passages whose run stores them."""
    from charnn.checkpoints.stored_documents import read_document_hashes
    from charnn.sampling.novelty import NoveltyCounter

    if model.document_kind not in CUT_KINDS:
        return None
    try:
        hashes = read_document_hashes(path.parent)
    except CheckpointError as problem:
        show_warning(str(problem))
        return None
    return None if hashes is None else NoveltyCounter(hashes)


def _write_texts(
    model: "Checkpoint",
    params: "SamplingParams",
    writer: "SampleWriter",
    prime: str,
    stop: str,
    length: int,
    seeds: range,
) -> None:
    """Write one text per seed with a model of texts."""
    from charnn.checkpoints.bundled import display_name
    from charnn.sampling.sampler import Sampler

    sampler = Sampler(model)
    prime, stop = sampler.vocabulary.known_form(prime), sampler.vocabulary.known_form(stop)
    # The model has no embedding of a character outside its vocabulary, and never writes one.
    if unknown := sampler.vocabulary.unknown_characters(prime):
        show_warning(
            f"ignoring {_list_characters(unknown)} in --prime: not in the model's vocabulary"
        )
        prime = prime.translate(dict.fromkeys(map(ord, unknown)))
    if unknown := sampler.vocabulary.unknown_characters(stop):
        show_warning(
            f"--stop has no effect: {_list_characters(unknown)} missing from the model's vocabulary"
        )
    show_message(f"{display_name(writer.path)}, seed {seeds[0]}")
    samples = sampler.stream_many(params, seeds=seeds, length=length, prime=prime, stop=stop)
    for seed, pieces in zip(seeds, samples, strict=True):
        writer.write(itertools.chain([prime], pieces), seed, more=seed < seeds[-1])


def _tune_job(
    context: typer.Context, path: Path, model: "Checkpoint", params: "SamplingParams", prime: str
) -> "TuneJob":
    """Return the `TuneJob` that writes the requested tunes.

    Raises:
        UsageError: options contradict each other, or the model cannot write such tunes.
    """
    from charnn.cli.sample_tunes import TuneJob

    defaults = {option.name: option.default for option in context.command.params if option.name}
    return TuneJob(path, model, params, context.params | {"prime": prime}, defaults)


def _list_characters(characters: list[str]) -> str:
    """Return a text with characters and their code points."""
    return join_some([f"{each!r} (U+{ord(each):04X})" for each in characters])


def _read_prime(argument: str) -> str:
    """Return the prime: the value of --prime, or the content of a file (`@name`) or stdin (`@-`).

    A text that begins with `@` is written with `@@`.

    Raises:
        CorpusError: the file is missing, or no text in UTF-8 or in the encoding that it declares.
        OSError: the file cannot be read.
    """
    from charnn.corpus.text import decode

    if not argument.startswith("@"):
        return argument
    if argument.startswith("@@"):
        return argument[1:]
    path = Path(argument[1:])
    if argument != "@-" and not os.path.lexists(path):
        missing = f"file: {path}" if path.parent.exists() else f"folder: {path.parent}"
        raise CorpusError(
            f"no such {shorten(missing, 200)}. For a text that begins with @, write two: "
            f"--prime @{shorten(argument, 200)}"
        )
    content = sys.stdin.buffer.read() if argument == "@-" else path.read_bytes()
    name = f"--prime {argument}"
    return "".join(decode(io.BytesIO(content), name, advice="Convert the file to UTF-8."))
