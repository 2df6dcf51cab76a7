"""The training loop: truncated backpropagation through time, on any device, resumable exactly.

Each window begins with the state that the last one ended with, detached, so the error flows back
through `seq_len` symbols but memory does not end there (Williams & Peng 1990). Everything that
the next step depends on (parameters, optimizer, hidden state, position, random states, time spent)
is in the checkpoint: n steps at once and k steps, a stop and n - k more give the same bits.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import cross_entropy

from charnn.checkpoints.checkpoint import Checkpoint
from charnn.checkpoints.run_files import BEST, LAST
from charnn.corpus.batches import Batches
from charnn.corpus.ids import Dataset
from charnn.errors import CharnnError, CheckpointError
from charnn.evaluation.sweep import fit_temperature, fitted_sweep_protocol
from charnn.model.config import ModelConfig
from charnn.model.fused_layer import Trace
from charnn.model.kernels import detached
from charnn.model.network import Network, export_weights, import_weights
from charnn.model.threads import Threads, available_threads
from charnn.training.advice import advise
from charnn.training.ema import Average
from charnn.training.events import (
    Finished,
    Hinted,
    Report,
    Rethreaded,
    Started,
    Stepped,
    Validated,
)
from charnn.training.finetune import inherit
from charnn.training.hardware import keep_freed_memory
from charnn.training.hints import underway
from charnn.training.metrics import RunningMean
from charnn.training.optimizer import AdamW
from charnn.training.penalty import gradient_penalty
from charnn.training.saver import CheckpointSaver
from charnn.training.schedule import learning_rate
from charnn.training.snapshot import pack, unpack
from charnn.training.training_config import MOST, TrainingConfig

REPORT_EVERY = 10
# Seconds of training after which the speed is known.
HINT_AFTER = 5.0
# Windows after which a row begins with an empty state again, amid its text.
FRESH_EVERY = 64


@dataclass
class Position:
    """Where a run stands; kept in the checkpoint.

    Args:
        step: updates so far.
        window: the next window of the epoch.
        seconds: time spent.
        validated_step: the step of the last sweep over the validation part.
        validated_seconds: the time spent when it ended.
        best_loss: the lowest loss of all sweeps, nats a character.
        stale: sweeps since that one.
        temperature: of the softmax, as the last sweep has fitted it.
    """

    step: int = 0
    window: int = 0
    seconds: float = 0.0
    validated_step: int = 0
    validated_seconds: float = 0.0
    best_loss: float | None = None
    stale: int = 0
    temperature: float = 1.0

    @classmethod
    def from_json(cls, value: dict[str, Any], windows: int) -> "Position":
        """The position that `asdict` described, in epochs of so many windows.

        Raises:
            TypeError, ValueError: it is none.
        """
        position = cls(**value)
        counts = (position.step, position.validated_step, position.stale, position.window)
        amounts = (position.seconds, position.validated_seconds, position.temperature)
        loss = position.best_loss
        if not (
            all(type(count) is int and 0 <= count <= MOST for count in counts)
            and all(type(amount) in (int, float) and amount >= 0 for amount in amounts)
            and (loss is None or type(loss) in (int, float))
            and position.window < windows
        ):
            raise ValueError("the position is none in this run")
        return position


class Trainer:
    """One run, from its first step or from where a checkpoint left it.

    Args:
        prepared: the corpus as ids.
        model_config: shape of the model.
        config: options of the run.
        run: the run's folder; it exists.
        about: further facts for the checkpoint (the corpus's name).
        report: is told what happens.
        should_stop: asked after every step and amid a validation; when true, the run is saved and
            ends.
        resume: the checkpoint to go on from, with its training tensors.
        best: the best one of the run that is resumed, if it is there.
        hold: makes sure that the run's folder is there and our own (see `CheckpointSaver`); by
        itself it is
            but made.
        parent: the model whose weights a new run begins with; its shape is that of `model_config`,
            its vocabulary may be another.

    Raises:
        CheckpointError: `resume` is of another corpus or lacks what resuming needs.
    """

    def __init__(
        self,
        dataset: Dataset,
        model_config: ModelConfig,
        config: TrainingConfig,
        run: Path,
        *,
        metadata: dict[str, Any],
        report: Report = lambda event: None,
        should_stop: Callable[[], bool] = lambda: False,
        resume: Checkpoint | None = None,
        best: Checkpoint | None = None,
        hold: Callable[[], object] | None = None,
        parent: Checkpoint | None = None,
    ) -> None:
        self.dataset = dataset
        self.config = config
        self.run_folder = run
        self.report = report
        self.should_stop = should_stop
        self.device = torch.device(config.device)
        if resume is not None:
            self._expect_same_corpus(resume)
        self.batches = Batches(dataset.train, config.batch_size, config.seq_len)
        torch.manual_seed(config.seed)
        # Of all that a run computes, the first weights alone depend on the number of threads.
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self.network = Network(model_config).to(self.device)
        torch.set_num_threads(threads)
        if parent is not None:
            fresh = export_weights(self.network)
            import_weights(self.network, inherit(parent, dataset.vocabulary, fresh))
        self.optimizer = AdamW(self.network, config.weight_decay)
        self.average = Average(self.network, config.ema)
        self.position = Position()
        self.history: list[dict[str, float]] = []
        self.state = self.network.initial_state(config.batch_size)
        self._since_report = RunningMean()
        self._since_validation = RunningMean()
        self.metadata = metadata | {
            "fingerprint": dataset.fingerprint,
            "documents": dataset.documents,
            "tokens": dataset.vocabulary.kind,
            "transpose": list(dataset.keys),
            "characters": dataset.train_characters + dataset.val_characters,
            "parameters": model_config.parameter_count(),
        }
        if resume is not None:
            self._restore(resume)
        hold = hold or partial(run.mkdir, parents=True, exist_ok=True)
        self.saver = CheckpointSaver(run, resume, best, hold, report)

    def run(self) -> Finished:
        """Train until the budget is spent, the patience is over, or a stop is asked for.

        Raises:
            CharnnError: the loss is no longer a number.
            UnsavedError: the disk has not taken all that is to be saved.
            OSError: the run's folder cannot be written to at the beginning.
        """
        self._begin = time.perf_counter() - self.position.seconds
        keep_freed_memory()
        threads_before = torch.get_num_threads()
        self.threads = self._choose_threads()
        self._in_all = RunningMean()
        self._latest = "before the first step"
        self._hinted = False
        self.saver.open(self._size())
        started = Started(len(self.batches), torch.get_num_threads(), self.progress)
        self.report(started)
        self._threads_told = started.threads
        try:
            reason = self._loop()
            self.saver.retry()
        except CharnnError:
            self.saver.retry()
            raise
        finally:
            self.saver.close()
            torch.set_num_threads(threads_before)
        saved = (self.run_folder / name for name in (BEST, LAST))
        finished = Finished(
            reason,
            next((path for path in saved if path.exists()), None),
            self.position.best_loss,
            self.position.step,
            self.position.seconds,
            self._in_all.characters_per_second,
            None if reason == "interrupted" else self._advice(),
            self.saver.unsaved,
        )
        self.report(finished)
        if finished.unsaved:
            raise self.saver.failure
        return finished

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, in [0, 1]."""
        return self._progress_at(self.position.step, self.position.seconds)

    def _progress_at(self, step: int, seconds: float) -> float:
        return self.config.budget.progress(seconds, step / len(self.batches), step)

    def checkpoint(self) -> Checkpoint:
        """All that the run consists of now.

        Raises:
            CharnnError: a number of it is none any more, so there is nothing worth keeping.
        """
        with self.average.in_place():
            weights = export_weights(self.network)
        training = pack(self.network, self.optimizer, self.average, self.state)
        for name, array in (weights | training).items():
            if not np.isfinite(array).all():
                raise self._diverged(f"{name} is no number", self.position.step)
        metadata = self.metadata | {
            "training": self.config.to_json(),
            "position": asdict(self.position),
            "tallies": [asdict(self._since_report), asdict(self._since_validation)],
            "history": list(self.history),
            "protocol": fitted_sweep_protocol(len(self.dataset.val), len(self.dataset.train)),
        }
        return Checkpoint(
            self.network.config,
            self.dataset.vocabulary,
            weights,
            metadata,
            training,
            self.position.temperature,
        )

    def _loop(self) -> str:
        self.network.train()
        while True:
            if self._validation_is_due():
                if not self._validate():
                    return self._interrupt()
                if 0 < self.config.patience <= self.position.stale:
                    return "patience"
            if self.progress >= 1:
                return "done"
            self._step()
            if self.should_stop():
                return self._interrupt()
            every = self.config.save_every
            if (every and self.position.step % every == 0) or self.saver.overdue:
                self._save()

    def _interrupt(self) -> str:
        self.position.seconds = time.perf_counter() - self._begin
        self._save()
        return "interrupted"

    def _validation_is_due(self) -> bool:
        """Whether a milestone of the budget was passed since the last sweep, or in an earlier part
        of the run that was stopped just then."""
        milestones = self._plan_validations()
        last = self._progress_at(self.position.validated_step, self.position.validated_seconds)
        return int(self.progress * milestones) > int(last * milestones)

    def _step(self) -> None:
        """One update, and its report when it is time for one."""
        begin = time.perf_counter()
        rate = learning_rate(self.progress, self.config.lr)
        if self.position.window == 0:
            self.state = self.network.initial_state(self.config.batch_size)
        self._refresh()
        inputs_TB, targets_TB = self.batches.segment(self.position.window)
        loss = self._backpropagate(inputs_TB, targets_TB)
        norm = self.optimizer.clip(self.config.clip, self.config.clip_value)
        self._latest = f"learning rate {rate:g}, gradient norm {norm:g}"
        if not np.isfinite([loss, norm, rate]).all():
            raise self._diverged(f"loss {loss:g}", self.position.step + 1)
        self.optimizer.step(rate)
        self.position.step += 1
        self.average.update(self.position.step)
        self.position.window = (self.position.window + 1) % len(self.batches)
        now = time.perf_counter()
        self.position.seconds = now - self._begin
        characters = self.dataset.vocabulary.count_characters(targets_TB)
        for tally in (self._since_report, self._since_validation, self._in_all):
            tally.add(targets_TB.size, characters, now - begin, loss)
        if self.threads and len(inputs_TB) == self.config.seq_len:
            self._watch_threads(self.threads, now - begin)
        if self.position.step % REPORT_EVERY == 0 or self.progress >= 1:
            self._report_step(rate, norm)
        if not self._hinted and self._in_all.seconds > HINT_AFTER:
            self._hint()

    def _hint(self) -> None:
        """Tell, once, what the speed says of the budget."""
        self._hinted = True
        seconds_per_pass = self.dataset.train_characters / self._in_all.characters_per_second
        steps_per_pass = len(self.batches)
        hint = underway(self.config.budget, steps_per_pass, seconds_per_pass / steps_per_pass)
        if hint is not None:
            self.report(Hinted(hint))

    def _refresh(self) -> None:
        """Empty the state of each row once in `FRESH_EVERY` windows, in turn.

        A sample begins with an empty state. A network that has met it only in its very first steps
        may never find its way out of it.
        """
        count = self.config.batch_size
        phases = self.position.step + np.arange(count) * FRESH_EVERY // count
        if (fresh := phases % FRESH_EVERY == 0).any():
            kept = torch.from_numpy(~fresh[:, None]).to(self.device)
            self.state = [tuple(part * kept for part in layer) for layer in self.state]

    def _backpropagate(self, inputs_TB: NDArray[np.int64], targets_TB: NDArray[np.int64]) -> float:
        """Add the gradients of a window; its mean loss in nats. The state moves on, detached."""
        inputs = torch.from_numpy(inputs_TB).to(self.device, non_blocking=True)
        targets = torch.from_numpy(targets_TB).to(self.device, non_blocking=True)
        weight = self.config.gradient_penalty
        traces: list[Trace] | None = [] if weight else None
        with self._precision():
            logits_TBV, state = self.network(inputs, self.state, traces)
        self.state = [detached(layer) for layer in state]
        loss = cross_entropy(logits_TBV.float().flatten(0, 1), targets.flatten())
        whole = loss + weight * gradient_penalty(loss, traces) if traces else loss
        whole.backward()  # type: ignore[no-untyped-call]
        return loss.item()

    def _precision(self) -> torch.autocast:
        bf16 = self.config.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)

    def _report_step(self, rate: float, norm: float) -> None:
        event = Stepped(
            self.position.step,
            self._since_report.mean_loss,
            rate,
            norm,
            self._since_report.characters_per_second,
            self.progress,
            self.position.seconds,
        )
        self._since_report = RunningMean()
        self.saver.record(event)
        self.report(event)

    def _validate(self) -> bool:
        """Measure, keep the best, save; the state of training is as it was.

        Returns:
            False if a stop was asked for amid it: then nothing of it counts.
        """
        if len(self.dataset.val) == 0:
            self.position.validated_step = self.position.step
            self.position.validated_seconds = self.position.seconds
            self._save()
            self.position.seconds = time.perf_counter() - self._begin
            return True
        # bf16 moves the result by about 0.0001 nats and takes a third of the time.
        with self._precision(), self.average.in_place():
            measured = fit_temperature(
                self.network,
                self.dataset.ids,
                len(self.dataset.train),
                self.dataset.val_characters,
                self.should_stop,
            )
        if measured is None:
            return False
        self.position.temperature, loss = measured
        if not np.isfinite(loss):
            raise self._diverged(f"validation loss {loss:g}", self.position.step)
        is_best = self.position.best_loss is None or loss < self.position.best_loss
        self.position.best_loss = loss if is_best else self.position.best_loss
        self.position.stale = 0 if is_best else self.position.stale + 1
        self.position.validated_step = self.position.step
        self.position.seconds = time.perf_counter() - self._begin
        self.position.validated_seconds = self.position.seconds
        entry = {"step": self.position.step, "seconds": self.position.seconds, "val_loss": loss}
        if self._since_validation.characters:
            entry["train_loss"] = self._since_validation.mean_loss
            self._since_validation = RunningMean()
        self.history.append(entry)
        checkpoint = self.checkpoint()
        event = Validated(self.position.step, loss, is_best, checkpoint)
        # A line too many is cut off when a killed run goes on; one too few would be missing.
        self.saver.record(event)
        self.saver.save(checkpoint, measured=True)
        self.report(event)
        self.position.seconds = time.perf_counter() - self._begin
        return True

    def _advice(self) -> str | None:
        passes = self.position.step / len(self.batches)
        return advise(self.history, passes, self.config.budget, self.network.config)

    def _diverged(self, what: str, step: int) -> CharnnError:
        lower = f"--lr {self.config.lr / 2:g}"
        saved = (self.run_folder / LAST).exists()
        advice = "go on from the last save by --resume" if saved else "train again with"
        return CharnnError(
            f"training diverged at step {step} ({what}, {self._latest}): {advice} {lower}"
        )

    def _save(self) -> None:
        self.saver.save(self.checkpoint())

    def _size(self) -> int:
        """Bytes of a checkpoint, about: the parameters, their two moments, and their average."""
        copies = 4 if self.config.ema else 3
        return 4 * copies * self.network.config.parameter_count()

    def _expect_same_corpus(self, checkpoint: Checkpoint) -> None:
        if checkpoint.metadata.get("fingerprint") != self.dataset.fingerprint:
            raise CheckpointError(
                f"{self.run_folder} was trained on another corpus or split than the one given: "
                "resume it with the same one, or train under another --name, which may begin with "
                f"what this run has learned: --init-from {self.run_folder.name}"
            )
        if self.config.batch_size >= len(self.dataset.train):
            raise self._incomplete()

    def _restore(self, checkpoint: Checkpoint) -> None:
        try:
            self.position = Position.from_json(checkpoint.metadata["position"], len(self.batches))
            tallies = checkpoint.metadata.get("tallies", [{}, {}])  # earlier versions kept none
            self._since_report, self._since_validation = map(RunningMean.from_json, tallies)
            self.history = list(checkpoint.metadata["history"])
            import_weights(self.network, checkpoint.weights)
            self.average = Average(self.network, self.config.ema)
            self.state = unpack(
                checkpoint.training, self.network, self.optimizer, self.average, self.state
            )
        except (KeyError, TypeError, ValueError, RuntimeError) as problem:
            raise self._incomplete() from problem

    def _incomplete(self) -> CheckpointError:
        return CheckpointError(f"{self.run_folder}: the checkpoint lacks what resuming needs")

    def _plan_validations(self) -> int:
        """How many sweeps to spread over the budget: so few that they cost a few per cent of it."""
        budget, most = self.config.budget, 50.0
        if budget.minutes:
            most = min(most, 4 * budget.minutes**0.5)
        epochs = budget.epochs or (budget.steps or 0) / len(self.batches)
        if epochs:
            most = min(most, epochs * len(self.dataset.train) / (10 * len(self.dataset.val) + 1))
        return max(1, round(most))

    def _choose_threads(self) -> Threads | None:
        """Set the threads that were asked for, or those that are fastest, which may change: they
        are found by steps that update nothing and leave no trace."""
        if self.device.type != "cpu" or self.config.threads:
            torch.set_num_threads(self.config.threads or torch.get_num_threads())
            return None
        random = torch.get_rng_state()
        kept = self.state
        threads = Threads(available_threads())
        while threads.comparing:
            begin = time.perf_counter()
            self.state = self.network.initial_state(self.config.batch_size)
            self._backpropagate(*self.batches.segment(0))
            self.optimizer.forget_gradients()
            threads.took(time.perf_counter() - begin)
        self.state = kept
        torch.set_rng_state(random)
        return threads

    def _watch_threads(self, threads: Threads, seconds: float) -> None:
        """Let a step of `seconds` change the threads of the next one; tell when it is decided."""
        threads.took(seconds)
        if not threads.comparing and threads.count != self._threads_told:
            self._threads_told = threads.count
            self.report(Rethreaded(threads.count))
