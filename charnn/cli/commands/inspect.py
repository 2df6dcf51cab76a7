"""`charnn inspect`: a model's network, vocabulary, corpus, training and files."""

import json
import math
import sys
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.completion import complete_run
from charnn.cli.console import (
    escape_to_one_line,
    terminal_width,
    warn_if_damaged,
    write_lines,
    write_stdout,
)
from charnn.cli.curve_output import compare_curves, read_and_draw
from charnn.cli.curve_tables import history_lines
from charnn.cli.formatting import format_calibration, format_duration, format_loss
from charnn.cli.insight_options import JsonOption, check_picture
from charnn.cli.model_options import show_if_bundled
from charnn.cli.output_files import refuse_empty
from charnn.corpus.document_kinds import AUTO, document_plural
from charnn.errors import UsageError, shorten
from charnn.training.training_config import option_name

if TYPE_CHECKING:
    from charnn.checkpoints.checkpoint import Checkpoint
    from charnn.checkpoints.description import Description

RunsArgument = Annotated[
    list[Path] | None,
    typer.Argument(
        metavar="RUN",
        autocompletion=complete_run,
        help="A run's name or folder, or a checkpoint file; with --compare, several; default: the "
        "newest run, or the bundled model where there is no run.",
    ),
]
# The fields of a checkpoint's metadata that --json copies.
_METADATA_FIELDS = (
    *("corpus", "tunes", "documents", "document_kind", "characters", "val_fraction"),
    *("transpose", "init_from"),
)


