"""The page of the units that are tied to features, and of a text that they colour in turn."""

import numpy as np
from numpy.typing import NDArray

from charnn.insight.feature_ties import FeatureTies
from charnn.insight.html_page import html_page, picture, table
from charnn.insight.read_neurons import Neurons
from charnn.insight.surprise_colours import is_dark
from charnn.insight.unit_colours import unit_colour
from charnn.insight.unit_names import Unit
from charnn.insight.unit_text import UnitText

# A page has one character for each value: the text, units and gates of a page take 250 kB at most.
MAX_UNITS, MAX_TOKENS = 12, 4000
_LEVELS = 41
# The character of the lowest level, -1. All are printable ASCII, and none is "<".
_FIRST = ord("?")

_TEXT = """<p class="quiet">Blue: -1, white: 0, orange: 1. The arrow keys left and right go through
the units. In the text, up and down go through the unit's value and its gates. Point at a character
for its value.</p>
<div class="panel">
<p><label for="unit">Unit</label> <select id="unit"></select>
<label for="series">shows</label> <select id="series"></select></p>
<p id="shown" role="status"></p>
<p id="here"></p>
</div>
<div class="text paper" id="text" tabindex="0" role="group" aria-label="The text"></div>
"""


def neurons_page(neurons: Neurons, text: UnitText, name: str) -> bytes:
    """Return the page of a model.

    Args:
        neurons: the units that are tied to features.
        text: the beginning of the text, and the values of the units to go through.
        name: the name of the model.
    """
    head = ["feature", "unit", "explained", "by chance", "units found"]
    body = _TEXT + table(head, neurons.rows(), "Closest units, measured on half of the text")
    body += picture(
        neurons.figure(),
        "One plot a feature: the mean of its closest unit in each class. The table has the units.",
    )
    levels = [2 * level / (_LEVELS - 1) - 1 for level in range(_LEVELS)]
    colours = [unit_colour(level) for level in levels]
    data = {
        "pieces": text.pieces,
        "names": text.names,
        "units": [
            {"name": str(unit), "ties": ", ".join(_ties(neurons, unit))} for unit in text.units
        ],
        "series": {name: _encoded(values_TU) for name, values_TU in text.series.items()},
        "first": _FIRST,
        "levels": levels,
        "colours": [colour and "rgb({} {} {})".format(*colour) for colour in colours],
        "dark": [is_dark(colour) for colour in colours],
    }
    return html_page(f"Neurons of {name}", body, data=data, scripts=["neurons.js"])


def units_to_show(neurons: Neurons, chosen: Unit | None) -> list[Unit]:
    """Return the units of a page: the chosen one, then the closest unit of each feature."""
    first = [] if chosen is None else [chosen]
    return list(dict.fromkeys([*first, *neurons.found]))[:MAX_UNITS] or [Unit(0, 0)]


def _ties(neurons: Neurons, unit: Unit) -> list[str]:
    """Return the features that a unit was found for, each with its share."""

    def found(each: FeatureTies) -> list[str]:
        return [
            f"{each.feature} ({100 * tie.share:.0f} %)"
            for tie in each.found
            if neurons.unit(tie.unit) == unit
        ]

    return [text for each in neurons.features for text in found(each)]


def _encoded(values_TU: NDArray[np.float32]) -> list[str]:
    """Return one text a unit, with a character for the value at each token."""
    levels_TU = np.rint((values_TU.clip(-1, 1) + 1) / 2 * (_LEVELS - 1)).astype(np.uint8) + _FIRST
    return [levels_TU[:, unit].tobytes().decode("ascii") for unit in range(levels_TU.shape[1])]
