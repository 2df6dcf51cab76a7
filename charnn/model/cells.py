"""The recurrent cells in torch, one step at a time, as a lecture writes them.

Each takes what the input adds to the gates, x_BG = W_ih x + b_ih, the state before, and the
recurrent parameters, and gives the state after; the first tensor of a state is the output h_BH.
Shapes: B rows of the batch, H units, G gate rows (H times the cell's gate blocks).

The network uses these for one-hot input, where W_ih x is a row look-up that the stock modules
cannot take; for dense input it uses the stock modules, which compute the same equations in one
fused kernel a window. `charnn.model.stepper` is the third, independent writing of them, in NumPy.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import linear

State = tuple[Tensor, ...]
Step = Callable[[Tensor, State, Tensor, Tensor], State]


def rnn(x_BG: Tensor, state: State, weight_hh: Tensor, bias_hh: Tensor) -> State:
    """Elman's simple recurrent network ("Finding structure in time", 1990), with tanh."""
    (h,) = state
    return (torch.tanh(x_BG + linear(h, weight_hh, bias_hh)),)


def gru(x_BG: Tensor, state: State, weight_hh: Tensor, bias_hh: Tensor) -> State:
    """Gated recurrent unit (Cho et al. 2014), reset after the product as in cuDNN and PyTorch."""
    (h,) = state
    x_r, x_z, x_n = x_BG.chunk(3, dim=-1)
    h_r, h_z, h_n = linear(h, weight_hh, bias_hh).chunk(3, dim=-1)
    r = torch.sigmoid(x_r + h_r)
    z = torch.sigmoid(x_z + h_z)
    n = torch.tanh(x_n + r * h_n)
    return ((1 - z) * n + z * h,)


def lstm(x_BG: Tensor, state: State, weight_hh: Tensor, bias_hh: Tensor) -> State:
    """LSTM (Hochreiter & Schmidhuber 1997) with forget gate (Gers, Schmidhuber & Cummins 2000)."""
    h, c = state
    i, f, g, o = (x_BG + linear(h, weight_hh, bias_hh)).chunk(4, dim=-1)
    c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
    return (torch.sigmoid(o) * torch.tanh(c), c)


STEPS: dict[str, Step] = {"rnn": rnn, "gru": gru, "lstm": lstm}
