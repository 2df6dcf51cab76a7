"""Validation during a run: its sweeps, their losses, and early stopping.

A sweep is one evaluation of the whole validation part.
"""

from collections.abc import Callable

from charnn.corpus.ids import Dataset
from charnn.evaluation.sweep import fit_temperature
from charnn.training.hardware import autocast
from charnn.training.running_mean import RunningMean
from charnn.training.trainer_state import TrainerState
from charnn.training.training_config import Budget, TrainingConfig

MAX_SWEEPS = 50
# The number of sweeps grows with the square root of the minutes: a short run needs its time to
# train.
SWEEPS_PER_ROOT_MINUTE = 4
# For a budget in steps or epochs: the number of trained ids per validated id. A sweep has no
# backward pass, so at this ratio the sweeps cost a few per cent of the time.
TRAINED_PER_VALIDATED = 10


def planned_sweeps(budget: Budget, steps_per_epoch: int, train_ids: int, val_ids: int) -> int:
    """Return the number of sweeps of a run, chosen to cost a few per cent of its budget."""
    sweeps = float(MAX_SWEEPS)
    if budget.minutes:
        sweeps = min(sweeps, SWEEPS_PER_ROOT_MINUTE * budget.minutes**0.5)
    epochs = budget.epochs or (budget.steps or 0) / steps_per_epoch
    if epochs:
        sweeps = min(sweeps, epochs * train_ids / (TRAINED_PER_VALIDATED * val_ids + 1))
    return max(1, round(sweeps))


class Validator:
    """The sweeps of a run over its validation part.

    Args:
        state: the run's state; its position and its history are updated.
        dataset: the corpus; its validation part may be empty.
        config: the options of the run.
        steps_per_epoch: updates in one pass over the training part.
    """

    def __init__(
        self, state: TrainerState, dataset: Dataset, config: TrainingConfig, steps_per_epoch: int
    ) -> None:
        self._state = state
        self._dataset = dataset
        self._config = config
        self._steps_per_epoch = steps_per_epoch
        self.sweeps = planned_sweeps(
            config.budget, steps_per_epoch, len(dataset.train), len(dataset.val)
        )

    @property
    def has_text(self) -> bool:
        """Return whether the validation part has any text; `--val-fraction 0` leaves it empty."""
        return len(self._dataset.val) > 0

    def is_due(self) -> bool:
        """Return whether a sweep is due.

        The sweeps are spread evenly over the budget. A sweep that was due when the run was stopped
        is still due when the run is resumed.
        """
        position, budget = self._state.position, self._config.budget
        now = position.progress(budget, self._steps_per_epoch)
        then = position.validated_progress(budget, self._steps_per_epoch)
        return int(now * self.sweeps) > int(then * self.sweeps)

    def sweep(self, should_stop: Callable[[], bool]) -> float | None:
        """Return the loss of the validation part, in nats per character, and fit the temperature.

        Returns:
            The loss, or None if `should_stop` returned True during the sweep. With None, the
            temperature is unchanged.
        """
        state = self._state
        # The more a model has memorised, the more a fitted temperature gains: 0.004 nats after one
        # minute of tinyshakespeare, 0.018 after five (benchmarks/quality.md).
        # bf16 moves the result by about 0.0001 nats and takes a third of the time.
        with autocast(self._config.device, self._config.precision), state.average.in_place():
            fitted = fit_temperature(
                state.network,
                self._dataset.ids,
                len(self._dataset.train),
                self._dataset.val_characters,
                should_stop,
            )
        if fitted is None:
            return None
        state.position.temperature, loss = fitted
        return loss

    def record(self, loss: float, seconds: float) -> bool:
        """Add the loss of a sweep to the state of the run.

        Args:
            loss: the loss of the sweep, in nats per character.
            seconds: the time spent on the run when the sweep ended.

        Returns:
            True if `loss` is the lowest loss so far.
        """
        state, position = self._state, self._state.position
        is_best = position.best_loss is None or loss < position.best_loss
        position.best_loss = loss if is_best else position.best_loss
        position.stale = 0 if is_best else position.stale + 1
        self.skip(seconds)
        entry = {"step": position.step, "seconds": seconds, "val_loss": loss}
        if state.since_validation.characters:
            entry["train_loss"] = state.since_validation.mean_loss
            state.since_validation = RunningMean()
        state.history.append(entry)
        return is_best

    def skip(self, seconds: float) -> None:
        """Record that no sweep is due any more; `seconds` is the time spent on the run."""
        position = self._state.position
        position.validated_step = position.step
        position.seconds = position.validated_seconds = seconds

    @property
    def patience_is_over(self) -> bool:
        """Return whether too many sweeps in a row have brought no new lowest loss."""
        return 0 < self._config.patience <= self._state.position.stale
