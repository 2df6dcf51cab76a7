"""One update of the weights: the gradient of a segment, clipped, and a step of AdamW."""

from collections.abc import Callable
from typing import Any, NamedTuple

from numpy.typing import NDArray
from torch import Tensor

from charnn.corpus.batches import Batches
from charnn.training.backpropagation import backpropagate, reset_rows_in_turn
from charnn.training.trainer_state import TrainerState
from charnn.training.training_config import TrainingConfig


class Updated(NamedTuple):
    """The figures of an update.

    Attributes:
        targets_TB: the tokens that the rows of this process predicted, [T, B].
        loss: the mean loss in nats per token, before the update.
        grad_norm: the norm of the gradient, before clipping.
        clipped: whether the norm was clipped; False where single values are clipped instead.
    """

    targets_TB: NDArray[Any]
    loss: float
    grad_norm: float
    clipped: bool


def update_weights(
    state: TrainerState,
    config: TrainingConfig,
    batches: Batches,
    lr: float,
    check: Callable[[int, float, float, float], None],
    add_up: Callable[[list[Tensor], float, NDArray[Any]], float] | None = None,
) -> Updated:
    """Train on the next segment: update the weights, their average, the position and the state.

    Args:
        state: the state of the run.
        config: the options of the run.
        batches: the segments of an epoch.
        lr: the learning rate.
        check: a function that is called before the weights change, with the arguments of
            `charnn.training.divergence.DivergenceCheck.check_update`; it may raise an error.
        add_up: a function that adds up the gradients of several processes in place. It is called
            with them, with the loss and the targets of this process, and returns the loss of all.
    """
    position = state.position
    if position.window == 0:  # a new epoch: the end of a row is no context for its beginning
        state.hidden_state = state.empty_state()
    state.hidden_state = reset_rows_in_turn(state.hidden_state, position.step)
    inputs_TB, targets_TB = batches.segment(position.window, position.step // len(batches))
    loss = backpropagate(state, config, inputs_TB, targets_TB)
    if add_up is not None:
        loss = add_up(state.optimizer.gradients(), loss, targets_TB)
    grad_norm = state.optimizer.clip(config.clip, config.clip_value)
    clipped = config.clip_value is None and grad_norm > config.clip
    check(position.step + 1, loss, lr, grad_norm)
    state.optimizer.step(lr)
    position.advance(len(batches))
    state.average.update(position.step)
    return Updated(targets_TB, loss, grad_norm, clipped)
