"""`charnn inspect`: what a model is, and how it came to be."""

import json
import math
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.console import escape_to_one_line, warn_if_damaged, write_stdout
from charnn.cli.formatting import format_duration, format_loss
from charnn.errors import shorten

if TYPE_CHECKING:
    from charnn.checkpoints.checkpoint import Checkpoint
    from charnn.checkpoints.description import Description

# Rows of the curve, and the width of its bars.
_ROWS = 12
_WIDTH = 30


def command(
    checkpoint: Annotated[
        Path | None,
        typer.Argument(
            metavar="[CKPT]",
            help="A run's name or folder, or a checkpoint; default: newest run, else the box's.",
        ),
    ] = None,
    whole: Annotated[
        bool,
        typer.Option("--verify", help="Read and check every checkpoint of the run instead."),
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object on stdout.")] = False,
) -> None:
    """Show what a model is, what it has learned from, how it was trained, and its curve.

    Losses are in nats and bits per character, over the part that was held out. --verify reads all
    checkpoints of a run, or the one file that is named, with the state of training: a line each,
    and exit code 1 if one is damaged.

    \b
    Examples:
      charnn inspect
      charnn inspect folk --json
      charnn inspect checkpoints/shakespeare/last.safetensors
      charnn inspect shakespeare --verify
    """
    from charnn.checkpoints.bundled import display_name
    from charnn.checkpoints.description import describe, verify
    from charnn.checkpoints.run_files import RUNS_FOLDER
    from charnn.checkpoints.runs import find_checkpoints, load_best

    if whole:
        path = find_checkpoints(checkpoint, RUNS_FOLDER)[0]
        found = list(verify(path, alone=path == checkpoint))
        if as_json:
            rows = [
                {"checkpoint": str(file), "ok": problem is None, "problem": problem}
                for file, problem in found
            ]
            write_stdout(json.dumps({"checkpoints": rows}) + "\n")
        else:
            write_stdout("".join(f"{_said(problem or f'{file}: ok')}\n" for file, problem in found))
        raise typer.Exit(int(any(problem for _, problem in found)))
    model = load_best(checkpoint, RUNS_FOLDER)
    warn_if_damaged(model.path, model.damaged)
    path, description = model.path, describe(model.path, model.checkpoint)
    if as_json:
        write_stdout(json.dumps(_object(path, description)) + "\n")
        return
    write_stdout(f"{_said(display_name(path))}\n")
    for name, words in _rows(description):
        write_stdout(f"  {name + ':':<13}{_said(words)}\n")
    write_stdout("".join(_curve(description.history)))


def _object(path: Path, description: "Description") -> dict[str, Any]:
    checkpoint, latest = description.checkpoint, description.latest
    metadata = checkpoint.metadata
    told = ("corpus", "tunes", "documents", "characters", "val_fraction", "transpose", "init_from")
    position = latest.metadata.get("position", {})
    best = position.get("best_loss")
    return {
        "checkpoint": str(path),
        **checkpoint.config.to_json(),
        "parameters": checkpoint.config.parameter_count(),
        "tokens": checkpoint.vocabulary.kind,
        "symbols": list(checkpoint.vocabulary.tokens),
        "temperature": checkpoint.temperature,
        **{name: metadata.get(name) for name in told},
        "training": latest.metadata.get("training"),
        "steps": position.get("step"),
        "seconds": position.get("seconds"),
        "symbols_seen": description.tokens_seen,
        "best_nats_per_char": best,
        "best_bits_per_char": None if best is None else best / math.log(2),
        "protocol": metadata.get("protocol"),
        "history": [
            {
                "step": entry["step"],
                "seconds": entry["seconds"],
                "val_nats_per_char": entry["val_loss"],
                "val_bits_per_char": entry["val_loss"] / math.log(2),
                "train_nats_per_char": entry.get("train_loss"),
            }
            for entry in description.history
        ],
        "files": description.files,
        "resumable": description.obstacle is None,
        "obstacle": description.obstacle,
    }


def _rows(description: "Description") -> Iterator[tuple[str, str]]:
    """What is known, in words."""
    checkpoint, metadata = description.checkpoint, description.latest.metadata
    config, training = checkpoint.config, metadata.get("training", {})
    position = metadata.get("position", {})
    width = "one-hot" if config.embedding_size is None else f"embedding {config.embedding_size}"
    yield (
        "model",
        f"{config.cell} {config.num_layers} x {config.hidden_size}, {width}: "
        f"{config.parameter_count():,} parameters, temperature {checkpoint.temperature:.3f}",
    )
    yield "vocabulary", _symbols(checkpoint)
    if "corpus" in metadata:
        yield "corpus", ", ".join(_corpus(metadata))
    if "init_from" in metadata:
        yield "began with", metadata["init_from"]
    if shares := {name: share for name, share in vars(config).items() if "drop" in name and share}:
        yield "dropout", ", ".join(f"{name} {share:g}" for name, share in shares.items())
    if training:
        yield "options", ", ".join(_options(training))
    if position:
        yield "trained", ", ".join(_trained(description, position))
    if (best := position.get("best_loss")) is not None:
        yield "best loss", format_loss(best)
        if "protocol" in metadata:
            yield "measured by", metadata["protocol"]
    files = description.files.items()
    yield "files", ", ".join(f"{name} {_bytes(size)}" for name, size in files)
    yield "resumable", "yes" if description.obstacle is None else f"no: {description.obstacle}"


def _symbols(checkpoint: "Checkpoint") -> str:
    vocabulary = checkpoint.vocabulary
    first = (shorten(token, 20) for token in islice(vocabulary.preview(), 80))
    joint = "" if vocabulary.single_characters else " "
    shown = shorten(repr(joint.join(first)), 80)
    return f"{len(vocabulary)} symbols ({vocabulary.unit}): {shown}"


def _corpus(metadata: dict[str, Any]) -> Iterator[str]:
    yield metadata["corpus"]
    if "characters" in metadata:
        yield f"{metadata['characters']:,} characters"
    if (documents := metadata.get("documents", 1)) > 1:
        yield f"{documents:,} {'tunes' if metadata.get('tunes') else 'documents'}"
    low, high = metadata.get("transpose", (0, 0))
    if high > low:
        yield f"in {high - low + 1} keys"
    if share := metadata.get("val_fraction"):
        where = "of the tunes" if metadata.get("tunes") else "at the end"
        yield f"{100 * share:.3g}% {where} held out"
    elif share is not None:
        yield "nothing held out"


def _options(training: dict[str, Any]) -> Iterator[str]:
    """The options that were given or chosen; not those that are off."""
    for name, value in training.items():
        if isinstance(value, dict):
            yield from _options(value)
        elif value:
            yield f"{name} {value:g}" if type(value) in (int, float) else f"{name} {value}"


def _trained(description: "Description", position: dict[str, Any]) -> Iterator[str]:
    if (step := position.get("step")) is not None:
        yield f"{step:,} steps"
    if (seconds := position.get("seconds")) is not None:
        yield format_duration(seconds)
    if (seen := description.tokens_seen) is not None:
        yield f"{seen:,} {description.checkpoint.vocabulary.unit} seen"


def _curve(history: list[dict[str, Any]]) -> Iterator[str]:
    """A line for each validation, or for some, evenly spaced, with the first, best and last."""
    if not history:
        return
    losses = [entry["val_loss"] for entry in history]
    best, highest = min(losses), max(losses)
    last = len(history) - 1
    shown = {round(number * last / (_ROWS - 1)) for number in range(_ROWS)} | {losses.index(best)}
    yield f"\n{'step':>10}{'time':>14}{'training':>10}{'held out':>10}{'bits':>8}\n"
    for number in sorted(shown):
        entry, loss = history[number], losses[number]
        train = f"{entry['train_loss']:.4f}" if "train_loss" in entry else "-"
        above = (loss - best) / (highest - best) if highest > best else 0
        yield (
            f"{entry['step']:>10,}{format_duration(entry['seconds']):>14}{train:>10}{loss:>10.4f}"
            f"{loss / math.log(2):>8.3f}  {'#' * round(above * _WIDTH)}"
            f"{'best' if number == losses.index(best) else ''}\n"
        )


def _bytes(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _said(words: str) -> str:
    """Words that a file brings, on one line, as a terminal may show them; pipes lead there, too."""
    return escape_to_one_line(shorten(words, 500))
