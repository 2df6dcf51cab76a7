"""`charnn evaluate`: how well a model predicts a text, and what the tunes it writes are like."""

import json
import random
import re
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.commands.sample import MOST_TEXTS
from charnn.cli.console import (
    is_terminal,
    show_message,
    show_warning,
    warn_if_damaged,
    write_stdout,
)
from charnn.errors import UsageError

if TYPE_CHECKING:
    from charnn.evaluation.protocols import Evaluation
    from charnn.library import Model
    from charnn.music.similarity.compare import TuneComparison

# Each line of the table on tunes: its words, and the name of the share.
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
_COLUMNS = ("model", "learned")


def command(
    checkpoint: Annotated[
        Path, typer.Argument(metavar="CKPT", help="A run's name or folder, or a checkpoint.")
    ],
    corpus: Annotated[
        list[str] | None,
        typer.Argument(metavar="[CORPUS]...", help="What `charnn train` takes: files, names, -."),
    ] = None,
    held_out: Annotated[
        bool,
        typer.Option(
            "--held-out", help="Only what training held out: the end of the text, or whole tunes."
        ),
    ] = False,
    dynamic: Annotated[
        bool,
        typer.Option("--dynamic", help="Also with weights that follow the text (minutes)."),
    ] = False,
    encoding: Annotated[
        str | None, typer.Option(help="Of the files, where it is not UTF-8.")
    ] = None,
    tunes: Annotated[
        int,
        typer.Option(metavar="N", help="Write N tunes, and judge them beside the learned ones."),
    ] = 0,
    temperature: Annotated[float, typer.Option(help="At which the tunes are written.")] = 1.0,
    seed: Annotated[
        int | None, typer.Option(help="Of the first tune; the i-th after it has seed + i.")
    ] = None,
    rhythm: Annotated[str, typer.Option(help="Tunes of this type, as in `charnn sample`.")] = "",
    meter: Annotated[str, typer.Option(help="Tunes in this meter.")] = "",
    key: Annotated[str, typer.Option(help="Tunes in this key.")] = "",
    bars: Annotated[str, typer.Option(help="As in `charnn sample`: strict or off.")] = "strict",
    threads: Annotated[
        int, typer.Option(help="CPU threads for the loss; a sweep is seldom faster with more.")
    ] = 1,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Measure a model: its loss on a text, or the tunes it writes.

    The loss is measured over every character of the corpus, document after document, the state
    carried. Below stands that of windows of 256 characters begun with an empty state, which
    compares with transformers; not for tunes, which are hardly longer. --dynamic adds that of
    weights which learn from what they have been scored on (Krause et al. 2018). Tunes are judged
    beside those the model has learned from, which its run's folder holds: bars, parts, repeats,
    notes, and whether they are copies in whatever key.

    \b
    Examples:
      charnn evaluate shakespeare play.txt
      charnn evaluate shakespeare shakespeare.txt --held-out --dynamic
      charnn evaluate folk folk --held-out
      charnn evaluate folk --tunes 200 --seed 1
      charnn evaluate folk --tunes 200 --meter 6/8 --key Ador
    """
    if not corpus and not tunes:
        raise UsageError("name a corpus to measure the loss on, or say how many --tunes to judge")
    if not 0 <= tunes <= MOST_TEXTS:
        raise UsageError(f"--tunes must lie in 1..{MOST_TEXTS}, not {tunes}")
    if not corpus:
        for option, said in (("--held-out", held_out), ("--dynamic", dynamic)):
            if said:
                raise UsageError(f"{option} is about the loss on a corpus: name one")
    if threads < 1:
        raise UsageError(f"--threads must be at least 1, not {threads}")
    from charnn.library import load

    model = load(checkpoint)
    warn_if_damaged(model.path, model.damaged)
    found: dict[str, Any] = {}
    if corpus:
        found |= _loss(model, corpus, encoding, held_out, dynamic, threads)
        if not as_json:
            _show_loss(found)
    if tunes:
        first = random.randrange(2**32) if seed is None else seed
        request = {"rhythm": rhythm, "meter": meter, "key": key}
        request = {name: words for name, words in request.items() if words}
        found |= _judged(model, tunes, temperature, first, bars, request)
        if not as_json:
            write_stdout("\n" * bool(corpus) + "".join(_table(found)))
    if as_json:
        write_stdout(json.dumps(found) + "\n")


def _loss(
    model: "Model",
    corpus: Sequence[str],
    encoding: str | None,
    held_out: bool,
    dynamic: bool,
    threads: int,
) -> dict[str, Any]:
    from charnn.corpus.sources import open_corpus
    from charnn.evaluation.protocols import whole_text_span

    opened = open_corpus(corpus, encoding=encoding)
    if held_out:
        passage = model.held_out(opened)
    else:
        texts = [document.text() for document in opened.documents]
        passage = whole_text_span(model.checkpoint, texts)
    if passage.unknown:
        show_warning(f"the model has never seen {passage.unknown:,} of these characters")
    import torch  # the loss needs it, the rest does not

    torch.set_num_threads(threads)
    measured = model.evaluate(passage, windows=True, dynamic=dynamic)
    found = _figures(measured) | {"chars": measured.chars}
    if (windows := measured.windows) is not None:
        found["windows"] = _figures(windows) | {"standard_error": windows.standard_error}
    if measured.dynamic is not None:
        found["dynamic"] = _figures(measured.dynamic)
    return found


def _figures(measured: "Evaluation") -> dict[str, Any]:
    return {
        "nats_per_char": measured.nats_per_char,
        "bits_per_char": measured.bits_per_char,
        "perplexity": measured.perplexity,
        "protocol": measured.protocol,
    }


def _show_loss(found: dict[str, Any]) -> None:
    write_stdout(
        f"{found['nats_per_char']:.4f} nats per character, "
        f"{found['bits_per_char']:.4f} bits, perplexity {found['perplexity']:.3f}\n"
        f"{found['chars']:,} characters: {found['protocol']}\n"
    )
    for other in ("windows", "dynamic"):
        if other in found:
            write_stdout(f"{found[other]['nats_per_char']:.4f}: {found[other]['protocol']}\n")


def _judged(
    model: "Model", num: int, temperature: float, seed: int, bars: str, request: dict[str, str]
) -> dict[str, Any]:
    from charnn.checkpoints.bundled import display_name

    model.learned_tunes()  # that they are missing is said before all is written
    name = display_name(model.path)
    show_message(f"{name}: {num:,} tunes, temperature {temperature:g}, seed {seed}, bars {bars}")
    tunes = model.tunes(num, seed=seed, temperature=temperature, bars=bars, **request)
    written = list(_watched(tunes, num))
    judged = model.judge(written)
    return {
        "tunes": num,
        "seed": seed,
        "temperature": temperature,
        "bars": bars,
        "asked": {name: _obeyed(written, name, words) for name, words in request.items()},
        "learned": judged.real.tunes,
        "shares": {"model": judged.new.shares(), "learned": judged.real.shares()},
        "distances": {"model": judged.new_distances, "learned": judged.real_distances},
        "copying": [
            {
                "length": ours.length,
                "model": {"tunes": ours.tunes, "runs": ours.runs},
                "learned": {"tunes": theirs.tunes, "runs": theirs.runs},
            }
            for ours, theirs in zip(judged.new_copying, judged.real_copying, strict=True)
        ],
        "flagged": _flagged(judged, written, seed),
    }


def _watched(tunes: Iterator[str], num: int) -> Iterator[str]:
    """The tunes, with a bar for who waits for them."""
    from tqdm import tqdm

    hidden = not is_terminal(sys.stderr)
    yield from tqdm(tunes, total=num, unit="tune", leave=False, disable=hidden, file=sys.stderr)


def _obeyed(tunes: Sequence[str], name: str, words: str) -> float:
    """The share of tunes whose header says what was asked for, in whatever words."""
    from charnn.music.abc import fields
    from charnn.music.abc.cleaning import short_key

    def meaning(said: str) -> object:
        if name == "rhythm":
            return said.casefold()
        try:
            return fields.meter(said).bar if name == "meter" else short_key(said)
        except fields.FieldError:
            return said

    letter = {"rhythm": "R", "meter": "M", "key": "K"}[name]
    headers = [re.search(rf"(?m)^{letter}:(.*)", tune) for tune in tunes]
    said = [meaning(found[1]) for found in headers if found]
    return said.count(meaning(words)) / len(tunes)


def _flagged(judged: "TuneComparison", written: Sequence[str], seed: int) -> list[dict[str, Any]]:
    """The tunes that count as copies, the most similar first."""
    from charnn.music.similarity.melody import melody

    flagged = [
        {
            "seed": seed + number,
            "title": melody(text).title,
            "similarity": nearest.similarity,
            "nearest": nearest.title,
        }
        for number, (nearest, text) in enumerate(zip(judged.nearest, written, strict=True))
        if nearest.copied
    ]
    return sorted(flagged, key=lambda tune: -float(tune["similarity"]))


def _table(found: dict[str, Any]) -> Iterator[str]:
    yield _row("", "model", "learned")
    yield _row("tunes", f"{found['tunes']:,}", f"{found['learned']:,}")
    for words, name in _SHARES.items():
        yield _row(words, *_percent(found["shares"], name))
    for name, share in found["asked"].items():
        yield _row(f"{name} as asked", f"{100 * share:.1f} %", "-")
    yield "\nJensen-Shannon distance to the learned tunes, and of as many of these to the others\n"
    for words, name in _DISTANCES.items():
        yield _row(words, *_distance(found["distances"], name))
    yield "\nCopied from learned tunes, and these from each other\n"
    for row in found["copying"]:
        yield _row(f"tunes with a run of {row['length']} notes", *_percent(row, "tunes"))
        yield _row(f"runs of {row['length']} notes", *_percent(row, "runs"))
    flagged = found["flagged"]
    yield f"\n{len(flagged):,} of {found['tunes']:,} tunes count as copies of a learned one\n"
    for tune in flagged:
        yield (
            f"  seed {tune['seed']}, {tune['title']!r}: "
            f"{tune['similarity']:.2f} like {tune['nearest']!r}\n"
        )


def _percent(row: dict[str, Any], name: str) -> Iterator[str]:
    return (f"{100 * row[who][name]:.1f} %" for who in _COLUMNS)


def _distance(row: dict[str, Any], name: str) -> Iterator[str]:
    return (f"{row[who][name]:.3f}" if row[who] else "-" for who in _COLUMNS)


def _row(words: str, ours: str, theirs: str) -> str:
    return f"{words:<40}{ours:>10}{theirs:>10}\n"
