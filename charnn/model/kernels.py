"""What a cell's equations become for whole windows on a CPU: steps that write into memory which is
already there, and the derivatives of many steps at once.

Any cell has both by its `step` alone (`Derived`). The commonest three have them written by hand, in
fewer operations (`BY_HAND`); that they say the same is tested.

Shapes: T steps, B rows of the batch, H units, G gate rows (H times the cell's gates). The steps
after each other are a chain of products with the recurrent weights, but a step itself works unit by
unit; so its derivatives are products of numbers, for any number of steps at once.
"""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from charnn.model.cells import GRU, LSTM, Cell, Elman

HiddenState = tuple[Tensor, ...]

sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
tanh_backward = torch.ops.aten.tanh_backward.grad_input


def detached(state: HiddenState) -> HiddenState:
    """Cut from the graph; and in float32, as it comes back from a checkpoint, whatever autocast
    made of it: mixed operations would round otherwise."""
    return tuple(part.detach().float() for part in state)


class Gates(NamedTuple):
    """What is kept of a step, or of a window.

    Attributes:
        x: [B, G] or [T, B, G]. Before a step it is W_ih x + b_ih; a form may overwrite it.
        x_blocks: the same memory, gate by gate: [B, H] or [T, B, H] each.
        y: W_hh h + b_hh; kept beyond the step if the form wants it.
        y_blocks: the same, gate by gate.
        spare: one more such block.
    """

    x: Tensor
    x_blocks: tuple[Tensor, ...]
    y: Tensor
    y_blocks: tuple[Tensor, ...]
    spare: Tensor


class ByY(NamedTuple):
    """The derivative of one vector of the state after by y, [T, B, k * H], of k gates from the
    `first` one on."""

    vector: int
    first: int
    factor: Tensor


class Derivatives(NamedTuple):
    """The derivatives of a window's steps, [T, B, H] a block; None is 0.

    Attributes:
        by_y: of a state after by y. Of two that share gates, the earlier one has all those of the
            later one.
        by_state: of a state after, by each vector of the one before, other than through y.
        by_c: of h' by c', where the others of h' are without what passes through c'.
        by_x: of a state after by those blocks of x that act otherwise than those of y.
        by_own: of a state after by each of the cell's own parameters.
    """

    by_y: Sequence[ByY]
    by_state: Sequence[Sequence[Tensor | None]]
    by_c: Tensor | None = None
    by_x: Sequence[dict[int, Tensor]] = ()
    by_own: Sequence[Sequence[Tensor | None]] = ()


