"""`charnn gradients`: how much error reaches an earlier character, and what vanishes on the way."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from charnn.cli.completion import complete_run_or_corpus
from charnn.cli.console import show_message, write_stdout
from charnn.cli.insight_options import (
    ENOUGH,
    JsonOption,
    PictureOption,
    check_picture,
    load_model,
    read_corpus,
    read_plain_texts,
    write_picture,
)
from charnn.cli.model_options import EncodingOption
from charnn.cli.settings import places
from charnn.errors import UsageError

if TYPE_CHECKING:
    from charnn.insight.cell_comparison import CellFlow
    from charnn.insight.cell_variants import CellVariant

DEFAULT_STEPS = 500
_MAX_STEPS = 100_000
# A short training reads no more, and every cell reads the same.
_MAX_CHARACTERS = 1_000_000


def command(
    context: typer.Context,
    words: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN TEXT",
            help="A run's name or folder, a checkpoint file or folk, then the text that the model "
            "reads; with --cell, texts only.",
            autocompletion=complete_run_or_corpus,
        ),
    ],
    cell: Annotated[
        list[str] | None,
        typer.Option(
            metavar="CELL", help="Compare fresh cells: rnn, gru, lstm, peephole, coupled."
        ),
    ] = None,
    steps: Annotated[
        int | None,
        typer.Option(help=f"Train each cell for N steps; 0 for none (default: {DEFAULT_STEPS})."),
    ] = None,
    distance: Annotated[
        int | None,
        typer.Option(help="Largest distance t - tau (default: 100, less in a short text)."),
    ] = None,
    at: Annotated[
        int | None,
        typer.Option(help="Show what matters to the prediction of character N of the text."),
    ] = None,
    forget_bias: Annotated[
        list[float] | None,
        typer.Option(metavar="BIAS", help="Bias of the forget gates at the start (default: 0)."),
    ] = None,
    clip: Annotated[
        list[float] | None,
        typer.Option(
            metavar="NORM", help="Largest norm of the gradient; 0: no clipping (default: 1)."
        ),
    ] = None,
    gradient_penalty: Annotated[
        list[float] | None,
        typer.Option(
            metavar="WEIGHT", help="Weight of the penalty against vanishing gradients (default: 0)."
        ),
    ] = None,
    seq_len: Annotated[
        list[int] | None,
        typer.Option(metavar="N", help="Length of truncated BPTT in characters (default: 64)."),
    ] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of fresh cells (default: 0).")] = None,
    encoding: EncodingOption = None,
    output: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how much error reaches each earlier character.

    The table shows the norm of dL_t/dh_tau, the error that the loss at t sends back to the hidden
    state at tau, against the distance t - tau: the median of 100 losses. eta is the factor per
    step. With --cell, fresh cells of the same size are compared at initialisation and after a short
    training on the text. --cell and the options of the training may be given several times: every
    combination is one curve.

    \b
    Examples:
      charnn gradients folk tune.abc
      charnn gradients shakespeare play.txt --at 500 -o flow.html
      charnn gradients play.txt --cell rnn --cell gru --cell lstm -o cells.png
      charnn gradients play.txt --cell lstm --forget-bias 0 --forget-bias 1 --forget-bias 3
      charnn gradients play.txt --cell rnn --clip 1 --clip 0
    """
    path = check_picture(output)
    values = {
        "forget_bias": forget_bias,
        "clip": clip,
        "gradient_penalty": gradient_penalty,
        "seq_len": seq_len,
    }
    if cell:
        variants, number = _variants(cell, steps, values)
        _compare(words, encoding, variants, number, distance, at, seed or 0, path, as_json)
        return
    set_at = places(context)
    for name, value in {**values, "steps": steps, "seed": seed}.items():
        # A setting, such as seed = 1, may be for other commands.
        if value not in (None, []) and name not in set_at:
            option = name.replace("_", "-")
            raise UsageError(f"--{option} is for fresh cells: add --cell lstm, for example")
    if len(words) < 2:
        raise UsageError(
            "name a run and a text (charnn gradients folk tune.abc), or a text and cells (charnn "
            "gradients play.txt --cell rnn --cell lstm)"
        )
    _show_model(words[0], words[1:], encoding, distance, at, path, as_json)


