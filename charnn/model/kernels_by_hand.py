"""The kernels of the cells, written by hand for speed.

Each class repeats the equations of a cell in place and in fewer operations than `AutogradKernel`,
which serves a cell that has no class here. A training step takes 15 to 30 % less time
(`benchmarks/kernels.md`). Tests compare the results with those of the plain equations.

Shape suffixes and "by": see `charnn.model.kernels`.
"""

import torch
from torch import Tensor

from charnn.model.cells import GRU, LSTM, Cell, Coupled, Elman, Peephole
from charnn.model.kernels import AutogradKernel, Derivatives, GateDerivative, Gates, Kernel
from charnn.model.plain_layer import HiddenState

# The out= forms of these derivatives write into a block of a larger tensor. They belong to ATen,
# not to torch's documented functions; without them, autograd serves all cells.
_ATEN = torch.ops.aten
HAS_DERIVATIVES = all(
    hasattr(getattr(_ATEN, name, None), "grad_input")
    for name in ("sigmoid_backward", "tanh_backward")
)
if HAS_DERIVATIVES:
    sigmoid_backward = _ATEN.sigmoid_backward.grad_input
    tanh_backward = _ATEN.tanh_backward.grad_input

_MINUS_ONE = torch.tensor(-1.0)


def _tanh(x: Tensor, out: Tensor) -> Tensor:
    """Write tanh x = 2 sigmoid(2 x) - 1, in a third of the time of torch's own tanh on a CPU.

    The absolute error is at most the rounding error of a number near 1, even if tanh x is small.
    This precision is enough, since tanh x is only added to numbers of about the size of 1.
    """
    torch.add(x, x, out=out).sigmoid_()
    return torch.add(_MINUS_ONE, out, alpha=2, out=out)


