"""The states that samples begin with: those of a model in the middle of its training text.

Before the first token of a text, the hidden units of a network are 0, a state that it has hardly
seen in training: its first words are worse than the rest. So a checkpoint contains some states that
the network reached at line ends or document ends of its training part, and the seed of a sample
chooses one of them.
"""

import numpy as np
import torch
from numpy.typing import NDArray

from charnn.corpus.ids import Dataset
from charnn.model.network import Network

# A sample that differs in its first words needs a few states; each takes 4 kB in a default model.
COUNT = 16
# Tokens that the network reads to reach a state.
CONTEXT = 256
# The places of the states are the same for all runs on a corpus.
SEED = 0


@torch.no_grad()
def find_start_states(
    network: Network, dataset: Dataset, start_token_id: int
) -> NDArray[np.float32] | None:
    """Return the hidden states before some start tokens of the training part, [K, S, L, H].

    Args:
        network: the network.
        dataset: the corpus.
        start_token_id: the token that a sample reads first.

    Returns:
        K states with their S parts (h, c) in L layers; None if the training part is too short.
    """
    ids = dataset.train
    if len(ids) <= 2 * CONTEXT:
        return None
    places = np.random.default_rng(SEED).integers(CONTEXT, len(ids) - CONTEXT, COUNT)
    ends = np.array(
        [place + _next(ids[place : place + CONTEXT], start_token_id) for place in places]
    )
    context_TB = ids[ends + np.arange(-CONTEXT, 0)[:, None]].astype(np.int64)
    device = network.head.weight.device
    was_training = network.training
    network.eval()
    state = network.read(torch.from_numpy(context_TB).to(device), network.initial_state(COUNT))
    network.train(was_training)
    states_SLBH = torch.stack([torch.stack(layer) for layer in state.layers], dim=1)
    states: NDArray[np.float32] = states_SLBH.movedim(2, 0).float().cpu().numpy()
    return states


def _next(ids: NDArray[np.integer], token_id: int) -> int:
    """Return the first place of a token; 0 if it is not there."""
    return int(np.argmax(ids == token_id))
