"""The training of a cell on a memory task, until it has solved the task or its steps are over.

Shape suffixes: T steps, B sequences, I inputs, H hidden units, O outputs.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, linear, mse_loss

from charnn.insight.memory_tasks import MemoryTask
from charnn.model.cells import CELLS
from charnn.model.fused_layer import run_segment
from charnn.model.layer_weights import Layer, initialise_layer
from charnn.training.optimizer import AdamW

# A task is solved when the loss is below this share of the loss without memory.
SOLVED = 0.1
_EVERY = 50  # steps from one test to the next
_ROWS, _TEST_ROWS = 32, 256


@dataclass(frozen=True)
class TaskOptions:
    """The options of a training.

    Attributes:
        steps: the number of updates, at most.
        hidden_size: the number of hidden units.
        lr: the learning rate; it is constant.
        clip: the largest norm of the gradient.
        forget_bias: the bias of the forget gate at the start, where the cell has one.
        seed: the seed of the weights and of the sequences.
    """

    steps: int
    hidden_size: int
    lr: float = 5e-3
    clip: float = 1.0
    forget_bias: float = 1.0
    seed: int = 0


@dataclass(frozen=True)
class TaskResult:
    """The course of a training.

    Attributes:
        task: the task and its length.
        cell: the name of the cell.
        steps: the numbers of updates at which the cell was tested.
        losses: the loss of each test.
    """

    task: MemoryTask
    cell: str
    steps: tuple[int, ...]
    losses: tuple[float, ...]

    @property
    def loss(self) -> float:
        """Return the loss of the last test."""
        return self.losses[-1]

    @property
    def solved(self) -> bool:
        """Return whether the cell has solved the task."""
        return self.loss < SOLVED * self.task.baseline


class _TaskNetwork(nn.Module):
    """One layer of a cell and a linear head."""

    def __init__(self, task: MemoryTask, cell: str, options: TaskOptions) -> None:
        super().__init__()
        self.task, self.cell = task, CELLS[cell]
        self.layer = Layer(self.cell, task.inputs, options.hidden_size)
        initialise_layer(self.layer, options.hidden_size)
        if "forget" in self.cell.gates:
            forget = self.cell.gates.index("forget")
            with torch.no_grad():
                self.layer.bias_ih_l0.view(len(self.cell.gates), -1)[forget] = options.forget_bias
        self.head = nn.Linear(options.hidden_size, task.outputs)

    def losses(self, inputs_TBI: Tensor, targets: Tensor) -> Tensor:
        """Return the mean loss of some sequences."""
        layer = self.layer
        zeros = inputs_TBI.new_zeros(inputs_TBI.shape[1], self.head.in_features)
        state = (zeros,) * len(self.cell.state)
        peepholes = tuple(getattr(layer, name) for name in self.cell.peepholes)
        gates_x = linear(inputs_TBI, layer.weight_ih_l0, layer.bias_ih_l0)
        h_TBH, _ = run_segment(
            self.cell, gates_x, state, layer.weight_hh_l0, layer.bias_hh_l0, peepholes
        )
        answers = self.head(h_TBH if self.task.every_step else h_TBH[-1])
        if targets.is_floating_point():
            return mse_loss(answers[..., 0], targets)
        return cross_entropy(answers.flatten(0, -2), targets.flatten())


def train_on_task(
    task: MemoryTask,
    cell: str,
    options: TaskOptions,
    report: Callable[[int], None] = lambda step: None,
) -> TaskResult:
    """Return the result of a training.

    Args:
        task: the task and its length.
        cell: a name in `CELLS`.
        options: the options.
        report: a function that is called with the number of updates after each of them.
    """
    torch.manual_seed(options.seed)
    random, network = np.random.default_rng(options.seed), _TaskNetwork(task, cell, options)
    test = task.batch(_TEST_ROWS, np.random.default_rng(options.seed + 1))
    optimizer = AdamW(network, weight_decay=0.0)

    def tested() -> float:
        with torch.no_grad():
            return float(network.losses(*map(torch.from_numpy, (test.inputs_TBI, test.targets))))

    steps, losses = [0], [tested()]
    for step in range(1, options.steps + 1):
        batch = task.batch(_ROWS, random)
        loss = network.losses(*map(torch.from_numpy, (batch.inputs_TBI, batch.targets)))
        loss.backward()  # type: ignore[no-untyped-call]
        # An exploding gradient that is not finite would turn all weights into NaN.
        if optimizer.clip(options.clip) < float("inf"):
            optimizer.step(options.lr)
        else:
            optimizer.discard_gradients()
        report(step)
        if step % _EVERY == 0 or step == options.steps:
            steps.append(step)
            losses.append(tested())
            if losses[-1] < SOLVED * task.baseline:
                break
    return TaskResult(task, cell, tuple(steps), tuple(losses))


def climb(
    task: type[MemoryTask],
    cells: Sequence[str],
    lengths: Sequence[int],
    options: TaskOptions,
    report: Callable[[str, int, int], None] = lambda cell, length, step: None,
) -> Iterator[TaskResult]:
    """Yield the results of each cell at rising lengths, up to the first one that it fails.

    Args:
        task: the kind of task.
        cells: names in `CELLS`.
        lengths: the lengths, in rising order.
        options: the options of each training.
        report: a function that is called with the cell, the length and the number of updates.
    """
    for cell in cells:
        for length in lengths:
            result = train_on_task(task(length), cell, options, partial(report, cell, length))
            yield result
            if not result.solved:
                break
