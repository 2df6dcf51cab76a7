"""The recurrent layers that torch has itself: oneDNN's LSTM on a CPU, cuDNN's layers on a GPU.

Shape suffixes: T steps of a segment, B rows of a batch, E inputs, G gate rows, H hidden units.
"""

from typing import Any

import torch
from torch import Tensor, nn

from charnn.model.plain_layer import HiddenState

# In bf16, oneDNN's LSTM takes up to twice the time of `run_segment` once the weights of a layer
# outgrow the caches. Measured with 16 rows, on one core and on two of a Zen 4.
MAX_STOCK_WEIGHTS = 2_000_000
# The first version of cuDNN whose recurrent layers take bf16, and the first GPUs that have bf16.
# With an older one of either, torch would run a bf16 layer step by step.
BF16_CUDNN, BF16_CAPABILITY = 91300, (8, 0)


def is_stock_fastest(layer: nn.Module, device: torch.device) -> bool:
    """Return whether torch's own implementation of this layer is the fastest.

    On a GPU, torch's implementation is the fastest for every cell that torch has. On a CPU, it is
    the fastest for the LSTM only: oneDNN runs a whole segment in 0.7 to 0.9 of the time of
    `run_segment` (but see `MAX_STOCK_WEIGHTS`).
    """
    if device.type != "cpu":
        return isinstance(layer, nn.RNNBase)
    has_onednn = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    if not (isinstance(layer, nn.LSTM) and has_onednn):
        return False
    weights = 4 * layer.hidden_size * (layer.input_size + layer.hidden_size)
    return not torch.is_autocast_enabled("cpu") or weights <= MAX_STOCK_WEIGHTS


def run_stock(
    layer: nn.RNNBase, x: Tensor, state: HiddenState, weight_hh: Tensor
) -> tuple[Tensor, HiddenState]:
    """Return the outputs [T, B, H] of a stock module, and its hidden state after the segment.

    Args:
        layer: the module, of one layer.
        x: the inputs, [T, B, E].
        state: the hidden state before the segment.
        weight_hh: the recurrent weights [G, H]. The module itself can use only its own weights, but
            weight drop changes them for a segment.
    """
    own: Any = layer
    weights = [own.weight_ih_l0, weight_hh, own.bias_ih_l0, own.bias_hh_l0]
    if x.device.type == "cuda":
        return _run_cudnn(layer, x, state, weights)
    return _call(layer, x, state, weights)


def pack(weights: list[Tensor], dtype: torch.dtype) -> list[Tensor]:
    """Return the weights as views of one block of memory, in the order of cuDNN.

    cuDNN reads the weights of a layer from one block. Given four blocks, torch copies them at every
    call and warns about it.
    """
    block = torch.cat([weight.flatten() for weight in weights]).to(dtype)
    parts = torch.split(block, [weight.numel() for weight in weights])
    return [part.view(weight.shape) for part, weight in zip(parts, weights, strict=True)]


def _run_cudnn(
    layer: nn.RNNBase, x: Tensor, state: HiddenState, weights: list[Tensor]
) -> tuple[Tensor, HiddenState]:
    """Run the layer in cuDNN: under autocast in bf16 if cuDNN can, else in fp32."""
    dtype = _cudnn_dtype() if torch.is_autocast_enabled("cuda") else x.dtype
    # Under autocast to bf16, torch nevertheless calls cuDNN in fp16 (ATen/cudnn/AutocastRNN.cpp),
    # whose smallest numbers are larger than many gradients.
    with torch.autocast("cuda", enabled=False):
        inputs, before = x.to(dtype), tuple(part.to(dtype) for part in state)
        return _call(layer, inputs, before, pack(weights, dtype))


def _cudnn_dtype() -> torch.dtype:
    """Return the type in which cuDNN runs recurrent layers under autocast."""
    version: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    # On AMD's GPUs this is the version of MIOpen, which has no recurrent layers in bf16.
    takes_bf16 = torch.version.hip is None and (version or 0) >= BF16_CUDNN
    if takes_bf16 and torch.cuda.get_device_capability() >= BF16_CAPABILITY:
        return torch.get_autocast_dtype("cuda")
    return torch.float32


def _call(
    layer: nn.RNNBase, x: Tensor, state: HiddenState, weights: list[Tensor]
) -> tuple[Tensor, HiddenState]:
    functions: dict[type, Any] = {nn.LSTM: torch.lstm, nn.GRU: torch.gru, nn.RNN: torch.rnn_tanh}
    # torch's functions expect a dimension for the layers, here of size 1.
    stacked = tuple(part.unsqueeze(0) for part in state)
    hx = stacked if len(stacked) > 1 else stacked[0]
    options = {"has_biases": True, "num_layers": 1, "dropout": 0.0, "train": layer.training}
    options |= {"bidirectional": False, "batch_first": False}
    y, *after = functions[type(layer)](x, hx, weights, **options)
    return y, tuple(part.squeeze(0) for part in after)
