"""Dropout from random bytes, with masks of any broadcast shape.

`torch.nn.functional.dropout` draws a mask element by element, which would take a fifth of a
training step on a CPU, and it cannot give several steps the same mask.
"""

import math

import torch
from torch import Tensor

from charnn.model.batch_rows import BatchRows

# Random bytes take a tenth of the time of torch's dropout: 1.2 instead of 18 ms of a step on one
# core (benchmarks/quality.md).
# Probabilities are multiples of 1 / 256, since one random byte decides about each element.
_LEVELS = 256


def drop(
    x: Tensor,
    probability: float,
    shape: tuple[int, ...] | None = None,
    rows: BatchRows | None = None,
) -> Tensor:
    """Return x with some elements set to 0 and the others scaled by 1 / (1 - probability).

    Args:
        x: any tensor.
        probability: the probability that an element is dropped, in [0, 1); rounded to a multiple
            of 1 / 256.
        shape: the shape of the mask, which is broadcast to x: along a dimension of size 1, all
            elements share one mask. None draws a mask of the shape of x.
        rows: the rows of a batch that dimension 1 of x is a part of; None if it is no part. The
            mask is drawn for the whole batch, so it does not depend on how the batch was cut.
    """
    threshold = min(round(_LEVELS * probability), _LEVELS - 1)
    if threshold == 0:
        return x
    shape = shape or tuple(x.shape)
    if rows is None:
        drawn = _random_bytes(shape, x.device)
    else:
        drawn = _random_bytes((shape[0], rows.batch_size, *shape[2:]), x.device)
        drawn = drawn[:, rows.begin : rows.end]
    mask = drawn >= threshold
    return x * mask.to(x.dtype).mul_(_LEVELS / (_LEVELS - threshold))


def _random_bytes(shape: tuple[int, ...], device: torch.device) -> Tensor:
    """Return random bytes from torch's global generator, drawn eight at a time as int64."""
    count = math.prod(shape)
    words = torch.empty(-(-count // 8), dtype=torch.int64, device=device)
    return words.random_(-(2**63), None).view(torch.uint8)[:count].view(shape)
