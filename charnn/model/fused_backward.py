"""The backward pass of a fused layer: the chain rule through its steps, once for all cells.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units, S parts of
the hidden state, P peepholes.
"""

import torch
from torch import Tensor

from charnn.model.fused_forward import ForwardPass
from charnn.model.kernels import SegmentGradients
from charnn.model.packed_linear import packed_linear


class BackwardPass:
    """Backpropagation through the steps of a segment, from the last to the first.

    The name `d_a` stands for the gradient of the loss with respect to `a`.

    Attributes:
        d_states_STBH: the gradient by the hidden state, before the first step and after every step.
        d_gates_h_TBG: the gradient by gates_h, in the dtype of the products that read it.
        d_gates_x_TBG: the gradient by gates_x; the same tensor as `d_gates_h_TBG` if the cell only
            adds gates_x and gates_h.
        d_peepholes_PH: the gradient by the peepholes.
    """

    def __init__(
        self,
        forward: ForwardPass,
        weight_hh: Tensor,
        d_outputs: Tensor | None,
        d_after: tuple[Tensor | None, ...],
    ) -> None:
        self.forward = forward
        self.d_states_STBH = torch.zeros_like(forward.states_STBH)
        if d_outputs is not None:
            self.d_states_STBH[0, 1:].add_(d_outputs)
        for d_part, gradient in zip(self.d_states_STBH, d_after, strict=True):
            if gradient is not None:
                d_part[-1].add_(gradient)
        _, steps, rows, hidden_size = self.d_states_STBH[:, 1:].shape
        size = forward.gates_h_BG.size(-1)
        self.d_gates_h_TBG = weight_hh.new_empty(steps, rows, size, dtype=forward.dtype)
        self.d_gates_x_TBG = self.d_gates_h_TBG
        if not forward.kernel.cell.adds_gates:
            self.d_gates_x_TBG = torch.empty_like(self.d_gates_h_TBG)
        peepholes = len(forward.kernel.cell.peepholes)
        self.d_peepholes_PH = self.d_states_STBH.new_zeros(peepholes, hidden_size)
        self.transposed = packed_linear(weight_hh.to(forward.dtype).t(), rows)

    def run(self) -> None:
        """Compute all gradients, from the last step to the first."""
        forward, kernel = self.forward, self.forward.kernel
        # A step is computed in float32, and rounded to bf16 where it enters the product.
        d_gates_x_BG = torch.empty_like(forward.gates_h_BG)
        d_gates_h_BG = torch.empty_like(forward.gates_h_BG)
        memory = (d_gates_x_BG, d_gates_h_BG, self.d_states_STBH, self.d_peepholes_PH)
        gradients = SegmentGradients(*map(kernel.array, memory))
        d_gates_x, d_gates_h = self.d_gates_x_TBG.unbind(0), self.d_gates_h_TBG.unbind(0)
        d_h = self.d_states_STBH[0].unbind(0)
        for step in reversed(range(len(d_gates_h))):
            if not kernel.cell.adds_gates:
                forward.gates_h_BG.copy_(forward.products[step])
            kernel.backward(step, forward.segment, gradients)
            d_gates_h[step].copy_(d_gates_h_BG)
            if not kernel.cell.adds_gates:
                d_gates_x[step].copy_(d_gates_x_BG)
            d_h[step].add_(self.transposed(d_gates_h[step]))

    def d_weight(self) -> Tensor:
        """Return the gradient by the recurrent weights, [G, H]: one product for all steps."""
        return self.d_gates_h_TBG.flatten(0, 1).t() @ self.forward.outputs[:-1].flatten(0, 1)
