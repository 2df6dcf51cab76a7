"""One update of the weights: the gradient of a segment, clipped, and a step of AdamW.

The host launches the work and does not wait for it, so that a GPU never waits for the host.
"""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from numpy.typing import NDArray
from torch import Tensor

from charnn.training.backpropagation import backpropagate, reset_rows_in_turn
from charnn.training.events import Report
from charnn.training.memory_limit import within_memory
from charnn.training.segment_feed import SegmentFeed
from charnn.training.trainer_state import TrainerState
from charnn.training.training_config import TrainingConfig


class Updated(NamedTuple):
    """An update.

    Attributes:
        targets_TB: the tokens that the rows of this process predicted, [T, B].
        figures: the mean loss in nats per token before the update, and the norm of the gradient
            before clipping; a tensor on the device, which may still be computing it.
    """

    targets_TB: NDArray[Any]
    figures: Tensor


def update_weights(
    state: TrainerState,
    config: TrainingConfig,
    feed: SegmentFeed,
    lr: float,
    add_up: Callable[[list[Tensor], Tensor, NDArray[Any]], Tensor] | None = None,
    report: Report = lambda event: None,
) -> Updated:
    """Train on the next segment: update the weights, their average, the position and the state.

    If the loss or the gradient is not finite, the weights stay as they are.

    Args:
        state: the state of the run.
        config: the options of the run.
        feed: the segments of an epoch.
        lr: the learning rate.
        add_up: a function that adds up the gradients of several processes in place. It is called
            with them, with the loss and the targets of this process, and returns the loss of all.
        report: called with the event of a segment that does not fit into the memory.
    """
    position, steps = state.position, len(feed)
    if position.window == 0:  # a new epoch: the end of a row is no context for its beginning
        state.hidden_state = state.empty_state()
    state.hidden_state = reset_rows_in_turn(state.hidden_state, position.step)
    inputs, targets, targets_TB = feed.segment(position.window, position.step // steps)
    loss = within_memory(state, lambda: backpropagate(state, config, inputs, targets), report)
    if add_up is not None:
        loss = add_up(state.optimizer.gradients(), loss, targets_TB)
    figures = torch.stack([loss, state.optimizer.clip(config.clip, config.clip_value)])
    spoiled = figures.isfinite().logical_not().any()
    position.advance(steps)
    # A GPU skips a spoiled update by itself: the host would have to wait to know of it.
    is_known_spoiled = not math.isfinite(lr) or (loss.device.type == "cpu" and bool(spoiled))
    if not is_known_spoiled:
        state.optimizer.step(lr, spoiled.float())
        state.average.update(position.step)
    feed.prepare(position.window, position.step // steps)
    return Updated(targets_TB, figures)
