"""The forward pass of a fused layer: all steps of a segment, and what the backward pass needs.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units, S parts of
the hidden state, P peepholes.
"""

import torch
from torch import Tensor

from charnn.model.kernels import Kernel, Segment
from charnn.model.packed_linear import packed_linear
from charnn.model.plain_layer import HiddenState


class ForwardPass:
    """The forward pass of a layer over a segment, and its tensors.

    Args:
        kernel: the kernel of the cell.
        dtype: the dtype of the products with the recurrent weights: bf16 under autocast.
        gates_x_TBG: W_x x + b_x for every step; the pass may overwrite it.
        state: the hidden state before the segment, [B, H] each.
        peepholes: the peepholes of the cell, [H] each.

    Attributes:
        states_STBH: the hidden state before the first step and after every step: T + 1 of them.
        outputs: h, the first part of the hidden state, in the dtype of the products, [T + 1, B, H].
        gates_x_TBG: see `Segment`.
        gates_h_BG: see `Segment`.
        products: gates_h of every step, in the dtype of the products, unless the cell only adds.
        segment: the arrays of the kernel, which share the memory of the tensors.
    """

    def __init__(
        self,
        kernel: Kernel,
        dtype: torch.dtype,
        gates_x_TBG: Tensor,
        state: HiddenState,
        peepholes: HiddenState,
    ) -> None:
        self.kernel, self.dtype = kernel, dtype
        steps, rows, gate_size = gates_x_TBG.shape
        like, hidden_size = state[0], state[0].size(-1)
        self.states_STBH = like.new_empty(len(state), steps + 1, rows, hidden_size)
        self.states_STBH[:, 0] = torch.stack(state)
        self.outputs = self.states_STBH[0]
        self.rounds_outputs = dtype != like.dtype
        if self.rounds_outputs:
            self.outputs = torch.empty_like(self.outputs, dtype=dtype)
            self.outputs[0] = state[0]
        self.gates_h_BG = like.new_empty(rows, gate_size)
        self.products: list[Tensor] = []
        peepholes_PH = torch.stack(peepholes) if peepholes else like.new_empty(0, hidden_size)
        self.gates_x_TBG = gates_x_TBG.to(like.dtype).contiguous()
        memory = (self.gates_x_TBG, self.gates_h_BG, self.states_STBH, peepholes_PH)
        self.segment = Segment(*map(kernel.array, memory))

    def run(self, weight_hh: Tensor, bias_hh: Tensor, *, for_backward: bool) -> None:
        """Run all steps, from the hidden state before the segment on.

        Args:
            weight_hh: [G, H].
            bias_hh: [G].
            for_backward: whether a backward pass will follow.
        """
        rows = self.outputs.size(1)
        recurrent = packed_linear(weight_hh.to(self.dtype), rows, bias_hh.to(self.dtype))
        # unbind makes the views of all steps in one call; indexing would take a call for each.
        h, outputs = self.states_STBH[0].unbind(0), self.outputs.unbind(0)
        gates_x = self.gates_x_TBG.unbind(0)
        for step in range(len(h) - 1):
            product = recurrent(outputs[step])
            if self.kernel.cell.adds_gates:
                gates_x[step].add_(product)
            else:
                self.gates_h_BG.copy_(product)
                if for_backward:
                    self.products.append(product)
            self.kernel.forward(step, self.segment)
            if self.rounds_outputs:
                outputs[step + 1].copy_(h[step + 1])

    def final_state(self) -> list[Tensor]:
        """Return copies of the last hidden state, so that the large tensors can be freed."""
        return [part[-1].clone() for part in self.states_STBH]
