"""The training loop: truncated backpropagation through time, on any device, resumable exactly.

Each window begins with the state that the last one ended with, detached, so the error flows back
through `seq_len` characters but memory does not end there (Williams & Peng 1990). Everything that
the next step depends on (parameters, optimizer, hidden state, position, random states, time spent)
is in the checkpoint: n steps at once and k steps, a stop and n - k more give the same bits.
"""

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from charnn.corpus.batches import Batches
from charnn.corpus.ids import Prepared
from charnn.errors import CharnnError, CheckpointError
from charnn.model.cells import State
from charnn.model.checkpoint import Checkpoint, Tensors
from charnn.model.config import ModelConfig
from charnn.model.network import Network, export_weights, import_weights
from charnn.model.runs import BEST, LAST, METRICS
from charnn.training.config import TrainingConfig
from charnn.training.evaluation import CONTEXT, evaluate, protocol
from charnn.training.events import Finished, Report, Started, Stepped, Validated
from charnn.training.hardware import fastest_threads
from charnn.training.metrics import Metrics
from charnn.training.schedule import learning_rate

REPORT_EVERY = 10


@dataclass
class Position:
    """Where a run stands; kept in the checkpoint.

    Args:
        step: updates so far.
        window: the next window of the epoch.
        seconds: time spent.
        validated: the step of the last sweep over the validation part.
        best_loss: the lowest loss of all sweeps, nats a character.
        stale: sweeps since that one.
    """

    step: int = 0
    window: int = 0
    seconds: float = 0.0
    validated: int = 0
    best_loss: float | None = None
    stale: int = 0


