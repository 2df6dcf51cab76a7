"""The names of hidden units: `L.I` is unit I of layer L, both counted from 0.

They are the indices of the arrays [T, L, H] of a trace.
"""

import re
from typing import NamedTuple

from charnn.errors import UsageError, shorten
from charnn.model.config import ModelConfig


class Unit(NamedTuple):
    """A hidden unit."""

    layer: int
    unit: int

    def __str__(self) -> str:
        """Return the name `L.I`."""
        return f"{self.layer}.{self.unit}"


def parse_unit(name: str, config: ModelConfig, option: str) -> Unit:
    """Return the unit that a name stands for.

    Args:
        name: a name `L.I`.
        config: the shape of the model.
        option: the option that the name is the value of, for the error.

    Raises:
        UsageError: the name has another form, or the model has no such unit.
    """
    layers, units = config.num_layers, config.hidden_size
    found = re.fullmatch(r"([0-9]{1,9})\.([0-9]{1,9})", name.strip())
    unit = Unit(int(found[1]), int(found[2])) if found else Unit(-1, -1)
    if not (0 <= unit.layer < layers and 0 <= unit.unit < units):
        raise UsageError(
            f"{option} {shorten(name, 40) or repr(name)} names no unit of this model: write "
            f"LAYER.UNIT, from 0.0 to {layers - 1}.{units - 1}"
        )
    return unit
