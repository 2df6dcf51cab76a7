"""What the next step depends on besides the parameters, as tensors for a checkpoint and back.

That is the optimizer's moments, the hidden state that is carried on, the random states that dropout
draws from, and, where the weights of the checkpoint are an average, those that are averaged. Left
out one of them, and a resumed run would be another run.
"""

import torch
from torch import Tensor

from charnn.checkpoints.checkpoint import Tensors
from charnn.model.network import Network
from charnn.model.plain_layer import HiddenState
from charnn.training.ema import Average
from charnn.training.optimizer import AdamW


def pack(network: Network, optimizer: AdamW, average: Average, state: list[HiddenState]) -> Tensors:
    """Copies of all that, by name."""
    tensors = _random_states(network.head.weight.device)
    for number, layer in enumerate(state):
        for part, tensor in enumerate(layer):
            tensors[f"state.{number}.{part}"] = tensor
    for name, tensor in optimizer.tensors().items():
        tensors[f"optimizer.{name}"] = tensor
    for name, tensor in average.weights().items():
        tensors[f"weights.{name}"] = tensor
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


def unpack(
    packed: Tensors, network: Network, optimizer: AdamW, average: Average, state: list[HiddenState]
) -> list[HiddenState]:
    """Put back what `pack` took, and return the hidden state, which has the shape of `state`.

    Raises:
        KeyError: something is missing.
        TypeError, RuntimeError: a random state is not one.
        ValueError: a tensor has another shape or type than it had.
    """
    device = network.head.weight.device
    tensors = {name: torch.from_numpy(array) for name, array in packed.items()}
    if any(name.startswith("optimizer.") for name in tensors):  # none before the first step
        for name, tensor in optimizer.tensors().items():
            tensor.copy_(_like(tensor, tensors, f"optimizer.{name}"))
    for name, tensor in average.weights().items():
        tensor.copy_(_like(tensor, tensors, f"weights.{name}"))
    carried = [
        tuple(
            _like(tensor, tensors, f"state.{number}.{part}").to(device)
            for part, tensor in enumerate(layer)
        )
        for number, layer in enumerate(state)
    ]
    torch.set_rng_state(tensors["random.cpu"])
    if device.type == "cuda" and "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"], device)
    elif device.type == "mps" and "random.mps" in tensors:
        torch.mps.set_rng_state(tensors["random.mps"])
    return carried


def _like(expected: Tensor, tensors: dict[str, Tensor], name: str) -> Tensor:
    found = tensors[name]
    if (found.shape, found.dtype) != (expected.shape, expected.dtype):
        raise ValueError(f"{name} has the wrong shape or type")
    return found


def _random_states(device: torch.device) -> dict[str, Tensor]:
    states = {"random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["random.cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["random.mps"] = torch.mps.get_rng_state()
    return states