class Kernel(ABC):
    """A cell for windows.

    Attributes:
        keeps_y: `derivatives` wants `Gates.y`.
    """

    keeps_y = False

    @abstractmethod
    def advance(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> None:
        """Write the state after a step into `after`."""

    @abstractmethod
    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> Derivatives:
        """The derivatives of all steps of a window."""


class Derived(Kernel):
    """Any cell, by its `step` and autograd."""

    keeps_y = True

    def __init__(self, cell: type[Cell]) -> None:
        self.cell = cell

    def advance(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> None:
        """See `Kernel`."""
        step = self.cell.step(gates.x_blocks, gates.y_blocks, before, own)
        for part, value in zip(after, step, strict=True):
            part.copy_(value)

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> Derivatives:
        """See `Kernel`."""
        whole = (part.expand_as(gates.spare) for part in own)
        with torch.enable_grad():
            x, y, state, parameters = (
                [part.detach().requires_grad_() for part in parts]
                for parts in (gates.x_blocks, gates.y_blocks, before, whole)
            )
            step = self.cell.step(x, y, state, parameters)
        inputs = (*y, *x, *state, *parameters)
        one = torch.ones_like(gates.spare[:1, :1, :1]).expand_as(gates.spare)
        by_y, by_x, by_state, by_own = [], [], [], []
        for vector, part in enumerate(step):
            found = iter(
                torch.autograd.grad(part, inputs, one, retain_graph=True, allow_unused=True)
            )
            of_y, of_x, of_state, of_own = (
                [next(found) for _ in parts] for parts in (y, x, state, parameters)
            )
            by_y += _joined(vector, of_y)
            by_x.append(
                {
                    gate: theirs
                    for gate, (theirs, ours) in enumerate(zip(of_x, of_y, strict=True))
                    if theirs is not None and (ours is None or theirs.data_ptr() != ours.data_ptr())
                }
            )
            by_state.append(of_state)
            by_own.append(of_own)
        return Derivatives(by_y, by_state, by_x=by_x, by_own=by_own)


def _joined(vector: int, of_y: Sequence[Tensor | None]) -> list[ByY]:
    """The blocks of a vector side by side: those of h from the first gate to the last."""
    there = {gate: block for gate, block in enumerate(of_y) if block is not None}
    if not there:
        return []
    first, last = (0, len(of_y) - 1) if vector == 0 else (min(there), max(there))
    zeros = torch.zeros_like(there[min(there)])
    blocks = [there.get(gate, zeros) for gate in range(first, last + 1)]
    return [ByY(vector, first, torch.cat(blocks, dim=-1))]


class _Elman(Kernel):
    def advance(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> None:
        tanh(gates.x.add_(gates.y), out=after[0])

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> Derivatives:
        one = torch.ones_like(after[0][:1, :1, :1]).expand_as(after[0])
        by_y = tanh_backward(one, after[0], grad_input=torch.empty_like(gates.x))
        return Derivatives([ByY(0, 0, by_y)], [[None]])


class _GRU(Kernel):
    def advance(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> None:
        r, z, n = gates.x_blocks
        y_r, y_z, y_n = gates.y_blocks
        r.add_(y_r).sigmoid_()
        z.add_(y_z).sigmoid_()
        tanh(n.addcmul_(r, gates.spare.copy_(y_n)), out=n)
        torch.lerp(n, before[0], z, out=after[0])

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> Derivatives:
        r, z, n = gates.x_blocks
        y_n = gates.spare
        by_y = torch.empty_like(gates.x)
        by_r, by_z, by_n = by_y.chunk(3, dim=-1)
        by_x_n = tanh_backward(1 - z, n, grad_input=torch.empty_like(y_n))
        sigmoid_backward(y_n * by_x_n, r, grad_input=by_r)
        sigmoid_backward(before[0] - n, z, grad_input=by_z)
        torch.mul(by_x_n, r, out=by_n)
        return Derivatives([ByY(0, 0, by_y)], [[z]], by_x=[{2: by_x_n}])


class _LSTM(Kernel):
    def advance(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> None:
        i, f, g, o = gates.x_blocks
        gates.x.add_(gates.y)
        g.add_(g)
        gates.x.sigmoid_()
        torch.add(_MINUS_ONE, g, alpha=2, out=g)  # tanh g, see below
        torch.mul(f, before[1], out=after[1]).addcmul_(i, g)
        torch.mul(o, tanh(after[1], out=gates.spare), out=after[0])

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, own: HiddenState
    ) -> Derivatives:
        i, f, g, o = gates.x_blocks
        tanh_c = gates.spare
        by_y = torch.empty_like(gates.x)
        by_i, by_f, by_g, by_o = by_y.chunk(4, dim=-1)
        sigmoid_backward(g, i, grad_input=by_i)
        sigmoid_backward(before[1], f, grad_input=by_f)
        tanh_backward(i, g, grad_input=by_g)
        sigmoid_backward(tanh_c, o, grad_input=by_o)
        by_c = tanh_backward(o, tanh_c, grad_input=torch.empty_like(tanh_c))
        on_c = by_y[..., : -i.size(-1)]
        return Derivatives([ByY(1, 0, on_c), ByY(0, 3, by_o)], [[None, None], [None, f]], by_c)


BY_HAND: dict[type[Cell], Kernel] = {Elman: _Elman(), GRU: _GRU(), LSTM: _LSTM()}


def kernel_of(cell: type[Cell]) -> Kernel:
    """The fastest form of a cell that there is."""
    return BY_HAND.get(cell) or Derived(cell)


def tanh(x: Tensor, out: Tensor) -> Tensor:
    """tanh x = 2 sigmoid(2 x) - 1, in a third of the time of torch's own on a CPU.

    It is exact to the last place of 1, as is all that it is added to.
    """
    torch.add(x, x, out=out).sigmoid_()
    return torch.add(_MINUS_ONE, out, alpha=2, out=out)


_MINUS_ONE = torch.tensor(-1.0)
