"""`charnn evaluate`: measure a model's loss on a text, and judge the tunes that it writes."""

import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast

import typer

from charnn.cli.console import (
    is_terminal,
    show_message,
    show_warning,
    warn_if_damaged,
    write_stdout,
)
from charnn.cli.model_options import MAX_SAMPLES, Bars
from charnn.errors import UsageError

if TYPE_CHECKING:
    from charnn.evaluation.protocols import Evaluation
    from charnn.library import Model, RequestOptions
    from charnn.music.similarity.compare import TuneComparison

# The rows of the table on tunes: the text of each, and its name in the JSON object.
_SHARES = {
    "can be read": "read",
    "every bar is legal": "legal",
    "every part is a whole number of bars": "whole",
    "every part has 4, 8, 12 or 16 bars": "usual",
    "repeats and endings are balanced": "balanced",
    "parts of 8 bars": "eights",
    "notes in the mode's scale": "in_mode",
}
_DISTANCES = {
    "pitch above the tonic": "pitches",
    "interval": "intervals",
    "length of a note": "lengths",
    "meter": "meters",
    "mode": "modes",
}
# The columns: the model's tunes, and the tunes that it was trained on.
_COLUMNS = ("model", "learned")


def command(
    checkpoint: Annotated[
        Path,
        typer.Argument(metavar="RUN", help="A run's name or folder, or a checkpoint file."),
    ],
    corpus: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="CORPUS", help="The text to predict: files, folders, corpus names, or -."
        ),
    ] = None,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out",
            help="Score the held-out part only: the end of a text, or the held-out tunes.",
        ),
    ] = False,
    dynamic: Annotated[
        bool,
        typer.Option(
            "--dynamic", help="Also measure dynamic evaluation (Krause et al. 2018); takes minutes."
        ),
    ] = False,
    encoding: Annotated[
        str | None, typer.Option(help="Encoding of the files; default: UTF-8, or their BOM.")
    ] = None,
    tunes: Annotated[
        int,
        typer.Option(metavar="N", help="Write N tunes and compare them with the training tunes."),
    ] = 0,
    temperature: Annotated[float, typer.Option(help="Sampling temperature of the tunes.")] = 1.0,
    seed: Annotated[
        int | None,
        typer.Option(
            help="Seed of the first tune; tune i after it has seed + i; default: a new one."
        ),
    ] = None,
    rhythm: Annotated[str, typer.Option(help="Type of the tunes, as in `charnn sample`.")] = "",
    meter: Annotated[str, typer.Option(help="Meter of the tunes.")] = "",
    key: Annotated[str, typer.Option(help="Key of the tunes.")] = "",
    bars: Annotated[
        Bars, typer.Option(help="strict completes every bar and part of the tunes, off does not.")
    ] = "strict",
    threads: Annotated[
        int, typer.Option(help="CPU threads for the loss; more are rarely faster.")
    ] = 1,
    as_json: Annotated[
        bool, typer.Option("--json", help="Write one JSON object to stdout.")
    ] = False,
) -> None:
    """Measure a model's loss on a text, or judge the tunes that it writes.

    The loss counts every character of CORPUS once, with the hidden state carried from document to
    document. A second figure is for comparison with transformers: windows of 256 characters, each
    begun with an empty state (not for tunes, which are hardly longer). --dynamic adds a third,
    whose weights learn from each piece of the text after it was scored.

    Tunes are compared with the training tunes, which lie in the run's folder: bars, parts, repeats,
    statistics of the notes, and copies in any key.

    \b
    Examples:
      charnn evaluate shakespeare play.txt
      charnn evaluate shakespeare shakespeare.txt --held-out --dynamic
      charnn evaluate folk folk --held-out
      charnn evaluate folk --tunes 200 --seed 1
      charnn evaluate folk --tunes 200 --meter 6/8 --key Ador
    """
    if not corpus and not tunes:
        raise UsageError("nothing to evaluate: name a CORPUS, or give the number of --tunes")
    if not 0 <= tunes <= MAX_SAMPLES:
        raise UsageError(f"--tunes must be between 1 and {MAX_SAMPLES:,}, not {tunes}")
    if not corpus:
        for option, given in (("--held-out", held_out), ("--dynamic", dynamic)):
            if given:
                raise UsageError(f"{option} needs a CORPUS to measure the loss on")
    if threads < 1:
        raise UsageError(f"--threads must be at least 1, not {threads}")
    from charnn.library import load

    model = load(checkpoint)
    warn_if_damaged(model.path, model.damaged)
    results: dict[str, Any] = {}
    if corpus:
        results |= _measure_loss(model, corpus, encoding, held_out, dynamic, threads)
        if not as_json:
            _show_loss(results)
    if tunes:
        first_seed = random.randrange(2**32) if seed is None else seed
        request = {"rhythm": rhythm, "meter": meter, "key": key}
        request = {name: value for name, value in request.items() if value}
        results |= _judge_tunes(model, tunes, temperature, first_seed, bars, request)
        if not as_json:
            write_stdout("\n" * bool(corpus) + "".join(_table(results)))
    if as_json:
        write_stdout(json.dumps(results) + "\n")


