"""`charnn neurons`: the units of a model that are tied to something a person can name."""

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from charnn.cli.console import show_message, write_stdout
from charnn.cli.insight_options import (
    ENOUGH,
    JsonOption,
    ModelArgument,
    PictureOption,
    TextArgument,
    check_picture,
    load_model,
    read_corpus,
    write_picture,
)
from charnn.cli.model_options import EncodingOption
from charnn.cli.plain_table import table_lines

if TYPE_CHECKING:
    from charnn.insight.feature_ties import FeatureTies
    from charnn.insight.read_neurons import Neurons
    from charnn.insight.read_text import ReadText
    from charnn.insight.unit_names import Unit
    from charnn.library import Model

# The tokens of a text that are shown in the colours of a unit.
_SHOWN = 3000


def command(
    run: ModelArgument,
    text: TextArgument,
    unit_name: Annotated[
        str,
        typer.Option(
            "--unit", metavar="L.I", help="Show the text coloured by this unit instead of a table."
        ),
    ] = "",
    encoding: EncodingOption = None,
    output: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the units that are tied to something a person names.

    For each feature: the closest unit, the share of its variance that the feature explains beyond
    the last character, the largest such share by chance, and the mean of the unit in each class of
    the feature. Units are chosen on one half of the text and measured on the other. Units are named
    LAYER.UNIT, counted from 0. A long text is sampled.

    --unit colours the beginning of the text by one unit. A page (.html) goes through the closest
    units and their gates with the arrow keys.

    \b
    Examples:
      charnn neurons folk folk
      charnn neurons folk tune.abc --unit 0.555
      charnn neurons shakespeare play.txt -o neurons.html
      charnn neurons play play.txt --json
    """
    path = check_picture(output)
    model = load_model(run)
    from charnn.insight.unit_names import parse_unit

    unit = parse_unit(unit_name, model.checkpoint.config, "--unit") if unit_name else None
    read = read_corpus(model, text, encoding, ENOUGH)
    if unit and not (path and path.suffix.lower() == ".html"):
        _show_unit(model, read, unit, path, as_json)
    else:
        _show_neurons(model, read, unit, path, as_json)


def _show_unit(
    model: "Model", read: "ReadText", unit: "Unit", path: Path | None, as_json: bool
) -> None:
    """Show the beginning of a text, coloured by one unit."""
    from charnn.cli.unit_view import write_unit
    from charnn.insight.unit_text import read_unit_text

    coloured = read_unit_text(model.checkpoint, read, [unit], _SHOWN)
    if path:
        # A page is the work of `_show_neurons`.
        write_picture(path, coloured.figure, bytes)
    if as_json:
        found = {"checkpoint": str(model.path), **coloured.to_json()}
        write_stdout(json.dumps(found) + "\n")
    elif not path:
        write_unit(coloured)
    if (left := len(read.ids) - _SHOWN) > 0:
        show_message(f"shows the first {_SHOWN:,} characters; {left:,} more are not shown")


def _show_neurons(
    model: "Model", read: "ReadText", unit: "Unit | None", path: Path | None, as_json: bool
) -> None:
    """Show the closest units of each feature."""
    from charnn.checkpoints.bundled import display_name
    from charnn.insight.neuron_page import MAX_TOKENS, neurons_page, units_to_show
    from charnn.insight.read_neurons import read_neurons
    from charnn.insight.unit_text import read_unit_text

    neurons = read_neurons(model.checkpoint, read)

    def page() -> bytes:
        units = units_to_show(neurons, unit)
        coloured = read_unit_text(model.checkpoint, read, units, MAX_TOKENS)
        return neurons_page(neurons, coloured, display_name(model.path))

    if path:
        write_picture(path, neurons.figure, page)
    if as_json:
        write_stdout(json.dumps({"checkpoint": str(model.path), **neurons.to_json()}) + "\n")
    elif not path:
        write_stdout("".join(_lines(neurons)))


def _lines(neurons: "Neurons") -> Iterator[str]:
    """Yield the lines for the terminal: a table, and what the closest units do."""
    found = [each for each in neurons.features if each.found]
    if found:
        head = ["feature", "unit", "explained", "by chance", "units found"]
        yield from table_lines(head, neurons.rows(), left=(0, 1))
        yield "\nmean of the unit in each class of the feature\n"
        first, *others = ([each.feature, *_means(each)] for each in found)
        yield from table_lines(first, others)
    if unknown := [each.feature for each in neurons.features if not each.found]:
        yield f"no unit is tied to: {', '.join(unknown)}\n"


def _means(ties: "FeatureTies") -> Iterator[str]:
    for label, mean in zip(ties.labels, ties.best.means, strict=True):
        if not math.isnan(mean):
            yield f"{label}: {mean:+.2f}"
