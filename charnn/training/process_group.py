"""Several processes of one training, started by torchrun: what they tell each other.

The processes exchange tensors by gloo, and gradients on GPUs by NCCL. A step has one exchange
(`sum_step`); all others come before the first step, at validations and saves.

A process that dies breaks its connections. The others then fail in their next exchange, and
torchrun restarts all of them if it may.
"""

import json
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import count
from typing import Any

import numpy as np
import torch
import torch.distributed as dist
from numpy.typing import NDArray
from torch import Tensor
from torch.distributed import PrefixStore  # type: ignore[attr-defined]

from charnn.errors import CharnnError, RepeatedError, UnsavedError, UsageError
from charnn.model.network_state import NetworkState
from charnn.training.launchers import Launch
from charnn.training.meeting import agree_on_name, connect
from charnn.training.processes import Processes, T

# A process waits as long as another one prepares a corpus, evaluates or saves. One that died is
# noticed by its connections, and by torchrun.
PATIENCE = timedelta(days=30)

# The key of the error that a restart cannot mend.
_FAILURE = "failure"

# A script may train several runs, one after the other.
_numbers = count()


class LostProcessError(CharnnError):
    """Another process of the training has ended, so this one cannot go on."""

    def __init__(self) -> None:
        super().__init__(
            "another process of this training has ended, so all of them end. Unless torchrun "
            "restarts them (--max-restarts), continue from the last save with --resume"
        )


