"""The gradients of one segment of truncated backpropagation through time."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from charnn.corpus.batches import Batches
from charnn.model.plain_layer import HiddenState, Trace, detached
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
        logits_TBV, hidden_state = state.network(inputs, state.hidden_state, traces)
    # The error of the next segment must not flow back into this one, which bounds the memory.
    state.hidden_state = [detached(layer) for layer in hidden_state]
    # In float32, also under autocast: bf16 has 8 bits of precision, too few for a log-probability.
    loss = cross_entropy(logits_TBV.float().flatten(0, 1), targets.flatten())
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


def reset_rows_in_turn(hidden_state: list[HiddenState], step: int) -> list[HiddenState]:
    """Return the hidden state with zeros in those rows of the batch that are reset at this step.

    The training loop calls this before each segment (`charnn.training.trainer`).

    Each row is reset once every `FRESH_EVERY` segments. Sampling starts from a hidden state of
    zeros, so the network must see such states throughout its training and not only in its first
    steps.

    Args:
        hidden_state: the state of each layer, a tuple of tensors [B, H].
        step: the number of updates before this segment.
    """
    batch_size = len(hidden_state[0][0])
    phases = step + np.arange(batch_size) * FRESH_EVERY // batch_size
    reset = phases % FRESH_EVERY == 0
    if not reset.any():
        return hidden_state
    kept = torch.from_numpy(~reset[:, None]).to(hidden_state[0][0].device)
    return [tuple(part * kept for part in layer) for layer in hidden_state]
