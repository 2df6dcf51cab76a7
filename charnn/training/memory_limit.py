"""A segment that does not fit into the memory of a device: it is trained in more parts."""

from collections.abc import Callable
from typing import TypeVar

import torch

from charnn.errors import CharnnError
from charnn.training.events import OutOfMemory, Report
from charnn.training.snapshot import random_states, restore_random_states
from charnn.training.trainer_state import TrainerState

T = TypeVar("T")

# How torch, CUDA's libraries and the allocators of a CPU and of MPS say that memory is short.
_SIGNS = ("out of memory", "ALLOC_FAILED", "allocate memory", "not enough memory")


def within_memory(state: TrainerState, train: Callable[[], T], report: Report) -> T:
    """Return the result of a function that trains a segment in `state.parts` parts.

    If the memory is too small, the number of parts is doubled for the rest of the run, and the
    function is called again, from the random state that the first call began with.

    Args:
        state: the state of the run.
        train: the function. It may leave gradients behind, but nothing else.
        report: called with the event of a new number of parts.

    Raises:
        CharnnError: a single row does not fit.
    """
    device = state.network.head.weight.device
    drawn = random_states(device)
    while (result := _try(train)) is None:
        state.optimizer.discard_gradients()
        rows = state.hidden_state.rows.count
        if state.parts >= rows:
            raise CharnnError(
                "a single row of a segment does not fit into the memory of the device: set a "
                "smaller --seq-len, --hidden-size or --pointer, or --device cpu"
            )
        if device.type == "cuda":
            torch.cuda.empty_cache()
        restore_random_states(drawn, device)
        state.parts = min(2 * state.parts, rows)
        report(OutOfMemory(state.position.step + 1, state.parts))
    return result


def _try(train: Callable[[], T]) -> T | None:
    """Return the result of a function; None if the memory of the device is too small.

    The error holds the tensors of the segment, so it must be gone before the next call.
    """
    try:
        return train()
    except RuntimeError as problem:
        if not any(sign in str(problem) for sign in _SIGNS):
            raise
        return None
