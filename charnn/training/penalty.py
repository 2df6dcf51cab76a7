"""The regulariser against vanishing gradients of Pascanu, Mikolov & Bengio, "On the difficulty of
training recurrent neural networks" (2013), section 3.3.

Let s_t be the state of a layer after step t, h and c together, and delta_t = dE/ds_t the error that
arrives there from all that follows. Where the error is to flow back far, a step must pass it on at
its length:

    Omega = sum over t of ( |delta_t+1 ds_t+1/ds_t| / |delta_t+1| - 1 )^2

As in the paper, the states and delta are held constant, so Omega is differentiated by the recurrent
weights (and biases, and the cell's own parameters) in a single step alone. All steps of a window
can thus be done at once.
"""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.nn.functional import linear

from charnn.model.fused_layer import Trace
from charnn.model.kernels import HiddenState


def gradient_penalty(loss: Tensor, traces: Sequence[Trace]) -> Tensor:
    """Omega, summed over the layers of a network, the mean over the rows.

    Args:
        loss: what the traced layers led to; it can still be differentiated afterwards.
        traces: of each layer over a window.
    """
    states = [part for trace in traces for state in trace.states[1:] for part in state]
    errors = iter(torch.autograd.grad(loss, states, retain_graph=True, materialize_grads=True))
    penalty = loss.new_zeros(())
    for trace in traces:
        after = [tuple(next(errors) for _ in state) for state in trace.states[1:]]
        penalty = penalty + layer_penalty(trace, after)
    return penalty


def layer_penalty(trace: Trace, errors: Sequence[HiddenState]) -> Tensor:
    """Omega of a layer, for the errors delta by its state after each step of a trace."""
    cell, x_TBG, weight_hh, bias_hh, own, states = trace
    before, delta = _over_time(states[:-1]), _over_time(errors)
    length_TB = _length(delta)
    # Of length 1, but for no error at all.
    unit = [part / length_TB.clamp_min(_TINY).unsqueeze(-1) for part in delta]
    with torch.autocast(x_TBG.device.type, enabled=False):
        state = tuple(part.requires_grad_() for part in before)
        gates = len(cell.gates)
        x = x_TBG.detach().to(state[0].dtype).chunk(gates, -1)
        y = linear(state[0], weight_hh, bias_hh).chunk(gates, -1)
        after = cell.step(x, y, state, own)
        passed_on = torch.autograd.grad(
            after, state, unit, create_graph=True, materialize_grads=True
        )
        misses_TB = (_length(passed_on) - 1).square() * (length_TB > _TINY)
    return misses_TB.sum(0).mean()


_TINY = 1e-30


def _over_time(states: Sequence[HiddenState]) -> list[Tensor]:
    """[T, B, H] for each vector, cut from the graph."""
    return [torch.stack(parts).detach() for parts in zip(*states, strict=True)]


def _length(vectors: Sequence[Tensor]) -> Tensor:
    """[T, B]: of all vectors [T, B, H] of a state together."""
    length_TB: Tensor = torch.linalg.vector_norm(torch.cat(list(vectors), dim=-1), dim=-1)
    return length_TB