class Trainer:
    """One run, from its first step or from where a checkpoint left it.

    Args:
        prepared: the corpus as ids.
        model_config: shape of the model.
        config: options of the run.
        run: the run's folder; it exists.
        about: further facts for the checkpoint (the corpus's name).
        report: is told what happens.
        should_stop: asked after every step; when true, the run is saved and ends.
        resume: the checkpoint to go on from, with its training tensors.

    Raises:
        CheckpointError: `resume` is of another corpus or lacks what resuming needs.
    """

    def __init__(
        self,
        prepared: Prepared,
        model_config: ModelConfig,
        config: TrainingConfig,
        run: Path,
        *,
        about: dict[str, Any],
        report: Report = lambda event: None,
        should_stop: Callable[[], bool] = lambda: False,
        resume: Checkpoint | None = None,
    ) -> None:
        self.prepared = prepared
        self.config = config
        self.run_folder = run
        self.report = report
        self.should_stop = should_stop
        self.device = torch.device(config.device)
        self.batches = Batches(prepared.train, config.batch_size, config.seq_len)
        # What lies before the validation part is its context: see charnn.training.evaluation.
        before = prepared.train[-CONTEXT - 1 :]
        self.val_ids: NDArray[Any] = np.concatenate([before, prepared.val])
        self.val_start = len(before)
        self.planned_validations = self._plan_validations()
        torch.manual_seed(config.seed)
        self.network = Network(model_config).to(self.device)
        self.optimizer = self._make_optimizer()
        self.position = Position()
        self.history: list[dict[str, float]] = []
        self.state = self.network.initial_state(config.batch_size)
        self.about = about | {
            "fingerprint": prepared.fingerprint,
            "documents": prepared.documents,
            "characters": len(prepared.train) + len(prepared.val),
            "parameters": model_config.parameter_count(),
        }
        if resume is not None:
            self._restore(resume)

    def run(self) -> Finished:
        """Train until the budget is spent, the patience is over, or a stop is asked for.

        Raises:
            CharnnError: the loss is no longer a number.
            OSError: a checkpoint cannot be written.
        """
        self._begin = time.perf_counter() - self.position.seconds
        if not self.config.threads:
            self.config = replace(self.config, threads=self._measure_threads())
        torch.set_num_threads(self.config.threads)
        self._training_seconds = 0.0
        self._characters = 0
        self.metrics = Metrics(self.run_folder / METRICS, self.position.step)
        started = Started(len(self.batches), self.config.threads, self.progress)
        self.report(started)
        try:
            reason = self._loop()
        finally:
            self.metrics.close()
        best = self.run_folder / BEST
        finished = Finished(
            reason,
            best if best.exists() else self.run_folder / LAST,
            self.position.best_loss,
            self.position.step,
            self.position.seconds,
            self._characters / max(self._training_seconds, 1e-9),
        )
        self.report(finished)
        return finished

    @property
    def progress(self) -> float:
        """The share of the budget that is spent, in [0, 1]."""
        epochs = self.position.step / len(self.batches)
        return self.config.budget.progress(self.position.seconds, epochs, self.position.step)

    def checkpoint(self) -> Checkpoint:
        """All that the run consists of now."""
        about = self.about | {
            "training": self.config.to_json(),
            "position": asdict(self.position),
            "history": self.history,
            "protocol": protocol(len(self.prepared.val)),
        }
        return Checkpoint(
            self.network.config,
            self.prepared.vocabulary,
            export_weights(self.network),
            about,
            self._training_tensors(),
        )

    def _loop(self) -> str:
        self.network.train()
        losses: list[Tensor] = []
        since = time.perf_counter()
        while (before := self.progress) < 1:
            rate = learning_rate(before, self.config.lr)
            loss, norm = self._step(rate)
            losses.append(loss)
            self.position.step += 1
            self.position.seconds = time.perf_counter() - self._begin
            if self.position.step % REPORT_EVERY == 0 or self.progress >= 1:
                spent = time.perf_counter() - since
                self._report_step(losses, rate, norm, spent)
                losses, since = [], time.perf_counter()
            if self.should_stop():
                self._save(LAST)
                return "interrupted"
            plan = self.planned_validations
            if self.progress < 1 and int(self.progress * plan) > int(before * plan):
                begin = time.perf_counter()
                self._validate()
                since += time.perf_counter() - begin
                if 0 < self.config.patience <= self.position.stale:
                    return "patience"
            elif self.config.save_every and self.position.step % self.config.save_every == 0:
                self._save(LAST)
        if self.position.validated < self.position.step:
            self._validate()
        return "done"

    def _step(self, rate: float) -> tuple[Tensor, float]:
        """One update; the window's mean loss and the gradient's norm before clipping."""
        if self.position.window == 0:
            self.state = self.network.initial_state(self.config.batch_size)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        inputs_TB, targets_TB = self.batches.window(self.position.window)
        loss = self._loss(inputs_TB, targets_TB)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        norm = nn.utils.clip_grad_norm_(self.network.parameters(), self.config.clip).item()
        if not np.isfinite(norm):
            raise CharnnError(
                f"the loss or its gradient is no longer a number at step {self.position.step + 1} "
                f"(learning rate {rate:.2g}): train again with a lower --lr than {self.config.lr:g}"
            )
        self.optimizer.step()
        self.position.window = (self.position.window + 1) % len(self.batches)
        self._characters += inputs_TB.size
        return loss.detach(), norm

    def _loss(self, inputs_TB: NDArray[np.int64], targets_TB: NDArray[np.int64]) -> Tensor:
        """The window's mean loss in nats; the state moves on, detached."""
        inputs = torch.from_numpy(inputs_TB).to(self.device, non_blocking=True)
        targets = torch.from_numpy(targets_TB).to(self.device, non_blocking=True)
        with self._precision():
            scores_TBV, state = self.network(inputs, self.state)
        self.state = [_detached(layer) for layer in state]
        return cross_entropy(scores_TBV.float().flatten(0, 1), targets.flatten())

    def _precision(self) -> torch.autocast:
        bf16 = self.config.precision == "bf16"
        return torch.autocast(self.device.type, torch.bfloat16, enabled=bf16)

    def _report_step(self, losses: list[Tensor], rate: float, norm: float, spent: float) -> None:
        characters = len(losses) * self.config.batch_size * self.config.seq_len
        self._training_seconds += spent
        event = Stepped(
            self.position.step,
            torch.stack(losses).mean().item(),
            rate,
            norm,
            characters / spent,
            self.progress,
            self.position.seconds,
        )
        self.metrics.write(event)
        self.report(event)

    def _validate(self) -> None:
        """Measure, keep the best, save; the state of training is as it was."""
        self.position.validated = self.position.step
        if len(self.prepared.val) == 0:
            self._save(LAST)
            return
        # bf16 moves the result by about 0.0001 nats and takes a third of the time.
        with self._precision():
            loss = evaluate(self.network, self.val_ids, self.val_start)
        is_best = self.position.best_loss is None or loss < self.position.best_loss
        self.position.best_loss = loss if is_best else self.position.best_loss
        self.position.stale = 0 if is_best else self.position.stale + 1
        self.position.seconds = time.perf_counter() - self._begin
        self.history.append(
            {"step": self.position.step, "seconds": self.position.seconds, "val_loss": loss}
        )
        checkpoint = self.checkpoint()
        if is_best:
            checkpoint.save(self.run_folder / BEST)
        checkpoint.save(self.run_folder / LAST)
        event = Validated(self.position.step, loss, is_best, checkpoint)
        self.metrics.write(event)
        self.report(event)
        self.position.seconds = time.perf_counter() - self._begin

    def _save(self, name: str) -> None:
        self.checkpoint().save(self.run_folder / name)

    def _plan_validations(self) -> int:
        """How many sweeps to spread over the budget: few enough to cost a few per cent of it."""
        budget, most = self.config.budget, 50.0
        if budget.minutes:
            most = min(most, 4 * budget.minutes**0.5)
        epochs = budget.epochs or (budget.steps or 0) / len(self.batches)
        if epochs:
            most = min(most, epochs * len(self.prepared.train) / (10 * len(self.prepared.val) + 1))
        return max(1, round(most))

    def _make_optimizer(self) -> torch.optim.AdamW:
        parameters = list(self.network.parameters())
        matrices = [parameter for parameter in parameters if parameter.dim() > 1]
        vectors = [parameter for parameter in parameters if parameter.dim() == 1]
        return torch.optim.AdamW(
            [
                {"params": matrices, "weight_decay": self.config.weight_decay},
                {"params": vectors, "weight_decay": 0.0},
            ],
            lr=self.config.lr,
            betas=(0.9, 0.99),
            fused=self.device.type in ("cpu", "cuda"),
        )

    def _measure_threads(self) -> int:
        """Time real steps without updating anything, and leave no trace of them."""
        if self.device.type != "cpu":
            return torch.get_num_threads()
        random = torch.get_rng_state()
        kept = self.state

        def step() -> None:
            self.state = self.network.initial_state(self.config.batch_size)
            self._loss(*self.batches.window(0)).backward()  # type: ignore[no-untyped-call]
            self.optimizer.zero_grad(set_to_none=True)

        threads = fastest_threads(step)
        self.state = kept
        torch.set_rng_state(random)
        return threads

    def _training_tensors(self) -> Tensors:
        """What resuming needs besides the parameters."""
        tensors = {"random.cpu": torch.get_rng_state()}
        if self.device.type == "cuda":
            tensors["random.cuda"] = torch.cuda.get_rng_state(self.device)
        elif self.device.type == "mps":
            tensors["random.mps"] = torch.mps.get_rng_state()
        for number, layer in enumerate(self.state):
            for part, tensor in enumerate(layer):
                tensors[f"state.{number}.{part}"] = tensor
        for name, parameter in self.network.named_parameters():
            for key, value in self.optimizer.state[parameter].items():
                tensors[f"optimizer.{key}.{name}"] = value
        return {name: tensor.detach().cpu().numpy().copy() for name, tensor in tensors.items()}

    def _restore(self, checkpoint: Checkpoint) -> None:
        about = checkpoint.about
        if about["fingerprint"] != self.prepared.fingerprint:
            raise CheckpointError(
                f"{self.run_folder} was trained on another corpus or split than the one given: "
                "resume it with the same one, or train under another --name"
            )
        try:
            self.position = Position(**about["position"])
            self.history = list(about["history"])
            import_weights(self.network, checkpoint.weights)
            tensors = {name: torch.from_numpy(a) for name, a in checkpoint.training.items()}
            for name, parameter in self.network.named_parameters():
                self.optimizer.state[parameter] = {
                    # The step count is read on the CPU by the plain optimizer, where fused ones
                    # want it beside the parameter.
                    key: tensors[f"optimizer.{key}.{name}"].to(parameter.device)
                    for key in ("step", "exp_avg", "exp_avg_sq")
                }
            self.state = [
                tuple(tensors[f"state.{number}.{part}"].to(self.device) for part, _ in enumerate(s))
                for number, s in enumerate(self.state)
            ]
            torch.set_rng_state(tensors["random.cpu"])
            if self.device.type == "cuda" and "random.cuda" in tensors:
                torch.cuda.set_rng_state(tensors["random.cuda"], self.device)
            elif self.device.type == "mps" and "random.mps" in tensors:
                torch.mps.set_rng_state(tensors["random.mps"])
        except (KeyError, TypeError, RuntimeError) as problem:
            raise CheckpointError(
                f"{self.run_folder}: the checkpoint lacks what resuming needs"
            ) from problem


def _detached(state: State) -> State:
    """Cut from the graph; and in float32, as it comes back from a checkpoint, whatever autocast
    made of it: mixed operations would round otherwise."""
    return tuple(part.detach().float() for part in state)
