"""The state of a network in the middle of a text, after it has read what comes before."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from charnn.evaluation.scored_part import CONTEXT
from charnn.model.network import Network
from charnn.model.network_state import NetworkState


def state_before(
    network: Network, read_N: NDArray[np.int64], starts_B: NDArray[Any], chunk: int
) -> NetworkState:
    """Return the state of a network before it reads the token at each of B places.

    Each row begins with an empty state, `CONTEXT` tokens before its place, or with the first token
    where that is nearer.

    Args:
        network: the network.
        read_N: [N] the tokens; the first one is the start token of the model.
        starts_B: [B] the places of the tokens.
        chunk: the most tokens of one call of the network, in all rows.
    """
    state = network.initial_state(len(starts_B))
    context = int(starts_B.max(initial=0).clip(max=CONTEXT))
    # A row whose text begins within the context has read nothing before that step.
    fresh = {context - int(start) for start in starts_B if start < context}
    bounds = sorted({0, context, *fresh, *range(0, context, max(1, chunk // len(starts_B)))})
    with torch.no_grad():
        for begin, end in itertools.pairwise(bounds):
            state = state.reset(torch.from_numpy(starts_B == context - begin))
            places_TB = (starts_B - context + np.arange(begin, end)[:, None]).clip(0)
            state = network.read(torch.from_numpy(read_N[places_TB]), state)
    return state.reset(torch.from_numpy(starts_B == 0))


def states_before(
    network: Network, read_N: NDArray[np.int64], starts_SK: NDArray[np.int64], chunk: int
) -> NetworkState:
    """Return the state before each place of S stretches of the text, in S K rows.

    Each stretch is read once, since its places follow each other at equal distances.

    Args:
        network, read_N, chunk: as in `state_before`.
        starts_SK: [S, K] the places.
    """
    state = state_before(network, read_N, starts_SK[:, 0], chunk)
    states = [state]
    with torch.no_grad():
        for before_S, after_S in itertools.pairwise(starts_SK.T):
            if hop := int(after_S[0] - before_S[0]):
                places_TS = before_S + np.arange(hop)[:, None]
                state = network.read(torch.from_numpy(read_N[places_TS]), state)
            states.append(state)
    return _interleaved(states)


def rows_of(state: NetworkState, rows: slice) -> NetworkState:
    """Return some rows of a state."""
    return state.replace({name: part[rows] for name, part in state.tensors().items()})


def _interleaved(states: Sequence[NetworkState]) -> NetworkState:
    """Return K states of S rows as one of S K rows: all states of row 0, then those of row 1."""
    tensors = [state.tensors() for state in states]
    return states[0].replace(
        {
            name: torch.stack([each[name] for each in tensors], 1).flatten(0, 1)
            for name in tensors[0]
        }
    )
