"""The cells that are compared, each with the options that a lecture varies."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

from charnn.errors import UsageError, unknown_choice
from charnn.training.options import CELL_CHOICES
from charnn.training.recipe import CPU
from charnn.training.training_config import MAX_GRADIENT

# The cells with a forget gate. This file does not import `charnn.model.cells`, and with it NumPy.
_FORGETTING = ("lstm", "peephole", "coupled")
# More curves than these cannot be told apart in a picture.
MAX_VARIANTS = 8
_MAX_BIAS = 100.0
_MAX_SEQ_LEN = 2000


@dataclass(frozen=True)
class CellVariant:
    """A cell, and the options of its initialisation and training.

    Attributes:
        name: the cell, and the values in which it differs from the others.
        start_name: the same without the values that have an effect in training only. Variants with
            one such name have the same weights at the start.
        cell: a name of `charnn.model.cells.CELLS`.
        forget_bias: the bias of the forget gate before training; None for that of `charnn train`.
        clip: the largest norm of the gradient in training; 0 does not clip.
        gradient_penalty: the weight of the penalty against vanishing gradients.
        seq_len: the tokens of a segment of truncated backpropagation through time.
    """

    name: str
    start_name: str
    cell: str
    forget_bias: float | None = None
    clip: float = 1.0
    gradient_penalty: float = 0.0
    seq_len: int = CPU.seq_len


def cell_variants(
    cells: Sequence[str],
    *,
    forget_bias: Sequence[float] = (),
    clip: Sequence[float] = (),
    gradient_penalty: Sequence[float] = (),
    seq_len: Sequence[int] = (),
) -> list[CellVariant]:
    """Return every cell with every combination of the given values.

    Cells without a forget gate ignore `forget_bias`.

    Raises:
        UsageError: a value is out of range, a cell is unknown, or there are too many combinations.
    """
    for cell in cells:
        if cell not in CELL_CHOICES:
            raise unknown_choice("--cell", cell, CELL_CHOICES)
    _check("--forget-bias", forget_bias, -_MAX_BIAS, _MAX_BIAS)
    _check("--clip", clip, 0, MAX_GRADIENT)
    _check("--gradient-penalty", gradient_penalty, 0, MAX_GRADIENT)
    _check("--seq-len", seq_len, 1, _MAX_SEQ_LEN)
    if forget_bias and not set(cells) & set(_FORGETTING):
        names = ", ".join(dict.fromkeys(cells))
        raise UsageError(
            f"--forget-bias needs a cell with a forget gate, which {names} has not: "
            f"add --cell {_FORGETTING[0]}"
        )
    clip = clip or [CellVariant.clip]
    gradient_penalty = gradient_penalty or [CellVariant.gradient_penalty]
    seq_len = seq_len or [CellVariant.seq_len]
    variants: dict[str, CellVariant] = {}
    for cell in cells:
        biases: Sequence[float | None] = (forget_bias if cell in _FORGETTING else ()) or [None]
        for bias, norm, penalty, length in itertools.product(
            biases, clip, gradient_penalty, seq_len
        ):
            words = [cell]
            if len(set(biases)) > 1:
                words.append(f"forget bias {bias:g}")
            start_name = ", ".join(words)
            if len(set(clip)) > 1:
                words.append(f"clip {norm:g}" if norm else "no clipping")
            if len(set(gradient_penalty)) > 1:
                words.append(f"penalty {penalty:g}")
            if len(set(seq_len)) > 1:
                words.append(f"segments of {length}")
            name = ", ".join(words)
            variants[name] = CellVariant(name, start_name, cell, bias, norm, penalty, length)
    if len(variants) > MAX_VARIANTS:
        raise UsageError(
            f"these options make {len(variants)} combinations, but a picture shows at most "
            f"{MAX_VARIANTS}: leave some out"
        )
    return list(variants.values())


def _check(option: str, values: Sequence[float], low: float, high: float) -> None:
    for value in values:
        if not (math.isfinite(value) and low <= value <= high):
            raise UsageError(f"{option} must lie in {low:g}..{high:g}, not {value}")