def _measure_loss(
    model: "Model",
    corpus: Sequence[str],
    encoding: str | None,
    held_out: bool,
    dynamic: bool,
    threads: int,
) -> dict[str, Any]:
    """Return the loss by each protocol, as --json gives it."""
    from charnn.corpus.sources import open_corpus
    from charnn.evaluation.protocols import whole_text_span

    opened = open_corpus(corpus, encoding=encoding)
    if held_out:
        span = model.held_out(opened)
    else:
        texts = [document.text() for document in opened.documents]
        span = whole_text_span(model.checkpoint, texts)
    if span.unknown:
        show_warning(f"{span.unknown:,} characters are missing from the model's vocabulary")
    import torch  # only now: wrong usage and missing files should be reported without waiting

    torch.set_num_threads(threads)
    evaluation = model.evaluate(span, windows=True, dynamic=dynamic)
    results = _loss_object(evaluation) | {"chars": evaluation.chars}
    if (windows := evaluation.windows) is not None:
        results["windows"] = _loss_object(windows) | {"standard_error": windows.standard_error}
    if evaluation.dynamic is not None:
        results["dynamic"] = _loss_object(evaluation.dynamic)
    return results


def _loss_object(evaluation: "Evaluation") -> dict[str, Any]:
    return {
        "nats_per_char": evaluation.nats_per_char,
        "bits_per_char": evaluation.bits_per_char,
        "perplexity": evaluation.perplexity,
        "protocol": evaluation.protocol,
    }


def _show_loss(results: dict[str, Any]) -> None:
    write_stdout(
        f"{results['nats_per_char']:.4f} nats per character, "
        f"{results['bits_per_char']:.4f} bits, perplexity {results['perplexity']:.3f}\n"
        f"{results['chars']:,} characters: {results['protocol']}\n"
    )
    for other in ("windows", "dynamic"):
        if other in results:
            write_stdout(f"{results[other]['nats_per_char']:.4f}: {results[other]['protocol']}\n")


def _judge_tunes(
    model: "Model", num: int, temperature: float, seed: int, bars: Bars, request: dict[str, str]
) -> dict[str, Any]:
    """Write tunes and return how they compare with the training tunes, as --json gives it."""
    from charnn.checkpoints.bundled import display_name
    from charnn.music.similarity.compare import compare_tunes

    # Read before the tunes are written, which takes minutes: they may be missing.
    training_tunes = model.learned_tunes()
    name = display_name(model.path)
    show_message(f"{name}: {num:,} tunes, temperature {temperature:g}, seed {seed}, bars {bars}")
    tunes = model.tunes(
        num, seed=seed, temperature=temperature, bars=bars, **cast("RequestOptions", request)
    )
    written = list(_with_progress_bar(tunes, num))
    comparison = compare_tunes(written, training_tunes)
    return {
        "tunes": num,
        "seed": seed,
        "temperature": temperature,
        "bars": bars,
        "asked": {name: _share_as_asked(written, name, value) for name, value in request.items()},
        "learned": comparison.real.tunes,
        "shares": {"model": comparison.new.shares(), "learned": comparison.real.shares()},
        "distances": {"model": comparison.new_distances, "learned": comparison.real_distances},
        "copying": [
            {
                "length": new.length,
                "model": {"tunes": new.tunes, "runs": new.runs},
                "learned": {"tunes": real.tunes, "runs": real.runs},
            }
            for new, real in zip(comparison.new_copying, comparison.real_copying, strict=True)
        ],
        "flagged": _copied_tunes(comparison, written, seed),
    }


