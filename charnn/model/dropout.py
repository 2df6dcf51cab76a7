"""Dropout: while a network is trained, some of its units or weights are silenced at random.

What is left is scaled up, so that a sum over all stays what it was in the mean.
"""

import math

import torch
from torch import Tensor

# Of so many equal parts a share is made up.
_PARTS = 256


def drop(x: Tensor, share: float, shape: tuple[int, ...] | None = None) -> Tensor:
    """x with `share` of its elements set to zero and the others scaled by 1 / (1 - share).

    Args:
        x: any tensor.
        share: in [0, 1); it is rounded to 1 / 256.
        shape: of the mask, to be broadcast: a mask that is the same along a dimension has 1 there.
            None to draw one for each element.
    """
    parts = min(round(_PARTS * share), _PARTS - 1)
    if parts == 0:
        return x
    kept = _random_bytes(shape or tuple(x.shape), x.device) >= parts
    return x * kept.to(x.dtype).mul_(_PARTS / (_PARTS - parts))


def _random_bytes(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Eight at a time, from torch's global generator: on a CPU, drawing a number for each element
    would take a fifth of a training step."""
    count = math.prod(shape)
    words = torch.empty(-(-count // 8), dtype=torch.int64, device=device)
    return words.random_(-(2**63), None).view(torch.uint8)[:count].view(shape)
