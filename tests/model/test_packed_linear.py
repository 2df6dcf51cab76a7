"""Linear maps whose weights are packed once."""

import pytest
import torch

from charnn.model import packed_linear as packing
from charnn.model.packed_linear import packable_dtypes, packed_linear


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("biased", [False, True])
def test_the_bits_do_not_depend_on_packing(
    dtype: torch.dtype, biased: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    weight, x = torch.randn(48, 24).to(dtype), torch.randn(16, 24).to(dtype)
    bias = torch.randn(48).to(dtype) if biased else None
    with torch.no_grad():
        packed = packed_linear(weight, 16, bias)(x)
        monkeypatch.setattr(packing, "packable_dtypes", frozenset)
        assert torch.equal(packed_linear(weight, 16, bias)(x), packed)


def test_a_torch_without_the_operators_packs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    packable_dtypes.cache_clear()
    monkeypatch.setattr(torch.ops, "mkldnn", object())
    try:
        assert packable_dtypes() == frozenset()
    finally:
        packable_dtypes.cache_clear()
