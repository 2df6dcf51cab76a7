"""`charnn neurons`: the units of a model that are tied to something a person can name."""

import json
import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from charnn.cli.console import write_stdout
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
from charnn.cli.plain_table import table_lines

if TYPE_CHECKING:
    from charnn.insight.feature_ties import FeatureTies
    from charnn.insight.read_neurons import Neurons


def command(
    run: ModelArgument,
    text: TextArgument,
    output: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find the units that know something a person can name: inside quotes, the bar of the part.

    For each feature: the closest unit, the share of its variance that the feature explains beyond
    the last character, the largest such share by chance, and the mean of the unit in each class of
    the feature. Units are chosen on one half of the text and measured on the other. Units are named
    LAYER.UNIT, counted from 0. A long text is sampled.

    \b
    Examples:
      charnn neurons folk folk
      charnn neurons shakespeare play.txt -o neurons.png
      charnn neurons play play.txt --json
    """
    path = check_picture(output)
    model = load_model(run)
    from charnn.checkpoints.bundled import display_name
    from charnn.insight.neuron_page import neurons_page
    from charnn.insight.read_neurons import read_neurons

    neurons = read_neurons(model.checkpoint, read_corpus(model, text, ENOUGH))
    if path:
        name = display_name(model.path)
        write_picture(path, neurons.figure, lambda: neurons_page(neurons, name))
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