class ElmanKernel(Kernel):
    """The equations of `Elman`."""

    def step(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> None:
        """See `Kernel`."""
        _tanh(gates.x.add_(gates.h), out=after[0])

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> Derivatives:
        """See `Kernel`."""
        ones = torch.ones_like(after[0][:1, :1, :1]).expand_as(after[0])
        by_h = tanh_backward(ones, after[0], grad_input=torch.empty_like(gates.x))
        return Derivatives([GateDerivative(0, 0, by_h)], [[None]])


class GRUKernel(Kernel):
    """The equations of `GRU`.

    A step leaves r, z and n in `gates.x`, and n_h in `gates.extra`.
    """

    def step(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> None:
        """See `Kernel`."""
        r, z, n = gates.x_blocks
        r_h, z_h, n_h = gates.h_blocks
        r.add_(r_h).sigmoid_()
        z.add_(z_h).sigmoid_()
        _tanh(n.addcmul_(r, gates.extra.copy_(n_h)), out=n)
        torch.lerp(n, before[0], z, out=after[0])

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> Derivatives:
        """See `Kernel`."""
        r, z, n = gates.x_blocks
        n_h = gates.extra
        by_gates_h = torch.empty_like(gates.x)
        by_r, by_z, by_n_h = by_gates_h.chunk(3, dim=-1)
        by_n_x = tanh_backward(1 - z, n, grad_input=torch.empty_like(n_h))
        sigmoid_backward(n_h * by_n_x, r, grad_input=by_r)
        sigmoid_backward(before[0] - n, z, grad_input=by_z)
        torch.mul(by_n_x, r, out=by_n_h)
        return Derivatives([GateDerivative(0, 0, by_gates_h)], [[z]], by_gates_x=[{2: by_n_x}])


def _activate(gates: Tensor, g: Tensor) -> None:
    """Replace gates by their sigmoids, and g, which is one of them, by tanh g.

    tanh g = 2 sigmoid(2 g) - 1, so that one call computes all sigmoids.
    """
    g.add_(g)
    gates.sigmoid_()
    torch.add(_MINUS_ONE, g, alpha=2, out=g)


def _output_derivatives(gates: Gates, by_gates_h: Tensor) -> tuple[list[GateDerivative], Tensor]:
    """Return the derivatives by gates_h of a cell with h = o tanh c, and that of h by c.

    Args:
        gates: the gates after their steps; o is the last one, and tanh c is in `extra`.
        by_gates_h: the derivatives of c, gate by gate. The block of the last gate, o, is written
            by this function: it is the derivative of h.
    """
    o, tanh_c = gates.x_blocks[-1], gates.extra
    by_others, by_o = by_gates_h[..., : -o.size(-1)], by_gates_h[..., -o.size(-1) :]
    sigmoid_backward(tanh_c, o, grad_input=by_o)
    h_by_c = tanh_backward(o, tanh_c, grad_input=torch.empty_like(tanh_c))
    last = len(gates.x_blocks) - 1
    return [GateDerivative(1, 0, by_others), GateDerivative(0, last, by_o)], h_by_c


class LSTMKernel(Kernel):
    """The equations of `LSTM`.

    A step leaves i, f, g and o in `gates.x`, and tanh c in `gates.extra`.
    """

    def step(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> None:
        """See `Kernel`."""
        i, f, g, o = gates.x_blocks
        _activate(gates.x.add_(gates.h), g)
        torch.mul(f, before[1], out=after[1]).addcmul_(i, g)
        torch.mul(o, _tanh(after[1], out=gates.extra), out=after[0])

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> Derivatives:
        """See `Kernel`."""
        f = gates.x_blocks[1]
        by_gates, h_by_c = _output_derivatives(gates, _lstm_derivatives(gates, before[1]))
        return Derivatives(by_gates, [[None, None], [None, f]], h_by_c)


def _lstm_derivatives(gates: Gates, c: Tensor) -> Tensor:
    """Return the derivatives of c_t = f c_{t-1} + i g by i, f and g, with an empty block for o."""
    i, f, g, _ = gates.x_blocks
    by_gates_h = torch.empty_like(gates.x)
    by_i, by_f, by_g, _ = by_gates_h.chunk(4, dim=-1)
    sigmoid_backward(g, i, grad_input=by_i)
    sigmoid_backward(c, f, grad_input=by_f)
    tanh_backward(i, g, grad_input=by_g)
    return by_gates_h


class PeepholeKernel(Kernel):
    """The equations of `Peephole`.

    A step leaves i, f, g and o in `gates.x`, and tanh c in `gates.extra`.
    """

    def step(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> None:
        """See `Kernel`."""
        i, f, g, o = gates.x_blocks
        p_i, p_f, p_o = peepholes
        gates.x.add_(gates.h)
        i.addcmul_(p_i, before[1])
        f.addcmul_(p_f, before[1])
        _activate(gates.x[..., : -o.size(-1)], g)  # i, f and g
        torch.mul(f, before[1], out=after[1]).addcmul_(i, g)
        o.addcmul_(p_o, after[1]).sigmoid_()
        torch.mul(o, _tanh(after[1], out=gates.extra), out=after[0])

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> Derivatives:
        """See `Kernel`."""
        p_i, p_f, p_o = peepholes
        by_gates_h = _lstm_derivatives(gates, before[1])
        by_gates, h_by_c = _output_derivatives(gates, by_gates_h)
        by_i, by_f, _, by_o = by_gates_h.chunk(4, dim=-1)
        # c and o depend on the memory cell through the peepholes, too.
        c_by_c = torch.addcmul(gates.x_blocks[1], p_i, by_i).addcmul_(p_f, by_f)
        h_by_c.addcmul_(p_o, by_o)
        of_h = [None, None, by_o * after[1]]
        of_c = [by_i * before[1], by_f * before[1], None]
        return Derivatives(
            by_gates, [[None, None], [None, c_by_c]], h_by_c, by_peepholes=[of_h, of_c]
        )


class CoupledKernel(Kernel):
    """The equations of `Coupled`.

    A step leaves f, g and o in `gates.x`, and tanh c in `gates.extra`.
    """

    def step(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> None:
        """See `Kernel`."""
        f, g, o = gates.x_blocks
        _activate(gates.x.add_(gates.h), g)
        torch.lerp(g, before[1], f, out=after[1])
        torch.mul(o, _tanh(after[1], out=gates.extra), out=after[0])

    def derivatives(
        self, gates: Gates, before: HiddenState, after: HiddenState, peepholes: HiddenState
    ) -> Derivatives:
        """See `Kernel`."""
        f, g, _ = gates.x_blocks
        by_gates_h = torch.empty_like(gates.x)
        by_f, by_g, _ = by_gates_h.chunk(3, dim=-1)
        sigmoid_backward(before[1] - g, f, grad_input=by_f)
        tanh_backward(1 - f, g, grad_input=by_g)
        by_gates, h_by_c = _output_derivatives(gates, by_gates_h)
        return Derivatives(by_gates, [[None, None], [None, f]], h_by_c)


BY_HAND: dict[type[Cell], Kernel] = (
    {
        Elman: ElmanKernel(),
        GRU: GRUKernel(),
        LSTM: LSTMKernel(),
        Peephole: PeepholeKernel(),
        Coupled: CoupledKernel(),
    }
    if HAS_DERIVATIVES
    else {}
)


def kernel_of(cell: type[Cell]) -> Kernel:
    """Return the fastest kernel of a cell."""
    return BY_HAND.get(cell) or AutogradKernel(cell)
