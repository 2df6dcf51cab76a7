"""The regulariser against vanishing gradients of Pascanu, Mikolov and Bengio, "On the difficulty of
training recurrent neural networks" (2013), section 3.3.

Let s_t be the hidden state of a layer after step t (h and c together), and delta_t = dE/ds_t the
error that flows back to s_t from all later steps. For an error to reach far back, each step must
preserve the length of the error:

    Omega = sum over t of ( |delta_t+1 ds_t+1/ds_t| / |delta_t+1| - 1 )^2

As in the paper, the hidden states and delta are held constant. The gradient of Omega with respect
to the recurrent weights, biases and peepholes therefore flows through a single step only, and all
steps of a segment are computed at once.

Shape suffixes: T steps of a segment, B rows of a batch, G gate rows, H hidden units.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear

from charnn.model.plain_layer import HiddenState, Trace

# A shorter error counts as zero, since it cannot be divided by its length.
_MIN_LENGTH = 1e-30


def gradient_penalty(loss: Tensor, traces: Sequence[Trace]) -> Tensor:
    """Return Omega, summed over the layers of a network and averaged over the rows of the batch.

    Args:
        loss: the loss of the traced segment. Its graph is kept, for `loss.backward()` later.
        traces: the trace of each layer over the segment.
    """
    states = [part for trace in traces for state in trace.states[1:] for part in state]
    errors = iter(torch.autograd.grad(loss, states, retain_graph=True, materialize_grads=True))
    penalty = loss.new_zeros(())
    for trace in traces:
        after = [tuple(next(errors) for _ in state) for state in trace.states[1:]]
        penalty = penalty + layer_penalty(trace, after)
    return penalty


def layer_penalty(trace: Trace, errors: Sequence[HiddenState]) -> Tensor:
    """Return Omega of one layer, averaged over the rows of the batch.

    Args:
        trace: the trace of the layer over a segment.
        errors: delta, the gradient of the loss with respect to the hidden state after each step.
    """
    cell, gates_x_TBG, weight_hh, bias_hh, peepholes, states, _ = trace
    before, delta = _stack_steps(states[:-1]), _stack_steps(errors)
    length_TB = _length(delta)
    directions = [part / length_TB.clamp_min(_MIN_LENGTH).unsqueeze(-1) for part in delta]
    # In float32: bf16 has 8 bits of precision, too few for a length near 1 minus 1.
    with torch.autocast(gates_x_TBG.device.type, enabled=False):
        state = tuple(part.requires_grad_() for part in before)
        gates = len(cell.gates)
        gates_x = gates_x_TBG.detach().to(state[0].dtype).chunk(gates, -1)
        gates_h = linear(state[0], weight_hh, bias_hh).chunk(gates, -1)
        _, after = cell.step(gates_x, gates_h, state, peepholes)
        passed_on = torch.autograd.grad(
            after, state, directions, create_graph=True, materialize_grads=True
        )
        has_error_TB = length_TB > _MIN_LENGTH
        deviation_TB = (_length(passed_on) - 1).square() * has_error_TB
    return deviation_TB.sum(0).mean()


def _stack_steps(states: Sequence[HiddenState]) -> list[Tensor]:
    """Return each part of the hidden state, stacked over the steps to [T, B, H] and detached."""
    return [torch.stack(parts).detach() for parts in zip(*states, strict=True)]


def _length(parts: Sequence[Tensor]) -> Tensor:
    """Return the lengths [T, B] of hidden states whose parts [T, B, H] are joined along H."""
    length_TB: Tensor = torch.linalg.vector_norm(torch.cat(list(parts), dim=-1), dim=-1)
    return length_TB
