"""Validation during a run: its losses, and early stopping.

All validations of a run score the same tokens, so their losses can be compared: the whole held-out
part, or a fixed sample of a large one (`charnn.training.validation_plan`).
"""

import math
from collections.abc import Callable

from charnn.corpus.ids import Dataset
from charnn.evaluation.calibration import TEMPERATURES
from charnn.evaluation.scored_part import Part
from charnn.training.held_out import HeldOut
from charnn.training.processes import ALONE, Processes
from charnn.training.running_mean import RunningMean
from charnn.training.trainer_state import TrainerState
from charnn.training.training_config import Budget, TrainingConfig
from charnn.training.validation_plan import (
    MIN_TOKENS,
    Speeds,
    ValidationPlan,
    plan_validation,
)


class Validator:
    """The validations of a run.

    Args:
        state: the run's state; its position and its history are updated.
        dataset: the corpus; its validation part may be empty.
        config: the options of the run.
        steps_per_epoch: updates in one pass over the training part.
        processes: the processes of the run, which validate together.

    Attributes:
        held_out: the validation part.
        plan: the plan of the validations, from `prepare` on.
        part: the part that each validation scores, from `prepare` on.
    """

    plan: ValidationPlan
    part: Part

    def __init__(
        self,
        state: TrainerState,
        dataset: Dataset,
        config: TrainingConfig,
        steps_per_epoch: int,
        processes: Processes = ALONE,
    ) -> None:
        self._state = state
        self._config = config
        self._steps_per_epoch = steps_per_epoch
        self._train_tokens = len(dataset.train)
        self.held_out = HeldOut(dataset, state.network, config, processes)

    def prepare(self) -> None:
        """Plan the validations. For a budget in minutes, measure the speed of the machine.

        A resumed run scores the same tokens as before. Losses of other tokens could not be compared
        with its best loss.
        """
        budget, position, held_out = self._config.budget, self._state.position, self.held_out
        epochs = budget.epochs or (budget.steps or 0) / self._steps_per_epoch
        trained = epochs * self._train_tokens if epochs else math.inf
        is_long = held_out.has_text and held_out.tokens > MIN_TOKENS
        speeds = None
        if budget.minutes and is_long:
            # A network with a pointer is much slower at several temperatures than at one.
            speeds = Speeds(*map(held_out.measure_speed, ((1.0,), (1.0, *TEMPERATURES))))
        self.plan = plan_validation(budget, trained, max(1, held_out.tokens), speeds)
        position.val_tokens = position.val_tokens or self.plan.tokens
        self.part = held_out.choose_part(position.val_tokens)
        self._characters = held_out.count_characters(self.part)

    @property
    def protocol(self) -> str:
        """Return the description of the part that each validation scores; "" without any text."""
        return self.part.protocol if self.held_out.has_text else ""

    @property
    def scores_all(self) -> bool:
        """Return whether each validation scores the whole validation part."""
        return self.part.scored == self.held_out.tokens

    @property
    def training_budget(self) -> Budget:
        """Return the budget of the run without the time that is reserved for its end."""
        return self.plan.training_budget(self._config.budget)

    def is_due(self) -> bool:
        """Return whether a validation is due.

        The validations are spread evenly over the budget. A validation that was due when the run
        was stopped is still due when the run is resumed.
        """
        position, budget, count = self._state.position, self.training_budget, self.plan.validations
        now = position.progress(budget, self._steps_per_epoch)
        then = position.validated_progress(budget, self._steps_per_epoch)
        return int(now * count) > int(then * count)

    def sweep(self, should_stop: Callable[[], bool]) -> float | None:
        """Return the loss of the validation part, in nats per character.

        Returns:
            The loss, or None if `should_stop` returned True during the sweep.
        """
        with self._state.average.in_place():
            totals = self.held_out.sum_losses(self.part, (1.0,), lambda scored: should_stop())
        return None if totals is None else float(totals[0]) / self._characters

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