def _variants(
    cells: Sequence[str], steps: int | None, values: dict[str, Any]
) -> "tuple[list[CellVariant], int]":
    """Return the cells to compare and the steps of their training, checked."""
    from charnn.insight.cell_variants import cell_variants

    number = DEFAULT_STEPS if steps is None else steps
    if not 0 <= number <= _MAX_STEPS:
        raise UsageError(f"--steps must lie in 0..{_MAX_STEPS:,}, not {steps}")
    for name in ("clip", "gradient_penalty", "seq_len"):
        if number == 0 and values[name]:
            raise UsageError(f"--{name.replace('_', '-')} is for training: leave out --steps 0")
    return cell_variants(cells, **{name: value or () for name, value in values.items()}), number


def _show_model(
    run: str,
    texts: Sequence[str],
    encoding: str | None,
    distance: int | None,
    at: int | None,
    path: Path | None,
    as_json: bool,
) -> None:
    import torch

    from charnn.cli.gradients_view import (
        connectivity_lines,
        flow_sentences,
        flow_table,
        write_connectivity,
    )
    from charnn.insight.gradient_figures import flow_figure
    from charnn.insight.gradient_flow import check_places, flow_json, measure_flow, window_json
    from charnn.insight.gradient_page import flow_page

    torch.set_num_threads(1)
    model = load_model(Path(run))
    # A place is a place of the whole text.
    read = read_corpus(model, texts, encoding, None if at else ENOUGH)
    check_places(read, distance, at)
    flow = measure_flow(model.checkpoint, read, model.name, distance, at)
    if path:
        write_picture(path, lambda: flow_figure(flow), lambda: flow_page(flow))
    if as_json:
        value = {"cells": {flow.name: flow_json(flow)}, "window": window_json(flow.window)}
        write_stdout(json.dumps(value) + "\n")
    elif not path:
        lines = [*flow_table([flow]), *flow_sentences(flow), *connectivity_lines(flow.window)]
        write_stdout("".join(lines))
        write_connectivity(flow.window)


def _compare(
    names: Sequence[str],
    encoding: str | None,
    variants: "Sequence[CellVariant]",
    steps: int,
    distance: int | None,
    at: int | None,
    seed: int,
    path: Path | None,
    as_json: bool,
) -> None:
    import torch

    from charnn.cli.gradients_view import flow_sentences, flow_table, training_sentence
    from charnn.insight.cell_comparison import cell_json, compare_cells, distinct_starts
    from charnn.insight.gradient_figures import comparison_figure
    from charnn.insight.gradient_page import comparison_page

    torch.set_num_threads(1)
    texts = read_plain_texts(names, encoding, _MAX_CHARACTERS)

    def report(done: "CellFlow") -> None:
        if done.training:
            show_message(training_sentence(done.variant.name, done.training))

    cells = compare_cells(
        texts, variants, steps=steps, distance=distance, at=at, seed=seed, report=report
    )
    if path:
        write_picture(path, lambda: comparison_figure(cells), lambda: comparison_page(cells))
    if as_json:
        value = {"cells": {done.variant.name: cell_json(done) for done in cells}}
        write_stdout(json.dumps(value) + "\n")
    elif not path:
        lines: list[str] = []
        if steps:
            starts = distinct_starts(cells)
            lines += ["at initialisation\n", *flow_table(starts)]
            lines += [line for start in starts for line in flow_sentences(start)]
            lines += [f"\nafter {steps:,} steps of training\n"]
        lines += flow_table([done.flow for done in cells])
        lines += [line for done in cells for line in flow_sentences(done.flow)]
        write_stdout("".join(lines))