def command(
    runs: RunsArgument = None,
    verify_all: Annotated[
        bool,
        typer.Option("--verify", help="Only read and check every checkpoint of the run."),
    ] = False,
    compare: Annotated[
        bool, typer.Option("--compare", help="Compare the learning curves of two or more runs.")
    ] = False,
    plot: Annotated[
        str | None,
        typer.Option(
            metavar="FILE",
            callback=refuse_empty,
            help="Draw the learning curves to a picture (.png, .svg) or a page (.html).",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show a model's network, corpus, training and loss curve.

    Losses are in nats and bits per character, over the held-out part of the corpus. --plot draws
    losses, learning rate, gradient norm and clipped share, also while a run is being trained; with
    --json, their numbers are in the object. The options in which runs differ are shown by `charnn
    runs compare`.

    --verify reads every checkpoint of a run completely, or the one file that is named, and prints
    a line for each. The exit code is 1 if a checkpoint is damaged.

    \b
    Examples:
      charnn inspect
      charnn inspect folk --json
      charnn inspect checkpoints/shakespeare/last.safetensors
      charnn inspect shakespeare --verify
      charnn inspect shakespeare --plot curves.png
      charnn inspect --compare shakespeare shakespeare-2 --plot both.html
    """
    named = runs or []
    if compare and len(named) < 2:
        raise UsageError("--compare needs two or more runs: charnn inspect --compare RUN RUN")
    if len(named) > 1 and not compare:
        raise UsageError("this shows one run. To see several runs side by side: --compare")
    if verify_all and (compare or plot):
        raise UsageError("--verify only checks files: leave out --compare and --plot")
    picture = check_picture(plot, "--plot")
    run = named[0] if named else None
    if verify_all:
        raise typer.Exit(_verify(run, as_json))
    if compare:
        compare_curves(named, picture, as_json)
    else:
        _show(run, picture, as_json)


def _show(run: Path | None, picture: Path | None, as_json: bool) -> None:
    """Show a single model, or draw its curves."""
    from charnn.checkpoints.bundled import display_name
    from charnn.checkpoints.description import describe
    from charnn.checkpoints.run_files import RUNS_FOLDER
    from charnn.checkpoints.runs import load_best

    model = load_best(run, RUNS_FOLDER)
    show_if_bundled(run, model.path)
    warn_if_damaged(model.path, model.damaged)
    path = model.path
    curves = read_and_draw([path], picture) if picture else []
    if picture and not as_json:
        return
    description = describe(path, model.checkpoint)
    if as_json:
        drawn = {"curves": curves[0].to_json()} if curves else {}
        write_stdout(json.dumps(_json_object(path, description) | drawn) + "\n")
        return
    write_stdout(f"{_safe(display_name(path))}\n")
    for name, value in _rows(description):
        write_lines(f"  {name + ':':<13}{_safe(value)}\n", hang=15)
    write_stdout("".join(history_lines(description.history, terminal_width(sys.stdout))))


def _verify(checkpoint: Path | None, as_json: bool) -> int:
    """Check the checkpoints of a run, or a single file, and return the exit code."""
    from charnn.checkpoints.description import verify
    from charnn.checkpoints.run_files import RUNS_FOLDER
    from charnn.checkpoints.runs import find_checkpoints

    path = find_checkpoints(checkpoint, RUNS_FOLDER)[0]
    results = list(verify(path, alone=path == checkpoint))
    if as_json:
        rows = [
            {"checkpoint": str(file), "ok": problem is None, "problem": problem}
            for file, problem in results
        ]
        write_stdout(json.dumps({"checkpoints": rows}) + "\n")
    else:
        lines = (f"{_safe(problem or f'{file}: ok')}\n" for file, problem in results)
        write_lines("".join(lines))
    return int(any(problem for _, problem in results))


def _json_object(path: Path, description: "Description") -> dict[str, Any]:
    """Return the object that --json prints.

    The network and the corpus are read from the named checkpoint. The options, steps and losses are
    read from the latest checkpoint of the run, because the best checkpoint may be hours older.
    """
    checkpoint, latest = description.checkpoint, description.latest
    metadata = checkpoint.metadata
    position = latest.metadata.get("position", {})
    best = _best_loss(description)
    return {
        "checkpoint": str(path),
        **checkpoint.config.to_json(),
        "parameters": checkpoint.config.parameter_count(),
        "tokens": checkpoint.vocabulary.kind,
        "symbols": list(checkpoint.vocabulary.tokens),
        "temperature": checkpoint.temperature,
        **{name: metadata.get(name) for name in _METADATA_FIELDS},
        "training": latest.metadata.get("training"),
        "steps": position.get("step"),
        "seconds": position.get("seconds"),
        "symbols_seen": description.tokens_seen,
        "best_nats_per_char": best,
        "best_bits_per_char": None if best is None else best / math.log(2),
        "protocol": metadata.get("protocol"),
        "calibration": metadata.get("calibration"),
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
    """Yield the name and value of each line above the loss curve, without unknown values."""
    checkpoint, metadata = description.checkpoint, description.latest.metadata
    config, training = checkpoint.config, metadata.get("training", {})
    position = metadata.get("position", {})
    width = "one-hot" if config.embedding_size is None else f"embedding {config.embedding_size}"
    pointer = f", pointer {config.pointer}" if config.pointer else ""
    yield (
        "model",
        f"{config.cell} {config.num_layers} x {config.hidden_size}, {width}{pointer}: "
        f"{config.parameter_count():,} parameters",
    )
    yield "vocabulary", _format_vocabulary(checkpoint)
    if "corpus" in metadata:
        yield "corpus", ", ".join(_corpus_facts(checkpoint))
    if "init_from" in metadata:
        yield "began with", metadata["init_from"]
    if shares := {name: share for name, share in vars(config).items() if "drop" in name and share}:
        names = {name: option_name(name) for name in shares}
        yield "dropout", ", ".join(f"{names[name]} {share:g}" for name, share in shares.items())
    if training:
        yield "options", ", ".join(_training_options(training))
    if position:
        yield "trained", ", ".join(_training_facts(description, position))
    if (best := _best_loss(description)) is not None:
        yield "best loss", format_loss(best, checkpoint.vocabulary.per)
        if "protocol" in checkpoint.metadata:
            yield "measured by", checkpoint.metadata["protocol"]
    if calibration := checkpoint.metadata.get("calibration"):
        yield "calibrated", format_calibration(**calibration)
    elif checkpoint.temperature != 1:
        yield "calibrated", f"softmax temperature {checkpoint.temperature:.3f} (fitted)"
    files = description.files.items()
    yield "files", ", ".join(f"{name} {_format_size(size)}" for name, size in files)
    yield "resumable", "yes" if description.obstacle is None else f"no: {description.obstacle}"


def _best_loss(description: "Description") -> float | None:
    """Return the loss of the best checkpoint, or the lowest loss before the end of the run."""
    best: float | None = description.checkpoint.metadata.get("nats_per_char")
    if best is None:
        best = description.latest.metadata.get("position", {}).get("best_loss")
    return best


def _format_vocabulary(checkpoint: "Checkpoint") -> str:
    vocabulary = checkpoint.vocabulary
    first = (shorten(token, 20) for token in islice(vocabulary.preview(), 80))
    joint = "" if vocabulary.single_characters else " "
    shown = shorten(repr(joint.join(first)), 80)
    return f"{len(vocabulary)} tokens ({vocabulary.unit}): {shown}"


def _corpus_facts(checkpoint: "Checkpoint") -> Iterator[str]:
    metadata = checkpoint.metadata
    kind = metadata.get("document_kind", AUTO)
    plural = document_plural(kind, metadata.get("tunes", False))
    yield metadata["corpus"]
    if "characters" in metadata:
        yield f"{metadata['characters']:,} {checkpoint.vocabulary.counted}"
    if (documents := metadata.get("documents", 1)) > 1:
        yield f"{documents:,} {plural}"
    low, high = metadata.get("transpose", (0, 0))
    if high > low:
        yield f"in {high - low + 1} keys"
    if share := metadata.get("val_fraction"):
        whole = metadata.get("tunes") or kind != AUTO
        where = f"of the {plural}" if whole else "at the end"
        yield f"{100 * share:.3g}% {where} held out"
    elif share is not None:
        yield "nothing held out"


def _training_options(training: dict[str, Any]) -> Iterator[str]:
    """Yield each training option that acted, as a user types it."""
    for name, value in training.items():
        if isinstance(value, dict):
            yield from _training_options(value)
        # The values are clipped instead of the norm.
        elif name == "clip" and training.get("clip_value") is not None:
            continue
        elif value is True:
            yield f"{name} on"  # not an option: charnn decides it
        elif value:
            shown = f"{value:g}" if isinstance(value, int | float) else value
            yield f"{option_name(name)} {shown}"


def _training_facts(description: "Description", position: dict[str, Any]) -> Iterator[str]:
    if (step := position.get("step")) is not None:
        yield f"{step:,} steps"
    if (seconds := position.get("seconds")) is not None:
        yield format_duration(seconds)
    if (seen := description.tokens_seen) is not None:
        yield f"{seen:,} {description.checkpoint.vocabulary.unit} seen"


def _format_size(size: int) -> str:
    return f"{size / 1e6:.1f} MB" if size >= 1e5 else f"{size / 1e3:.1f} kB"


def _safe(value: str) -> str:
    """Return a value from a file as one short line with control characters escaped.

    The text is also escaped for a pipe, because a program such as `less -R` may pass it on to a
    terminal.
    """
    return escape_to_one_line(shorten(value, 500))
