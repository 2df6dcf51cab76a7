"""The recurrent cells, each one small class: its equations as a lecture writes them, and the same
for whole windows on a CPU, with their derivatives by hand.

Shapes: T characters of a window, B rows of the batch, H units, G gate rows (H times the cell's gate
blocks). What the input adds to the gates, x_BG = W_ih x + b_ih, and what the state adds,
y_BG = W_hh h + b_hh, are computed outside, by matrix products; what is left is one equation a unit.

`step` is the reference: autograd can follow it, and any device runs it. `charnn.model.window` runs
`advance` and `derivatives`, which say the same without a graph, into memory that is already there.
`charnn.model.equations` is the third, independent writing of them, for NumPy.
"""

from abc import ABC, abstractmethod
from typing import NamedTuple

import torch
from torch import Tensor

State = tuple[Tensor, ...]

sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
tanh_backward = torch.ops.aten.tanh_backward.grad_input


class Gates(NamedTuple):
    """The gates of a step, or of a window, in memory that is written twice.

    Attributes:
        all: [B, G] or [T, B, G]. Before a step it is W_ih x + b_ih, after it the gates' values.
        blocks: the same memory, gate by gate: [B, H] or [T, B, H] each.
        spare: one more such block, for what else the derivatives need.
    """

    all: Tensor
    blocks: tuple[Tensor, ...]
    spare: Tensor


class Derivatives(NamedTuple):
    """The derivatives of a window's steps, which are diagonal: unit by unit, [T, B, H] a block.

    A memory cell's last gate is that of its output: it acts on h', the others on c', and h' on c'
    in turn. Any other cell's gates act on h'.

    Attributes:
        by_y: [T, B, G] of h' or c' by y, gate by gate.
        carry: of c' (h' if there is no c) by the one before, other than through y; None is 0.
        by_c: of h' by c', in a memory cell.
        last_x: of h' by the last block of x, where that is not the one by y.
    """

    by_y: Tensor
    carry: Tensor | None = None
    by_c: Tensor | None = None
    last_x: Tensor | None = None


class Cell(ABC):
    """The equations of one recurrent cell.

    Attributes:
        has_memory: the state is (h, c), else (h,); the first is always the output.
    """

    has_memory = False

    @abstractmethod
    def step(self, x_BG: Tensor, y_BG: Tensor, state: State) -> State:
        """The state after a step, in plain equations."""

    @abstractmethod
    def advance(self, gates: Gates, y_BG: Tensor, before: State, after: State) -> None:
        """Write the state after a step into `after`, and the gates' values over their inputs."""

    @abstractmethod
    def derivatives(self, gates: Gates, before: State, after: State) -> Derivatives:
        """The derivatives of all steps of a window, [T, B, H] a block."""


class Elman(Cell):
    """Elman's simple recurrent network ("Finding structure in time", 1990), with tanh."""

    def step(self, x_BG: Tensor, y_BG: Tensor, state: State) -> State:
        return (torch.tanh(x_BG + y_BG),)

    def advance(self, gates: Gates, y_BG: Tensor, before: State, after: State) -> None:
        tanh(gates.all.add_(y_BG), out=after[0])

    def derivatives(self, gates: Gates, before: State, after: State) -> Derivatives:
        one = torch.ones_like(after[0][:1, :1, :1]).expand_as(after[0])
        return Derivatives(tanh_backward(one, after[0], grad_input=torch.empty_like(gates.all)))


class GRU(Cell):
    """Gated recurrent unit (Cho et al. 2014), reset after the product as in cuDNN and PyTorch."""

    def step(self, x_BG: Tensor, y_BG: Tensor, state: State) -> State:
        (h,) = state
        x_r, x_z, x_n = x_BG.chunk(3, dim=-1)
        y_r, y_z, y_n = y_BG.chunk(3, dim=-1)
        r = torch.sigmoid(x_r + y_r)
        z = torch.sigmoid(x_z + y_z)
        n = torch.tanh(x_n + r * y_n)
        return ((1 - z) * n + z * h,)

    def advance(self, gates: Gates, y_BG: Tensor, before: State, after: State) -> None:
        r, z, n = gates.blocks
        y_r, y_z, y_n = y_BG.chunk(3, dim=-1)
        r.add_(y_r).sigmoid_()
        z.add_(y_z).sigmoid_()
        tanh(n.addcmul_(r, gates.spare.copy_(y_n)), out=n)
        torch.lerp(n, before[0], z, out=after[0])

    def derivatives(self, gates: Gates, before: State, after: State) -> Derivatives:
        r, z, n = gates.blocks
        y_n = gates.spare
        by_y = torch.empty_like(gates.all)
        by_r, by_z, by_n = by_y.chunk(3, dim=-1)
        by_x_n = tanh_backward(1 - z, n, grad_input=torch.empty_like(y_n))
        sigmoid_backward(y_n * by_x_n, r, grad_input=by_r)
        sigmoid_backward(before[0] - n, z, grad_input=by_z)
        torch.mul(by_x_n, r, out=by_n)
        return Derivatives(by_y, carry=z, last_x=by_x_n)


class LSTM(Cell):
    """LSTM (Hochreiter & Schmidhuber 1997) with forget gate (Gers, Schmidhuber & Cummins 2000)."""

    has_memory = True

    def step(self, x_BG: Tensor, y_BG: Tensor, state: State) -> State:
        _, c = state
        i, f, g, o = (x_BG + y_BG).chunk(4, dim=-1)
        c = torch.sigmoid(f) * c + torch.sigmoid(i) * torch.tanh(g)
        return (torch.sigmoid(o) * torch.tanh(c), c)

    def advance(self, gates: Gates, y_BG: Tensor, before: State, after: State) -> None:
        i, f, g, o = gates.blocks
        gates.all.add_(y_BG)
        g.add_(g)
        gates.all.sigmoid_()
        torch.add(_MINUS_ONE, g, alpha=2, out=g)  # tanh g, see below
        torch.mul(f, before[1], out=after[1]).addcmul_(i, g)
        torch.mul(o, tanh(after[1], out=gates.spare), out=after[0])

    def derivatives(self, gates: Gates, before: State, after: State) -> Derivatives:
        i, f, g, o = gates.blocks
        tanh_c = gates.spare
        by_y = torch.empty_like(gates.all)
        by_i, by_f, by_g, by_o = by_y.chunk(4, dim=-1)
        sigmoid_backward(g, i, grad_input=by_i)
        sigmoid_backward(before[1], f, grad_input=by_f)
        tanh_backward(i, g, grad_input=by_g)
        sigmoid_backward(tanh_c, o, grad_input=by_o)
        by_c = tanh_backward(o, tanh_c, grad_input=torch.empty_like(tanh_c))
        return Derivatives(by_y, carry=f, by_c=by_c)


CELLS: dict[str, Cell] = {"rnn": Elman(), "gru": GRU(), "lstm": LSTM()}


def tanh(x: Tensor, out: Tensor) -> Tensor:
    """tanh x = 2 sigmoid(2 x) - 1, in a third of the time of torch's own on a CPU.

    It is exact to the last place of 1, as is all that it is added to.
    """
    torch.add(x, x, out=out).sigmoid_()
    return torch.add(_MINUS_ONE, out, alpha=2, out=out)


_MINUS_ONE = torch.tensor(-1.0)
