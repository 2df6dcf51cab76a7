"""Many products with one and the same weights, as a recurrent layer needs them.

On a CPU, oneDNN lays weights out anew for each product; with few rows that takes longer than the
product itself. Here they are laid out once. The results are the same bits.
"""

import platform
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import linear


def product_with(
    weight: Tensor, rows: int, bias: Tensor | None = None
) -> Callable[[Tensor], Tensor]:
    """The function x -> x weight^T + bias, to be called often, without gradients.

    Args:
        weight: [N, K]; it is copied or not: leave it alone meanwhile.
        rows: M, of the x [M, K] to come.
        bias: [N], of the weight's dtype.
    """
    if weight.dtype not in _laid_out():
        return lambda x: linear(x, weight, bias)
    ready = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
    run = torch.ops.mkldnn._linear_pointwise.default
    return lambda x: run(x, ready, bias, "none", [], "")


@cache
def _laid_out() -> frozenset[torch.dtype]:
    """The types for which this torch, on this machine, lays weights out by oneDNN."""
    operators = torch.ops.mkldnn
    if not (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and platform.machine().lower() in ("x86_64", "amd64")
        and hasattr(operators, "_reorder_linear_weight")
        and hasattr(operators, "_linear_pointwise")
    ):
        return frozenset()
    bf16 = operators._is_mkldnn_bf16_supported()
    return frozenset({torch.float32, torch.bfloat16} if bf16 else {torch.float32})
