"""The forward pass of a fused layer: all steps of a segment, and what the backward pass needs.

Shape suffixes: T steps of a segment, B rows of the batch, G gate rows, H hidden units.
"""

import torch
from torch import Tensor

from charnn.model.kernels import Gates, Kernel
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
        for_backward: whether a backward pass will follow.

    Attributes:
        states: each part of the hidden state, before the first step and after every step,
            [T + 1, B, H].
        outputs: h, the first part of the hidden state, in the dtype of the products, [T + 1, B, H].
        gates: the gates of all steps.
    """

    def __init__(
        self,
        kernel: Kernel,
        dtype: torch.dtype,
        gates_x_TBG: Tensor,
        state: HiddenState,
        peepholes: HiddenState,
        *,
        for_backward: bool,
    ) -> None:
        self.kernel, self.dtype, self.peepholes = kernel, dtype, peepholes
        steps, rows, gate_size = gates_x_TBG.shape
        hidden_size = state[0].size(-1)
        self.states = [part.new_empty(steps + 1, rows, hidden_size) for part in state]
        self.rounds_outputs = dtype != state[0].dtype
        self.outputs = self.states[0]
        if self.rounds_outputs:
            self.outputs = torch.empty_like(self.outputs, dtype=dtype)
            self.outputs[0] = state[0]
        for memory, part in zip(self.states, state, strict=True):
            memory[0] = part
        x = gates_x_TBG.to(state[0].dtype)

        def allocate(keep: bool, width: int) -> Tensor:
            """Return a tensor [T, B, width]. Unless `keep`, all steps share one step's memory."""
            memory = state[0].new_empty(steps if keep else 1, rows, width)
            return memory.expand(steps, rows, width)

        h = allocate(for_backward and kernel.keeps_gates_h, gate_size)
        self.gates = Gates(
            x,
            torch.split(x, hidden_size, dim=-1),
            h,
            torch.split(h, hidden_size, dim=-1),
            allocate(for_backward, hidden_size),
        )

    def chunk_of_gates(self, steps: slice) -> Gates:
        """Return the gates of some steps."""
        x, x_blocks, h, h_blocks, extra = self.gates
        return Gates(
            x[steps],
            tuple(block[steps] for block in x_blocks),
            h[steps],
            tuple(block[steps] for block in h_blocks),
            extra[steps],
        )

    def run(self, weight_hh: Tensor, bias_hh: Tensor) -> None:
        """Run all steps, from the hidden state before the segment on."""
        rows = self.outputs.size(1)
        recurrent = packed_linear(weight_hh.to(self.dtype), rows, bias_hh.to(self.dtype))
        states = list(zip(*(part.unbind(0) for part in self.states), strict=True))
        outputs = self.outputs.unbind(0)
        x, x_blocks, h, h_blocks, extra = self.gates
        # unbind makes the views of all steps in one call; slicing would take a call for each.
        gates_by_step = map(
            Gates,
            x.unbind(0),
            zip(*(block.unbind(0) for block in x_blocks), strict=True),
            h.unbind(0),
            zip(*(block.unbind(0) for block in h_blocks), strict=True),
            extra.unbind(0),
        )
        for step, gates in enumerate(gates_by_step):
            gates.h.copy_(recurrent(outputs[step]))
            self.kernel.step(gates, states[step], states[step + 1], self.peepholes)
            if self.rounds_outputs:
                outputs[step + 1].copy_(states[step + 1][0])

    def final_state(self) -> list[Tensor]:
        """Return copies of the last hidden state, so that the large tensors can be freed."""
        return [part[-1].clone() for part in self.states]
