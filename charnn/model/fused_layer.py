"""A recurrent layer over a whole segment on a CPU, faster than autograd.

Most of the time goes into one product with the recurrent weights for every step, and into the
arithmetic of the gates around it. So the weights are packed once for a segment, autograd records
nothing, numba compiles the arithmetic of a step into one loop (`charnn.model.numba_kernel`), the
gradient of the weights is one product for all steps, and the chain rule through the steps is
written out (`charnn.model.fused_backward`). A training step takes about a third of the time of the
plain layer (`benchmarks/kernels.md`). Rows split over two Python threads were slower for an LSTM
1 x 512 (62 ms per segment against 35, `benchmarks/RESULTS.md`).

Under autocast the products are in bf16, the gates and the hidden state in float32.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units.
"""

from functools import cache
from typing import Any

import torch
from torch import Tensor
from torch.autograd.function import once_differentiable

from charnn.model.cells import Cell
from charnn.model.fused_backward import BackwardPass
from charnn.model.fused_forward import ForwardPass
from charnn.model.gradients import GRADIENTS
from charnn.model.kernels import Kernel, TensorKernel
from charnn.model.plain_layer import HiddenState, Trace, run_plainly, run_traced


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
    if cell not in GRADIENTS:
        return run_plainly(cell, gates_x_TBG, state, weight_hh, bias_hh, peepholes)
    bf16 = torch.is_autocast_enabled("cpu")
    dtype = torch.get_autocast_dtype("cpu") if bf16 else weight_hh.dtype
    # mypy takes `Cell.__hash__` for the hash of the class itself.
    kernel = kernel_of(cell, state[0].dtype)  # type: ignore[arg-type]
    if torch.is_grad_enabled():
        outputs, *after = _Segment.apply(
            kernel, dtype, len(state), gates_x_TBG, weight_hh, bias_hh, *state, *peepholes
        )  # type: ignore[no-untyped-call]
    else:
        forward = ForwardPass(kernel, dtype, gates_x_TBG, state, peepholes)
        forward.run(weight_hh, bias_hh, for_backward=False)
        outputs, after = forward.outputs[1:], forward.final_state()
    return outputs, tuple(after)


def trace_segment(
    cell: type[Cell],
    gates_x_TBG: Tensor,
    state: HiddenState,
    weight_hh: Tensor,
    bias_hh: Tensor,
    peepholes: HiddenState = (),
) -> Trace:
    """Run a layer over a segment, and return every hidden state.

    Autograd can differentiate the trace by each hidden state. Where it records nothing, a compiled
    kernel runs the steps, in float32. The arguments are described in `run_segment`.
    """
    inputs = (cell, gates_x_TBG, state, weight_hh, bias_hh, peepholes)
    if torch.is_grad_enabled() or gates_x_TBG.device.type != "cpu" or cell not in GRADIENTS:
        return run_traced(*inputs)
    kernel = kernel_of(cell, state[0].dtype)  # type: ignore[arg-type]
    # The pass overwrites gates_x.
    forward = ForwardPass(kernel, weight_hh.dtype, gates_x_TBG.clone(), state, peepholes)
    forward.run(weight_hh, bias_hh, for_backward=False)
    states = list(zip(*(part.unbind(0) for part in forward.states_STBH), strict=True))
    return Trace(cell, gates_x_TBG, weight_hh, bias_hh, peepholes, states)


@cache
def kernel_of(cell: type[Cell], dtype: torch.dtype) -> Kernel:
    """Return the fastest kernel of a cell for hidden states of a dtype."""
    if dtype == torch.float32:
        try:
            from charnn.model.numba_kernel import NumbaKernel

            return NumbaKernel(cell)
        # numba, LLVM and the cache on the disk fail with errors of many kinds; torch needs none of
        # the three.
        except Exception:
            return TensorKernel(cell)
    return TensorKernel(cell)


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
        ctx.forward_pass = forward = ForwardPass(kernel, dtype, gates_x_TBG, state, peepholes)
        forward.run(weight_hh, bias_hh, for_backward=True)
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
            back.d_gates_x_TBG if needs_x else None,
            back.d_weight() if needs_weight else None,
            back.d_gates_h_TBG.sum((0, 1)) if needs_bias else None,
            *(
                (*back.d_states_STBH[:, 0], *back.d_peepholes_PH)
                if any(needs_others)
                else [None] * len(needs_others)
            ),
        )
