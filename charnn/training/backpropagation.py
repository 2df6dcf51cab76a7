"""The gradients of one segment of truncated backpropagation through time."""

import numpy as np
import torch
from numpy.typing import NDArray

from charnn.corpus.batches import Batches
from charnn.model.network_state import NetworkState
from charnn.model.plain_layer import Trace
from charnn.training.hardware import autocast
from charnn.training.penalty import gradient_penalty
from charnn.training.trainer_state import TrainerState
from charnn.training.training_config import TrainingConfig

# The hidden state is carried from segment to segment, but each row of the batch gives it up once in
# this many segments, so that the network keeps learning to start from an empty state
# (`reset_rows_in_turn`). That costs about 0.01 nats after a minute on the folk tunes
# (benchmarks/RESULTS.md).
FRESH_EVERY = 64


def backpropagate(
    state: TrainerState,
    config: TrainingConfig,
    inputs_TB: NDArray[np.int64],
    targets_TB: NDArray[np.int64],
) -> float:
    """Add the gradients of a segment to the `grad` of the parameters, and update the hidden state.

    The hidden state after the segment is detached from the graph and stored in `state`.

    Args:
        state: the state of the run.
        config: the options of the run.
        inputs_TB: token ids, [T, B].
        targets_TB: the token id that follows each input, [T, B].

    Returns:
        The mean loss of the segment in nats per token, without the gradient penalty.
    """
    device = torch.device(config.device)
    inputs = torch.from_numpy(inputs_TB).to(device, non_blocking=True)
    targets = torch.from_numpy(targets_TB).to(device, non_blocking=True)
    weight = config.gradient_penalty
    traces: list[Trace] | None = [] if weight else None
    with autocast(config.device, config.precision):
        losses_TB, after = state.network.losses(inputs, targets, state.hidden_state, traces)
    state.hidden_state = after.detached()
    loss = losses_TB.mean()
    total = loss + weight * gradient_penalty(loss, traces) if traces else loss
    total.backward()  # type: ignore[no-untyped-call]
    return loss.item()


def trial_step(state: TrainerState, config: TrainingConfig, batches: Batches) -> None:
    """Compute and discard the gradients of the first segment, so that a step can be timed."""
    hidden_state = state.hidden_state
    state.hidden_state = state.network.initial_state(config.batch_size)
    backpropagate(state, config, *batches.segment(0))
    state.optimizer.discard_gradients()
    state.hidden_state = hidden_state


def reset_rows_in_turn(state: NetworkState, step: int) -> NetworkState:
    """Return the state with those rows of the batch reset whose turn it is at this step.

    The training loop calls this before each segment (`charnn.training.trainer`).

    Each row is reset once every `FRESH_EVERY` segments. Sampling starts with an empty memory, so
    the network must see such states throughout its training and not only in its first steps.

    Args:
        state: the state of the network.
        step: the number of updates before this segment.
    """
    first = state.layers[0][0]
    phases = step + np.arange(len(first)) * FRESH_EVERY // len(first)
    reset_B = phases % FRESH_EVERY == 0
    return state.reset(torch.from_numpy(reset_B).to(first.device)) if reset_B.any() else state
