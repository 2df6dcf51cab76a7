"""A network with the weights of a checkpoint, for evaluation."""

import numpy as np
import torch

from charnn.model.config import ModelConfig
from charnn.model.network import Network, import_weights


def restored_network(config: ModelConfig, weights: dict[str, np.ndarray]) -> Network:
    """Return a network with the given weights, in evaluation mode."""
    # Drawing orthogonal matrices that the weights replace would take a second.
    with torch.device("meta"):
        network = Network(config)
    network.to_empty(device="cpu")
    import_weights(network, weights)
    return network.eval()
