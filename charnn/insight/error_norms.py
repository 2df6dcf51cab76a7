"""The error of single losses, and its length at every step that it flows back through.

Let L_t be the loss of the token that follows step t, and h_tau the hidden state after step tau. The
derivative dL_t/dh_tau is the error that L_t sends back to step tau: by the chain rule, a product of
the t - tau Jacobians between the two steps. In a cell with a memory cell, dL_t/dc_tau contains what
flows through h_tau, which is computed from c_tau: so it is not 0 at tau = t.

One backward pass computes one loss for each of B rows, so that the losses of many t cost no more
than B rows of a batch. All numbers are float64, since an error may shrink by far more than the 38
powers of ten that float32 has.

Shape suffixes: T steps, B rows, L layers, H hidden units, G gate rows, N tokens of a text.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.insight.warm_state import rows_of, states_before
from charnn.model.network import Network
from charnn.model.network_state import NetworkState
from charnn.model.plain_layer import Trace
from charnn.model.restored_network import restored_network

# The tokens of one call of the network, in all its rows: autograd keeps about 20 vectors of each.
CHUNK = 2048


@dataclass(frozen=True)
class ErrorNorms:
    """The lengths of the error of B losses at each of T steps.

    Attributes:
        states: the length of dL/dh, and of dL/dc in cells with a memory cell, [B, L, T] by the
            names in `Cell.state`; 0 after the step of the row's loss.
        inputs_BT: the length of dL/dx, by the input vector of each step: its embedding, or its
            one-hot vector.
    """

    states: dict[str, NDArray[np.float64]]
    inputs_BT: NDArray[np.float64]


def exact_network(checkpoint: Checkpoint) -> Network:
    """Return the network of a checkpoint in float64, of which only the inputs have gradients."""
    network = restored_network(checkpoint.config, checkpoint.weights)
    network.double().requires_grad_(False)
    # The inputs of the first layer are rows of the embedding, or products with them.
    network.embedding.weight.requires_grad_(True)
    return network


def error_norms(
    network: Network,
    read_N: NDArray[np.int64],
    starts_SK: NDArray[np.int64],
    lasts_SK: NDArray[np.int64],
) -> ErrorNorms:
    """Return the lengths of the error of S K losses, each in a row of its own.

    Args:
        network: see `exact_network`.
        read_N: [N] the tokens; the first one is the start token of the model.
        starts_SK: [S, K] the first step of each row, in S stretches of the text; those of a stretch
            have equal distances.
        lasts_SK: [S, K] the step t of each row's loss L_t, from the row's start to N - 2.
    """
    starts_B, lasts_B = starts_SK.flatten(), lasts_SK.flatten()
    state = states_before(network, read_N, starts_SK, CHUNK)
    steps = int((lasts_B - starts_B).max()) + 1
    size = max(1, CHUNK // steps)
    blocks = [slice(begin, begin + size) for begin in range(0, len(starts_B), size)]
    parts = [
        _norms_of_rows(network, read_N, starts_B[rows], lasts_B[rows], rows_of(state, rows), steps)
        for rows in blocks
    ]
    names = network.cell.state
    states = {name: np.concatenate([part.states[name] for part in parts]) for name in names}
    return ErrorNorms(states, np.concatenate([part.inputs_BT for part in parts]))


def _norms_of_rows(
    network: Network,
    read_N: NDArray[np.int64],
    starts_B: NDArray[np.int64],
    lasts_B: NDArray[np.int64],
    state: NetworkState,
    steps: int,
) -> ErrorNorms:
    # What a row reads after its loss does not matter.
    places_TB = (starts_B + np.arange(steps)[:, None]).clip(max=len(read_N) - 2)
    ids_TB, targets_TB = (
        torch.from_numpy(read_N[places_TB]),
        torch.from_numpy(read_N[places_TB + 1]),
    )
    layers: list[Trace] = []
    with torch.enable_grad():
        losses_TB, _ = network.losses(ids_TB, targets_TB, state, layers)
        loss = losses_TB[lasts_B - starts_B, np.arange(len(starts_B))].sum()
        by_part = [list(zip(*layer.computed, strict=True)) for layer in layers]
        leaves = [step for parts in by_part for part in parts for step in part]
        *errors, gates_x_TBG = torch.autograd.grad(
            loss, [*leaves, layers[0].gates_x_TBG], materialize_grads=True
        )
    lengths = torch.linalg.vector_norm(torch.stack(errors), dim=-1)
    shape = (len(layers), len(network.cell.state), steps, len(starts_B))
    lengths_LSTB = lengths.reshape(shape).numpy()
    states = {
        name: lengths_LSTB[:, part].transpose(2, 0, 1)
        for part, name in enumerate(network.cell.state)
    }
    inputs_TBE = gates_x_TBG @ _input_weights(network)
    return ErrorNorms(states, torch.linalg.vector_norm(inputs_TBE, dim=-1).t().numpy())


def _input_weights(network: Network) -> Tensor:
    """Return W_x of the first layer, [G, E]."""
    if network.config.embedding_size is None:
        return network.embedding.weight.detach().t()
    weights: Any = network.layers[0]
    return weights.weight_ih_l0.detach()  # type: ignore[no-any-return]
