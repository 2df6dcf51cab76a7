"""`charnn gates`: how far the gates of a model open, and how long its units remember."""

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
from charnn.cli.model_options import EncodingOption

if TYPE_CHECKING:
    from charnn.insight.gate_statistics import GateStatistics

# The width of the longest bar of the histogram.
_BAR_WIDTH = 40
# A gate is nearly always saturated if it is so at this share of the tokens.
_NEARLY_ALWAYS = 0.9


def command(
    run: ModelArgument,
    text: TextArgument,
    encoding: EncodingOption = None,
    output: PictureOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show how far the gates of a model open, and its time scales.

    For each gate: its mean, and the share of its units that are nearly always open (above 0.9) or
    closed (below 0.1). For each unit: the time scale 1 / (1 - f) of its memory, where f is the mean
    of its forget gate (GRU: update gate). Units are named LAYER.UNIT, counted from 0. A picture
    shows one dot a unit. A long text is sampled.

    \b
    Examples:
      charnn gates folk folk
      charnn gates shakespeare tinyshakespeare -o gates.png
      charnn gates play play.txt --json
    """
    path = check_picture(output)
    model = load_model(run)
    from charnn.checkpoints.bundled import display_name
    from charnn.insight.gate_statistics import check_gates, gate_statistics

    check_gates(model.checkpoint.config.cell)
    gates = gate_statistics(model.checkpoint, read_corpus(model, text, encoding, ENOUGH))
    if path:
        name = display_name(model.path)
        write_picture(path, gates.figure, lambda: gates.page(name))
    if as_json:
        write_stdout(json.dumps({"checkpoint": str(model.path), **gates.to_json()}) + "\n")
    elif not path:
        write_stdout("".join(_lines(gates)))


def _lines(gates: "GateStatistics") -> Iterator[str]:
    """Yield the lines for the terminal."""
    layers, units = gates.time_scale.shape
    yield f"{gates.cell} {layers} x {units}, {gates.tokens:,} tokens\n\n"
    yield f"{'layer':<6}{'gate':<9}{'mean':>6}{'nearly always > 0.9':>21}{'< 0.1':>8}\n"
    for layer in range(layers):
        for name, mean_LH in gates.mean.items():
            right = (gates.right[name][layer] > _NEARLY_ALWAYS).mean()
            left = (gates.left[name][layer] > _NEARLY_ALWAYS).mean()
            yield (
                f"{layer:<6}{name:<9}{mean_LH[layer].mean():>6.2f}{100 * right:>13.1f} % of units"
                f"{100 * left:>6.1f} %\n"
            )
    yield f"\nmemory time scale, 1 / (1 - mean {gates.memory_gate} gate)\n"
    yield from _histogram(gates)
    yield "\nlongest memories\n"
    for unit, scale in gates.longest():
        yield f"  {unit!s:<8}{scale:>12,.1f} tokens\n"


def _histogram(gates: "GateStatistics") -> Iterator[str]:
    """Yield a line for each doubling of the time scale."""
    doublings = [int(math.log2(scale)) for scale in gates.time_scale.flat]
    counts = {number: doublings.count(number) for number in range(max(doublings) + 1)}
    highest = max(counts.values())
    first = min(doublings)
    for number in range(first, max(doublings) + 1):
        bar = "#" * math.ceil(counts[number] / highest * _BAR_WIDTH)
        yield f"  {2**number:>7,} to {2 ** (number + 1):>7,} tokens {counts[number]:>6,}  {bar}\n"