def _with_progress_bar(tunes: Iterator[str], num: int) -> Iterator[str]:
    """Yield the tunes, with a progress bar on stderr if that is a terminal."""
    from tqdm import tqdm

    hidden = not is_terminal(sys.stderr)
    yield from tqdm(tunes, total=num, unit="tune", leave=False, disable=hidden, file=sys.stderr)


def _share_as_asked(tunes: Sequence[str], name: str, value: str) -> float:
    """Return the share of tunes whose header field means what was asked for.

    Spellings of one meter or key are equal: `C` and `4/4`, `D` and `D major`.
    """
    from charnn.music.abc import fields
    from charnn.music.abc.clean_fields import short_key

    def meaning(text: str) -> object:
        if name == "rhythm":
            return text.casefold()
        try:
            return fields.parse_meter(text).bar if name == "meter" else short_key(text)
        except fields.FieldError:
            return text

    letter = {"rhythm": "R", "meter": "M", "key": "K"}[name]
    headers = [re.search(rf"(?m)^{letter}:(.*)", tune) for tune in tunes]
    meanings = [meaning(header[1]) for header in headers if header]
    return meanings.count(meaning(value)) / len(tunes)


def _copied_tunes(
    comparison: "TuneComparison", written: Sequence[str], seed: int
) -> list[dict[str, Any]]:
    """Return the tunes that count as copies, the most similar one first."""
    from charnn.music.similarity.melody import extract_melody

    copied = [
        {
            "seed": seed + number,
            "title": extract_melody(text).title,
            "similarity": nearest.similarity,
            "nearest": nearest.title,
        }
        for number, (nearest, text) in enumerate(zip(comparison.nearest, written, strict=True))
        if nearest.copied
    ]
    return sorted(copied, key=lambda tune: -float(tune["similarity"]))


def _table(results: dict[str, Any]) -> Iterator[str]:
    yield _row("", "model", "training")
    yield _row("tunes", f"{results['tunes']:,}", f"{results['learned']:,}")
    for text, name in _SHARES.items():
        yield _row(text, *_percentages(results["shares"], name))
    for name, share in results["asked"].items():
        yield _row(f"{name} as asked", f"{100 * share:.1f} %", "-")
    # A distance of few tunes is never zero: the second column shows what chance alone gives.
    yield "\nJensen-Shannon distance to the training tunes (training: of a sample to the rest)\n"
    for text, name in _DISTANCES.items():
        yield _row(text, *_distances(results["distances"], name))
    yield "\nRuns of notes found in training tunes (training: in other training tunes)\n"
    for row in results["copying"]:
        yield _row(f"tunes with a run of {row['length']} notes", *_percentages(row, "tunes"))
        yield _row(f"runs of {row['length']} notes", *_percentages(row, "runs"))
    copied = results["flagged"]
    yield f"\n{len(copied):,} of {results['tunes']:,} tunes count as copies of a training tune\n"
    for tune in copied:
        yield (
            f"  seed {tune['seed']}, {tune['title']!r}: "
            f"{tune['similarity']:.2f} like {tune['nearest']!r}\n"
        )


def _percentages(row: dict[str, Any], name: str) -> Iterator[str]:
    return (f"{100 * row[column][name]:.1f} %" for column in _COLUMNS)


def _distances(row: dict[str, Any], name: str) -> Iterator[str]:
    return (f"{row[column][name]:.3f}" if row[column] else "-" for column in _COLUMNS)


def _row(text: str, model: str, training: str) -> str:
    return f"{text:<40}{model:>10}{training:>10}\n"
