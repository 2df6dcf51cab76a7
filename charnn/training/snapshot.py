"""The training tensors of a checkpoint: tensors that the next step needs besides the weights.

The training tensors are AdamW's moments, the carried hidden state and the states of the random
number generators, which dropout uses. If the weights of the checkpoint are a running average, the
trained weights are training tensors, too. If any of these were missing, a resumed run would differ
from a run that was never stopped.
"""

import torch
from torch import Tensor

from charnn.checkpoints.checkpoint import Tensors
from charnn.model.network import Network
from charnn.model.network_state import NetworkState
from charnn.training.ema import Average
from charnn.training.optimizer import AdamW


def pack(
    network: Network, optimizer: AdamW, average: Average, hidden_state: NetworkState
) -> Tensors:
    """Return copies of the training tensors as NumPy arrays, by name."""
    tensors = random_states(network.head.weight.device)
    # float32 holds the keys of the memory exactly, which may be bf16.
    for name, tensor in hidden_state.tensors().items():
        tensors[name] = tensor.float() if tensor.is_floating_point() else tensor
    for name, tensor in optimizer.tensors().items():
        tensors[f"optimizer.{name}"] = tensor
    for name, tensor in average.weights().items():
        tensors[f"weights.{name}"] = tensor
    return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}


def unpack(
    packed: Tensors,
    network: Network,
    optimizer: AdamW,
    average: Average,
    hidden_state: NetworkState,
) -> NetworkState:
    """Restore the training tensors from the arrays that `pack` returned.

    Returns:
        The carried hidden state. Everything else is restored in place.

    Args:
        packed: the arrays of a checkpoint.
        network: the model; only its device is used.
        optimizer: its moments are overwritten.
        average: if an average is used, the trained weights that it averages are overwritten.
        hidden_state: a hidden state of the right shape; it is not changed.

    Raises:
        KeyError: an array is missing.
        TypeError, RuntimeError: a random state is malformed.
        ValueError: an array has the wrong shape or type.
    """
    device = network.head.weight.device
    tensors = {name: torch.from_numpy(array) for name, array in packed.items()}
    # A checkpoint that was saved before the first step has no moments.
    if any(name.startswith("optimizer.") for name in tensors):
        for name, tensor in optimizer.tensors().items():
            tensor.copy_(_matching(tensor, tensors, f"optimizer.{name}"))
    for name, tensor in average.weights().items():
        tensor.copy_(_matching(tensor, tensors, f"weights.{name}"))
    carried = {
        name: _matching(tensor, tensors, name).to(device)
        for name, tensor in hidden_state.tensors().items()
    }
    restore_random_states(tensors, device)
    return hidden_state.replace(carried)


def random_states(device: torch.device) -> dict[str, Tensor]:
    """Return the states of the random number generators by their names in a checkpoint."""
    states = {"random.cpu": torch.get_rng_state()}
    if device.type == "cuda":
        states["random.cuda"] = torch.cuda.get_rng_state(device)
    elif device.type == "mps":
        states["random.mps"] = torch.mps.get_rng_state()
    return states


def restore_random_states(states: dict[str, Tensor], device: torch.device) -> None:
    """Restore the states that `random_states` returned, perhaps on another device."""
    torch.set_rng_state(states["random.cpu"])
    # A run may be resumed on another device, whose random state the checkpoint lacks.
    if device.type == "cuda" and "random.cuda" in states:
        torch.cuda.set_rng_state(states["random.cuda"], device)
    elif device.type == "mps" and "random.mps" in states:
        torch.mps.set_rng_state(states["random.mps"])


def _matching(expected: Tensor, tensors: dict[str, Tensor], name: str) -> Tensor:
    """Return `tensors[name]`, which must have the shape and type of `expected`."""
    found = tensors[name]
    # Without this check, `copy_` would broadcast a tensor of another shape.
    if (found.shape, found.dtype) != (expected.shape, expected.dtype):
        raise ValueError(f"{name} has the wrong shape or type")
    return found
