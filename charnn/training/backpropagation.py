"""The gradients of one segment of truncated backpropagation through time."""

import numpy as np
import torch
from torch import Tensor

from charnn.corpus.batches import Batches
from charnn.corpus.vocabulary import UNKNOWN
from charnn.model.network_state import NetworkState
from charnn.model.plain_layer import Trace
from charnn.training.hardware import autocast
from charnn.training.penalty import gradient_penalty
from charnn.training.snapshot import random_states, restore_random_states
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
    inputs: Tensor,
    targets: Tensor,
) -> Tensor:
    """Add the gradients of a segment to the `grad` of the parameters, and update the hidden state.

    The rows are trained in `state.parts` parts, one after the other, which takes less memory and
    changes the gradients by rounding only: all parts are cut from the same dropout masks. If this
    process has only some rows of the batch, the gradients are their share of those of the batch.

    The hidden state after the segment is detached from the graph and stored in `state` at the end,
    so that a caller may try again after an error, such as one of memory.

    Args:
        state: the state of the run.
        config: the options of the run.
        inputs: token ids, [T, B].
        targets: the token id that follows each input, [T, B].

    Returns:
        The summed loss of the rows in nats per token, divided by the rows of the whole batch,
        without the gradient penalty: the mean loss, if all rows of the batch are here.
    """
    device = torch.device(config.device)
    before = state.hidden_state
    parts = min(state.parts, before.rows.count)
    if parts == 1:
        loss, state.hidden_state = _train_rows(state, config, inputs, targets, before)
        return loss
    losses, after, drawn = [], [], random_states(device)
    for rows in (before.rows.part(number, parts) for number in range(parts)):
        restore_random_states(drawn, device)
        columns = slice(rows.begin - before.rows.begin, rows.end - before.rows.begin)
        part = (inputs[:, columns], targets[:, columns], before.cut(rows))
        part_loss, part_after = _train_rows(state, config, *part)
        losses.append(part_loss)
        after.append(part_after)
    state.hidden_state = before.join(after)
    return torch.stack(losses).sum()


def _train_rows(
    state: TrainerState,
    config: TrainingConfig,
    inputs: Tensor,
    targets: Tensor,
    before: NetworkState,
) -> tuple[Tensor, NetworkState]:
    """Add the gradients of some rows, and return their share of the loss and their state after."""
    weight = config.gradient_penalty
    traces: list[Trace] | None = [] if weight else None
    with autocast(config.device, config.precision):
        losses_TB, after = state.network.losses(inputs, targets, before, traces)
    if state.has_unknown:
        losses_TB = losses_TB.masked_fill(targets == UNKNOWN, 0)
    loss = losses_TB.mean()
    total = loss + weight * gradient_penalty(loss, traces) if traces else loss
    if (share := before.rows.share) != 1:
        total, loss = share * total, share * loss
    total.backward()  # type: ignore[no-untyped-call]
    return loss.detach(), after.detached()


def trial_step(state: TrainerState, config: TrainingConfig, batches: Batches) -> None:
    """Compute and discard the gradients of the first segment, to time a step on a CPU."""
    hidden_state = state.hidden_state
    state.hidden_state = state.empty_state()
    inputs_TB, targets_TB = batches.segment(0)
    backpropagate(state, config, torch.from_numpy(inputs_TB), torch.from_numpy(targets_TB))
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
    rows = state.rows
    phases = step + np.arange(rows.begin, rows.end) * FRESH_EVERY // rows.batch_size
    reset_B = phases % FRESH_EVERY == 0
    if not reset_B.any():
        return state
    device = state.layers[0][0].device
    # A copy that does not block is safe for CUDA, which keeps the values before it returns.
    return state.reset(torch.from_numpy(reset_B).to(device, non_blocking=device.type == "cuda"))
