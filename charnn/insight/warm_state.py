"""The state of a network in the middle of a text, after it has read what comes before."""

import itertools
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
            _, state = network(torch.from_numpy(read_N[places_TB]), state)
    return state.reset(torch.from_numpy(starts_B == 0))
