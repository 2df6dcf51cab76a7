"""The three memory tasks of the field: sequences whose answer lies far back.

- adding (Hochreiter and Schmidhuber 1997): T pairs of a number in [0, 1] and a mark. Two numbers
  are marked, one in each half; the answer is their sum. Always answering 1 has a mean squared error
  of 1/6.
- copy (Hochreiter and Schmidhuber 1997; this form: Arjovsky, Shah and Bengio 2016): ten symbols out
  of eight, T blanks, a mark, and then the ten symbols must be written. Without memory the loss is
  10 ln 8 / (T + 20) nats a step.
- order (Hochreiter and Schmidhuber 1997, task 6a): T distracting symbols, and at two places, near
  a fifth and near three fifths of the sequence, an X or a Y. The answer is one of the four orders,
  so the loss of a guess is ln 4 nats.

Shape suffixes: T steps, B sequences, I inputs of a step, O outputs.
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

COPIED = 10
_SYMBOLS = 8
_DISTRACTORS = 4


@dataclass(frozen=True)
class Batch:
    """Some sequences of a task.

    Attributes:
        inputs_TBI: the input of each step.
        targets: the answers: numbers [B], classes [B], or a class for each step [T, B].
    """

    inputs_TBI: NDArray[np.float32]
    targets: NDArray[Any]


class MemoryTask(ABC):
    """A task at one length.

    Args:
        length: T in the description of the module, at least `shortest`.

    Attributes:
        inputs, outputs: the widths of the input and of the answer of a network.
        baseline: the loss of a network that remembers nothing.
        measure: what the loss is.
        every_step: whether every step has an answer, or only the last one.
    """

    name: ClassVar[str]
    shortest: ClassVar[int]
    # What a laptop trains in a few minutes.
    lengths: ClassVar[tuple[int, ...]] = (10, 30, 100, 200)
    training_steps: ClassVar[int] = 1500
    hidden_size: ClassVar[int] = 64
    lr: ClassVar[float] = 5e-3
    inputs: ClassVar[int]
    outputs: ClassVar[int]
    measure: ClassVar[str]
    every_step: ClassVar[bool] = False
    # Bai, Kolter and Koltun, "An empirical evaluation of generic convolutional and recurrent
    # networks", 2018, table 1: the length, and the loss of each cell.
    published: ClassVar[tuple[int, dict[str, float]] | None] = None

    def __init__(self, length: int) -> None:
        self.length = length

    @property
    @abstractmethod
    def baseline(self) -> float:
        """Return the loss without memory."""

    @property
    def steps(self) -> int:
        """Return the number of steps of a sequence."""
        return self.length

    @abstractmethod
    def batch(self, rows: int, random: np.random.Generator) -> Batch:
        """Return new sequences."""


class Adding(MemoryTask):
    """The adding problem."""

    name = "adding"
    shortest = 2
    inputs, outputs = 2, 1
    measure = "mean squared error"
    published = (600, {"lstm": 0.164, "gru": 5.3e-5, "rnn": 0.177})

    @property
    def baseline(self) -> float:
        """Return the variance of the sum of two uniform numbers."""
        return 1 / 6

    def batch(self, rows: int, random: np.random.Generator) -> Batch:
        """Return new sequences; the answer is the sum of the two marked numbers."""
        numbers_TB = random.random((self.length, rows), np.float32)
        marks_TB = np.zeros_like(numbers_TB)
        half, every = self.length // 2, np.arange(rows)
        marks_TB[random.integers(0, half, rows), every] = 1
        marks_TB[random.integers(half, self.length, rows), every] = 1
        return Batch(np.stack([numbers_TB, marks_TB], -1), (numbers_TB * marks_TB).sum(0))


class Copy(MemoryTask):
    """The copy memory task."""

    name = "copy"
    shortest = 1
    lengths = (1, 3, 10, 30)
    training_steps = 3000
    hidden_size = 128
    lr = 1e-2
    # The symbols are 1 to 8; 0 is the blank, and 9 the mark.
    inputs, outputs = _SYMBOLS + 2, _SYMBOLS + 1
    measure = "nats a step"
    every_step = True
    published = (1000, {"lstm": 0.0204, "gru": 0.0204, "rnn": 0.0204})

    @property
    def baseline(self) -> float:
        """Return the loss of knowing when to write, and guessing what."""
        return COPIED * math.log(_SYMBOLS) / self.steps

    @property
    def steps(self) -> int:
        """Return the number of steps: the symbols, the blanks, and the answer."""
        return self.length + 2 * COPIED

    def batch(self, rows: int, random: np.random.Generator) -> Batch:
        """Return new sequences; the answer is blank until the mark, then the symbols."""
        symbols_TB = random.integers(1, _SYMBOLS + 1, (COPIED, rows))
        read_TB, written_TB = np.zeros((2, self.steps, rows), np.int64)
        read_TB[:COPIED], written_TB[-COPIED:] = symbols_TB, symbols_TB
        read_TB[-COPIED - 1] = _SYMBOLS + 1
        return Batch(np.eye(self.inputs, dtype=np.float32)[read_TB], written_TB)


class Order(MemoryTask):
    """The temporal order problem with two symbols."""

    name = "order"
    shortest = 10
    # Four distractors, then X and Y.
    inputs, outputs = _DISTRACTORS + 2, 4
    measure = "nats"

    @property
    def baseline(self) -> float:
        """Return the loss of a guess."""
        return math.log(4)

    def batch(self, rows: int, random: np.random.Generator) -> Batch:
        """Return new sequences; the answer is 0 for XX, 1 for XY, 2 for YX, 3 for YY."""
        read_TB = random.integers(0, _DISTRACTORS, (self.length, rows))
        first_B, second_B = random.integers(0, 2, (2, rows))
        tenth, every = self.length / 10, np.arange(rows)
        for begin, symbol_B in ((1, first_B), (5, second_B)):
            low, high = int(begin * tenth), int((begin + 1) * tenth)
            read_TB[random.integers(low, max(high, low + 1), rows), every] = _DISTRACTORS + symbol_B
        return Batch(np.eye(self.inputs, dtype=np.float32)[read_TB], 2 * first_B + second_B)


TASKS: dict[str, type[MemoryTask]] = {task.name: task for task in (Adding, Copy, Order)}