class ProcessGroup(Processes):
    """The processes that torchrun started.

    Args:
        launch: the place of this process.

    Raises:
        UsageError: the processes cannot meet.
        RepeatedError: an error that a restart cannot mend has stopped these processes before.
    """

    is_alone = False

    def __init__(self, launch: Launch) -> None:
        self._launch = launch
        self.rank, self.size, self.local_size = launch.rank, launch.size, launch.local_size
        number = next(_numbers)
        self._memory = PrefixStore(f"charnn-{launch.job}-{number}", connect(launch))
        self._expect_no_failure()
        has_card = torch.cuda.is_available() and launch.local_rank < torch.cuda.device_count()
        if has_card:
            torch.cuda.set_device(launch.local_rank)
        with _exchange():
            attempt = PrefixStore(agree_on_name(self._memory, launch), self._memory)
            dist.init_process_group(
                "cpu:gloo,cuda:nccl" if has_card and dist.is_nccl_available() else "gloo",
                store=attempt,
                rank=self.rank,
                world_size=self.size,
                timeout=PATIENCE,
            )

    def __exit__(self, *failure: object) -> None:
        try:
            if not any(failure):
                self.expect()
            elif isinstance(failure[1], CharnnError):
                self._keep_failure(failure[1])
        finally:
            dist.destroy_process_group()

    def share(self, value: T) -> T:
        """Return the value of process 0, which must be a JSON value."""
        shared: T = self._broadcast_json(value, source=0)
        return shared

    def expect(self, problem: str = "") -> None:
        """Wait for all processes, and raise an error if one of them has a problem.

        Raises:
            UsageError: a process called this method with a problem, which the message contains.
        """
        if problem:
            problem = f"process {self.rank} on {socket.gethostname()}: {problem}"
        problems = [self._broadcast_json(problem, source) for source in range(self.size)]
        if found := next(filter(None, problems), ""):
            raise UsageError(found)

    def sum_step(self, gradients: Sequence[Tensor], figures: Sequence[float]) -> list[float]:
        """Add up the gradients of all processes in place, and return the sums of some figures."""
        flat = torch.cat(
            [*(each.flatten() for each in gradients), gradients[0].new_tensor(figures)]
        )
        with _exchange():
            dist.all_reduce(flat)
        sizes = [*(each.numel() for each in gradients), len(figures)]
        *sums, totals = torch.split(flat, sizes)
        for gradient, total in zip(gradients, sums, strict=True):
            gradient.copy_(total.view_as(gradient))
        return [float(each) for each in totals.tolist()]

    def sum(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the sums of the values of all processes."""
        total = torch.from_numpy(values.copy())
        with _exchange():
            dist.all_reduce(total)
        return total.numpy()

    def broadcast(self, tensors: Iterable[Tensor]) -> None:
        """Overwrite tensors by those of process 0."""
        with _exchange(), torch.no_grad():
            for tensor in tensors:
                copied = tensor.detach().cpu()
                dist.broadcast(copied, 0)
                tensor.copy_(copied)

    def gather(self, state: NetworkState) -> NetworkState | None:
        """Return the state of the whole batch in process 0, None in the others."""
        whole = {name: self._gather(tensor) for name, tensor in state.tensors().items()}
        return state.replace(whole)._replace(part=None) if self.leads else None

    def scatter(self, state: NetworkState) -> NetworkState:
        """Return this process's rows of the state of process 0, which has the whole batch."""
        own = state.cut(self.rows(state.rows.count))
        rows = {
            name: self._scatter(tensor, own.tensors()[name])
            for name, tensor in state.tensors().items()
        }
        return own.replace(rows)

    def begun_run(self) -> str | None:
        """Return the folder of the run that the processes had begun before they were restarted."""
        with _exchange():
            return self._memory.get("run").decode() if self._memory.check(["run"]) else None

    def begin_run(self, folder: str) -> None:
        """Keep the folder of the run, for `begun_run` after a restart."""
        with _exchange():
            self._memory.set("run", folder)

    def device_problem(self, device: str) -> str:
        """Return why this process cannot train on a device, "" if it can."""
        cards = torch.cuda.device_count()
        if device == "mps":
            return "--device mps trains in one process: set --device cpu, or leave out torchrun"
        if device == "cuda" and self._launch.local_rank >= cards:
            return (
                f"{self.local_size} processes need a GPU each, but this machine has {cards}: "
                f"set --nproc-per-node {max(1, cards)}, or --device cpu"
            )
        return ""

    def _keep_failure(self, failure: CharnnError) -> None:
        """Keep an error for the processes that torchrun starts in the place of these ones."""
        if isinstance(failure, LostProcessError | UnsavedError):
            return  # A restart may mend it.
        kept = json.dumps([self.rank, str(failure), failure.exit_code])
        with suppress(RuntimeError):
            if self.leads:
                self._memory.set(_FAILURE, kept)
            else:
                self._memory.compare_set(_FAILURE, "", kept)

    def _expect_no_failure(self) -> None:
        with _exchange():
            if not self._memory.check([_FAILURE]):
                return
            rank, problem, exit_code = json.loads(self._memory.get(_FAILURE))
        if rank and self.leads:
            # Only process 0 shows errors, and this one was not its own.
            with _exchange():
                self._memory.set(_FAILURE, json.dumps([0, problem, exit_code]))
            raise CharnnError(problem)
        raise RepeatedError(problem, exit_code)

    def _broadcast_json(self, value: T, source: int) -> Any:
        content = json.dumps(value).encode() if self.rank == source else b""
        length = torch.tensor([len(content)])
        with _exchange():
            dist.broadcast(length, source)
            data = torch.zeros(int(length), dtype=torch.uint8)
            if self.rank == source:
                data.copy_(torch.frombuffer(bytearray(content), dtype=torch.uint8))
            dist.broadcast(data, source)
        return json.loads(data.numpy().tobytes())

    def _gather(self, rows: Tensor) -> Tensor:
        """Return the rows of all processes in process 0, in others an empty tensor."""
        # gloo has no bf16, which the keys of the memory may be; float32 holds them exactly.
        own = (rows.float() if rows.is_floating_point() else rows).cpu().contiguous()
        parts = [torch.empty_like(own) for _ in range(self.size)] if self.leads else None
        with _exchange():
            dist.gather(own, parts, 0)
        return torch.cat(parts) if parts else own[:0]

    def _scatter(self, whole: Tensor, like: Tensor) -> Tensor:
        """Return the rows of this process from the tensor of process 0."""
        parts = [part.contiguous() for part in whole.cpu().chunk(self.size)] if self.leads else None
        own = torch.empty_like(like, device="cpu", memory_format=torch.contiguous_format)
        with _exchange():
            dist.scatter(own, parts, 0)
        return own.to(like.device)


@contextmanager
def _exchange() -> Iterator[None]:
    """A context of an exchange, which turns a broken connection into a `LostProcessError`."""
    try:
        yield
    except RuntimeError as problem:
        raise LostProcessError from problem
