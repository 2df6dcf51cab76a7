"""A linear map whose weights are packed once for many products, as a recurrent layer needs it.

On a CPU, oneDNN copies the weights into its own layout for every product, and a recurrent layer has
one small product for every step. With weights packed once, a training step takes 6 to 18 % less
time (`benchmarks/kernels.md`). The results are equal bit for bit.
"""

import platform
from collections.abc import Callable
from functools import cache

import torch
from torch import Tensor
from torch.nn.functional import linear


def packed_linear(
    weight: Tensor, rows: int, bias: Tensor | None = None
) -> Callable[[Tensor], Tensor]:
    """Return the function x -> x weight^T + bias, without gradients.

    Args:
        weight: [N, K]. The function may refer to it or hold a copy, so it must not change.
        rows: M, for inputs x [M, K].
        bias: [N], in the dtype of `weight`.
    """
    if weight.dtype not in packable_dtypes():
        return lambda x: linear(x, weight, bias)
    packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), rows)
    run = torch.ops.mkldnn._linear_pointwise.default
    return lambda x: run(x, packed, bias, "none", [], "")


@cache
def packable_dtypes() -> frozenset[torch.dtype]:
    """Return the dtypes whose weights this torch can pack on this machine; empty for none.

    The operators are private to torch, which uses them in compiled models. A version without them
    falls back to `linear`.
    """
    operators = torch.ops.mkldnn
    if not (
        torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
        and platform.machine().lower() in ("x86_64", "amd64")
        and hasattr(operators, "_reorder_linear_weight")
        and hasattr(operators, "_linear_pointwise")
        and hasattr(operators, "_is_mkldnn_bf16_supported")
    ):
        return frozenset()
    bf16 = operators._is_mkldnn_bf16_supported()
    return frozenset({torch.float32, torch.bfloat16} if bf16 else {torch.float32})
