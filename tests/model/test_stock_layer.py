"""The layers of torch: their weights in one block, and the precision of cuDNN."""

from typing import Any

import pytest
import torch
from torch import nn

from charnn.model import stock_layer
from charnn.model.stock_layer import pack


@pytest.mark.parametrize("module", [nn.LSTM, nn.GRU, nn.RNN])
def test_packed_weights_give_the_same_outputs_and_gradients(module: type[nn.RNNBase]) -> None:
    torch.manual_seed(0)
    layer: Any = module(4, 6)
    x, state = torch.randn(5, 3, 4), (torch.randn(3, 6),) * (2 if module is nn.LSTM else 1)
    weights = [layer.weight_ih_l0, layer.weight_hh_l0, layer.bias_ih_l0, layer.bias_hh_l0]
    found = []
    for packed in (False, True):
        layer.zero_grad()
        y, after = (
            stock_layer._run_cudnn(layer, x, state, weights)
            if packed
            else stock_layer.run_stock(layer, x, state, layer.weight_hh_l0)
        )
        sum(part.square().sum() for part in (y, *after)).backward()
        found.append([y, *after, *(weight.grad.clone() for weight in weights)])
    for one, other in zip(*found, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-5, atol=1e-6)


def test_packed_weights_lie_one_after_the_other() -> None:
    weights = [torch.randn(8, 3), torch.randn(8, 2), torch.randn(8), torch.randn(8)]
    packed = pack(weights, torch.bfloat16)
    begin = packed[0].data_ptr()
    for weight, view in zip(weights, packed, strict=True):
        assert view.is_contiguous() and view.data_ptr() == begin
        assert torch.equal(view, weight.to(torch.bfloat16))
        begin += 2 * weight.numel()


@pytest.mark.parametrize(
    ("version", "capability", "hip", "dtype"),
    [
        (91300, (8, 0), None, torch.bfloat16),
        (91300, (7, 5), None, torch.float32),
        (91200, (9, 0), None, torch.float32),
        (3002000, (9, 4), "6.4", torch.float32),
        (None, (9, 0), None, torch.float32),
    ],
)
def test_cudnn_runs_in_bf16_where_it_can(
    monkeypatch: pytest.MonkeyPatch,
    version: int | None,
    capability: tuple[int, int],
    hip: str | None,
    dtype: torch.dtype,
) -> None:
    monkeypatch.setattr(torch.backends.cudnn, "version", lambda: version)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda: capability)
    monkeypatch.setattr(torch.version, "hip", hip)
    monkeypatch.setattr(torch, "get_autocast_dtype", lambda device: torch.bfloat16)
    assert stock_layer._cudnn_dtype() == dtype
