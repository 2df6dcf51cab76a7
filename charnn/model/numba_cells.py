"""The equations of the cells and their derivatives, as numba compiles them.

Nothing is written again: numba compiles the lines of `charnn.model.cells`,
`charnn.model.gradients` and `charnn.model.activations`, into loops over single numbers.
"""

from typing import Any, NamedTuple

from numba.extending import overload, register_jitable

from charnn.model import activations, gradients
from charnn.model.cells import CELLS

for _function in (
    activations.plain_tanh,
    activations.plain_sigmoid,
    activations.one_minus,
    gradients.by_sigmoid,
    gradients.by_tanh,
    *(cell.step for cell in CELLS.values()),
    *gradients.GRADIENTS.values(),
):
    register_jitable(inline="always")(_function)


@overload(activations.tanh, inline="always")
def _tanh(x: Any) -> Any:
    return activations.plain_tanh


@overload(activations.sigmoid, inline="always")
def _sigmoid(x: Any) -> Any:
    return activations.plain_sigmoid


class _Peepholes(NamedTuple):
    """The peepholes of all layers, [L, P, H]."""

    values_LPH: Any


# numba selects what to compile by the types of the arguments, and cannot pass a class. So each cell
# has a tuple type of its own. The cache on disk refers to the types by name: they must be found in
# this module.
CELL_OF_TYPE = {}
TYPE_OF_CELL = {}
for _cell in CELLS.values():
    _type = type(f"{_cell.__name__}Peepholes", (_Peepholes,), {"__module__": __name__})
    globals()[_type.__name__] = _type
    CELL_OF_TYPE[_type], TYPE_OF_CELL[_cell] = _cell, _type


def tuple_of(item: Any, count: int) -> Any:
    """Return the function (source, at) -> (item(source, 0, at), item(source, 1, at), ...).

    numba has no other way to build a tuple whose length depends on a type: its loops and
    comprehensions build lists.
    """
    if count == 0:
        return register_jitable(lambda source, at: ())
    before, last = tuple_of(item, count - 1), count - 1
    return register_jitable(lambda source, at: (*before(source, at), item(source, last, at)))


@register_jitable
def block(source: Any, number: int, at: Any) -> Any:
    """Return a block of a matrix, such as the values [H] of a gate; `at` is not used."""
    return source[number]


@register_jitable
def state_vector(source: Any, number: int, at: Any) -> Any:
    """Return a vector [H] from [parts, L, B, H] or [parts, T, B, H]."""
    return source[number, at[0], at[1]]


@register_jitable
def unit(source: Any, number: int, at: Any) -> Any:
    """Return the value of one unit."""
    return source[number][at]
