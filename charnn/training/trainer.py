"""The training loop: truncated backpropagation through time, on any device, resumable exactly.

Each segment starts from the hidden state that the segment before it ended with, detached from its
graph: the error flows back through at most `seq_len` tokens, while the hidden state carries on
through the whole epoch (Williams & Peng 1990). Everything that the next step depends on is part of
the checkpoint, so a run that is stopped after k of n steps and resumed gives the same bits as a run
of n steps without a stop.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from numpy.typing import NDArray
from torch import Tensor

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.corpus.batches import Batches
from charnn.corpus.ids import Dataset
from charnn.corpus.vocabulary import UNKNOWN
from charnn.errors import CharnnError
from charnn.training import events
from charnn.training.advice import advise
from charnn.training.backpropagation import trial_step
from charnn.training.best_evaluation import BestEvaluation, can_be_evaluated, evaluate_best
from charnn.training.divergence import DivergenceCheck
from charnn.training.hardware import exact_and_fast, keep_freed_memory
from charnn.training.hints import SpeedHint
from charnn.training.processes import ALONE, Processes
from charnn.training.running_mean import RunningMean
from charnn.training.saver import CheckpointSaver, checkpoint_bytes
from charnn.training.schedule import learning_rate
from charnn.training.segment_feed import feed_segments
from charnn.training.step_exchange import StepExchange
from charnn.training.thread_tuning import ThreadTuner
from charnn.training.trainer_state import TrainerState
from charnn.training.training_config import TrainingConfig
from charnn.training.unread_steps import Step, UnreadSteps
from charnn.training.validation import Validator
from charnn.training.weight_update import update_weights

REPORT_EVERY = 10  # steps


@dataclass
class Trainer:
    """The training loop of one run, built and explained in `charnn.training.assembly`."""

    dataset: Dataset
    config: TrainingConfig
    batches: Batches
    state: TrainerState
    saver: CheckpointSaver
    validator: Validator
    divergence: DivergenceCheck
    speed_hint: SpeedHint
    thread_tuner: ThreadTuner
    metadata: dict[str, Any]
    report: events.Report
    should_stop: Callable[[], bool]
    processes: Processes = ALONE
    trained: RunningMean = field(default_factory=RunningMean)  # in this part of the run

    def __post_init__(self) -> None:
        self.feed = feed_segments(self.batches, self.config.device)
        self._unread = UnreadSteps()
        # `should_stop` may be replaced before the run begins.
        self._exchange = StepExchange(
            self.processes, self._clock, lambda: self.should_stop(), lambda: self.saver.overdue
        )

    def run(self) -> events.Finished:
        """Train until the budget or the patience is used up, or `should_stop` returns True.

        Raises:
            CharnnError: a loss, a gradient or a weight is no longer a finite number.
            UnsavedError: the run has ended, but not all of it could be saved.
            OSError: the run's folder cannot be written to at the beginning.
        """
        with exact_and_fast(self.config.device):
            return self._run()

    def _run(self) -> events.Finished:
        """Train as `run` does, on a device that is set up."""
        self._start_time = time.perf_counter() - self.state.position.seconds
        keep_freed_memory()
        threads_before = torch.get_num_threads()
        self.thread_tuner.start(lambda: trial_step(self.state, self.config, self.batches))
        self.saver.open(checkpoint_bytes(self.state.network.config, self.config.ema))
        self.validator.prepare()
        threads = torch.get_num_threads()
        self.report(
            events.Started(
                *(len(self.batches), threads, self.progress, self.validator.protocol),
                self.state.position.step,
                self.processes.size,
            )
        )
        try:
            reason = self._loop()
            if reason != "interrupted" and not self._evaluate_best():
                reason = self._interrupt()
            self.saver.retry()
        except CharnnError:
            self.saver.retry()
            raise
        finally:
            self.saver.close()
            torch.set_num_threads(threads_before)
        finished = self._finished(reason)
        self.report(finished)
        if finished.unsaved:
            raise self.saver.failure
        return finished

    @property
    def progress(self) -> float:
        """Return the share of the training budget that is spent, in [0, 1]."""
        return self.state.position.progress(self.validator.training_budget, len(self.batches))

    def _loop(self) -> str:
        """Train to the end of the run, and return the reason for the end, see `Finished`."""
        position = self.state.position
        self.state.network.train()
        while True:
            if self.validator.is_due():
                if not self._validate():
                    return self._interrupt()
                if self.validator.patience_is_over:
                    return "patience"
            if self.progress >= 1:
                return "done"
            self._step()
            if self._exchange.stops:
                return self._interrupt()
            every = self.config.save_every
            if (every and position.step % every == 0) or self._exchange.saves:
                self._save()

    def _step(self) -> None:
        """Update the weights once. Report the metrics after every `REPORT_EVERY` updates."""
        begin = time.perf_counter()
        state, config, position = self.state, self.config, self.state.position
        lr = learning_rate(self.progress, config.lr)
        done = update_weights(state, config, self.feed, lr, self._add_up, self.report)
        seconds, position.seconds = time.perf_counter() - begin, self._exchange.seconds
        tokens, characters = len(done.targets_TB) * config.batch_size, self._exchange.characters
        self._unread.add(Step(position.step, lr, tokens, characters, seconds), done.figures)
        # The last segment of an epoch may be shorter, so its time is not comparable.
        is_full = len(done.targets_TB) == config.seq_len
        if is_full and (threads := self.thread_tuner.observe(seconds)):
            self.report(events.Rethreaded(threads))
        reports = position.step % REPORT_EVERY == 0 or self.progress >= 1
        # A CPU has computed the figures by now. CUDA has not, and the next steps need not wait.
        if reports or config.device != "cuda":
            grad_norm = self._read_steps()
            if reports:
                self._report_step(lr, grad_norm)
            if hint := self.speed_hint.after(self.trained):
                self.report(events.Hinted(hint))

    def _read_steps(self) -> float:
        """Check and count the updates since the last call.

        Returns:
            The norm of the last gradient; 0 if there was no update.

        Raises:
            CharnnError: a loss or a gradient is not finite.
        """
        grad_norm = 0.0
        for step, loss, grad_norm in self._unread.read():
            self.divergence.check_update(step.number, loss, step.lr, grad_norm)
            clipped = self.config.clip_value is None and grad_norm > self.config.clip
            for mean in (self.state.since_report, self.state.since_validation, self.trained):
                mean.add(step.tokens, step.characters, step.seconds, loss, clipped=clipped)
        return grad_norm

    def _add_up(self, gradients: list[Tensor], loss: Tensor, targets_TB: NDArray[Any]) -> Tensor:
        """Add up the gradients and the losses of all processes, see `StepExchange.add_up`."""
        known = targets_TB[targets_TB != UNKNOWN]
        characters = max(1, self.dataset.vocabulary.count_characters(known))
        state = self.state
        loss = self._exchange.add_up(gradients, loss, characters, state.parts)
        if (parts := self._exchange.parts) > state.parts:
            # The memory of another process is too small. A save stores the parts of process 0.
            state.parts = parts
            self.report(events.OutOfMemory(state.position.step + 2, parts))
        return loss

    def _validate(self) -> bool:
        """Measure the validation loss and save the run. The weights are not changed.

        Returns:
            False if `should_stop` returned True during the evaluation; its result is discarded.
        """
        self._read_steps()
        position = self.state.position
        if not self.validator.held_out.has_text:
            self.validator.skip(position.seconds)
            self._save()
            position.seconds = self._agreed_clock()
            return True
        if (loss := self.validator.sweep(self.should_stop)) is None:
            return False
        self.divergence.check_validation(position.step, loss)
        is_best = self.validator.record(loss, self._agreed_clock())
        if checkpoint := self._checkpoint():
            event = events.Validated(position.step, loss, is_best, checkpoint)
            # The metrics come first. If the run is killed between the two saves, a resumed run
            # removes the line without a checkpoint; a checkpoint without its line could not be
            # mended.
            self.saver.record(event)
            self.saver.save(checkpoint, measured=True)
            self.report(event)
        position.seconds = self._agreed_clock()
        return True

    def _evaluate_best(self) -> bool:
        """Evaluate the best checkpoint, and save it with its loss and its fitted temperature.

        Returns:
            False if `should_stop` returned True during the evaluation; its result is discarded.
        """
        best, network = self.saver.best, self.state.network
        if not self.processes.share(can_be_evaluated(best, network, self.validator)):
            return True
        evaluation = evaluate_best(
            best, network, self.validator, self.should_stop, self.report, self.processes
        )
        if evaluation is None:
            return False
        if evaluation.is_finite:
            if best is not None:
                self.saver.replace_best(evaluation.added_to(best, self.validator))
            self.state.position.seconds = self._agreed_clock()
            self._save()
        return True

    def _interrupt(self) -> str:
        self.state.position.seconds = self._agreed_clock()
        self._save()
        return "interrupted"

    def _save(self) -> None:
        if checkpoint := self._checkpoint():
            self.saver.save(checkpoint)

    def _checkpoint(self) -> Checkpoint | None:
        """Return a checkpoint of the present state; None unless this process leads.

        Raises:
            CharnnError: a number of the checkpoint is not finite.
        """
        self._read_steps()
        hidden_state = self.processes.gather(self.state.hidden_state)
        if hidden_state is None:
            return None
        metadata = self.metadata | {
            "protocol": self.validator.protocol,
            "threads": torch.get_num_threads(),
        }
        checkpoint = self.state.to_checkpoint(self.dataset, self.config, metadata, hidden_state)
        self.divergence.check_arrays(checkpoint.step, checkpoint.weights | checkpoint.training)
        return checkpoint

    def _clock(self) -> float:
        """Return the seconds spent on the run, those before each resumption included."""
        return time.perf_counter() - self._start_time

    def _agreed_clock(self) -> float:
        """Return the clock of process 0, which all processes ask at the same time."""
        return self.processes.share(self._clock())

    def _report_step(self, lr: float, grad_norm: float) -> None:
        event = self.state.summarise_steps(lr, grad_norm, self.progress)
        self.saver.record(event)
        self.report(event)

    def _finished(self, reason: str) -> events.Finished:
        state, position = self.state, self.state.position
        epochs = position.step / len(self.batches)
        advice = advise(state.history, epochs, self.config.budget, state.network.config)
        evaluated = BestEvaluation.of(self.saver.best)
        return events.Finished(
            reason,
            self.saver.best_file,
            position.best_loss if evaluated is None else evaluated.loss,
            position.step,
            position.seconds,
            self.trained.characters_per_second,
            None if reason == "interrupted" else advice,
            self.saver.unsaved,
            self.validator.protocol if evaluated is None else evaluated.protocol,
            None if evaluated is None else evaluated.calibration,
        )
