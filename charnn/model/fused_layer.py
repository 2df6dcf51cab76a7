"""A recurrent layer over a whole segment on a CPU, faster than autograd.

Most of the time goes into one product with the recurrent weights for every step, and into a dozen
small operations around it. So the weights are packed once for a segment, autograd records nothing,
the derivatives of the gates and the gradient of the weights are computed for many steps at once,
and the chain rule through the steps is written out (`charnn.model.fused_backward`). A training step
takes about half the time of the plain layer (`benchmarks/kernels.md`). Two other ways were slower
for an LSTM 1 x 512 (`benchmarks/RESULTS.md`): gates compiled by numba (41 ms per segment against
oneDNN's 26), and rows split over two Python threads (62 ms against 35).

Under autocast the products are in bf16, the gates and the hidden state in float32.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units.
"""

from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from charnn.model.cells import Cell
from charnn.model.fused_backward import BackwardPass
from charnn.model.fused_forward import ForwardPass
from charnn.model.kernels import Kernel
from charnn.model.kernels_by_hand import kernel_of
from charnn.model.plain_layer import HiddenState


def run_segment(
    cell: type[Cell],
    gates_x_TBG: Tensor,
    state: HiddenState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    peepholes: HiddenState = (),
) -> tuple[Tensor, HiddenState]:
    """Return the outputs of a layer and its hidden state after a segment.

    Args:
        cell: the equations.
        gates_x_TBG: W_x x + b_x for every step; the function may overwrite it.
        state: the hidden state before the segment, [B, H] each.
        weight_hh: [G, H].
        bias_hh: [G].
        peepholes: the peepholes of the cell, [H] each.

    Returns:
        The outputs [T, B, H], in bf16 under autocast, and the hidden state, always in the precision
        of `state`.
    """
    bf16 = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if bf16 else weight_hh.dtype
    kernel = kernel_of(cell)
    if torch.is_grad_enabled():
        outputs, *after = _Segment.apply(
            kernel, dtype, len(state), gates_x_TBG, weight_hh, bias_hh, *state, *peepholes
        )  # type: ignore[no-untyped-call]
    else:
        forward = ForwardPass(kernel, dtype, gates_x_TBG, state, peepholes, for_backward=False)
        forward.run(weight_hh, bias_hh)
        outputs, after = forward.outputs[1:], forward.final_state()
    return outputs, tuple(after)


class _Segment(torch.autograd.Function):
    """The autograd node of a layer over a segment."""

    @staticmethod
    def forward(
        ctx: Any,
        kernel: Kernel,
        dtype: torch.dtype,
        parts: int,
        gates_x_TBG: Tensor,
        weight_hh: Tensor,
        bias_hh: Tensor,
        *state_and_peepholes: Tensor,
    ) -> tuple[Tensor, ...]:
        """Return the outputs and the parts of the hidden state after the segment."""
        ctx.set_materialize_grads(False)
        ctx.save_for_backward(weight_hh)
        state, peepholes = state_and_peepholes[:parts], state_and_peepholes[parts:]
        ctx.forward_pass = forward = ForwardPass(
            kernel, dtype, gates_x_TBG, state, peepholes, for_backward=True
        )
        forward.run(weight_hh, bias_hh)
        return forward.outputs[1:], *forward.final_state()

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, d_outputs: Tensor | None, *d_after: Tensor | None) -> Any:
        """Return the gradient by each argument of `forward`; None where it is not needed."""
        forward: ForwardPass = ctx.forward_pass
        (weight_hh,) = ctx.saved_tensors
        _, _, _, needs_x, needs_weight, needs_bias, *needs_others = ctx.needs_input_grad
        back = BackwardPass(forward, weight_hh, d_outputs, d_after)
        back.run()
        return (
            None,
            None,
            None,
            back.d_gates_x if needs_x else None,
            back.d_weight() if needs_weight else None,
            back.d_gates_h.sum((0, 1)) if needs_bias else None,
            *(
                (*back.d_state(), *back.d_peepholes)
                if any(needs_others)
                else [None] * len(needs_others)
            ),
        )
