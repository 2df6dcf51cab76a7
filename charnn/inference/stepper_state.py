"""The state of texts that are generated side by side."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from charnn.inference.int8_pointer import PointerMemory
from charnn.inference.quantised import Array


@dataclass
class StepperState:
    """The state of B texts, which a stepper changes in place.

    Attributes:
        hidden_SLBH: S parts of the hidden state (h, c) of L layers.
        memory: the memory of the pointer; it has 0 steps for a network without a pointer.
        temperature: the temperature at which a pointer mixes softmax and copies.
    """

    hidden_SLBH: Array
    memory: PointerMemory
    temperature: float = 1.0

    def replace_row(self, row: int, other: "StepperState") -> None:
        """Set the state of one text to the state of the single text `other`."""
        self.hidden_SLBH[:, :, row] = other.hidden_SLBH[:, :, 0]
        for part, other_part in zip(list(self.memory), list(other.memory), strict=True):
            part[row] = other_part[0]

    @staticmethod
    def joined(states: "Sequence[StepperState]") -> "StepperState":
        """Return a state with the texts of one or more states, in this order."""
        parts = zip(*(state.memory for state in states), strict=True)
        memory = PointerMemory._make(map(np.concatenate, parts))
        hidden_SLBH = np.concatenate([state.hidden_SLBH for state in states], axis=2)
        return StepperState(hidden_SLBH, memory, states[0].temperature)

    def copied_rows(self, rows: Sequence[int] | NDArray[np.intp]) -> "StepperState":
        """Return a state with copies of some texts, in this order; a text may be copied twice."""
        memory = PointerMemory._make(np.take(part, rows, axis=0) for part in self.memory)
        return StepperState(np.take(self.hidden_SLBH, rows, axis=2), memory, self.temperature)

    def without_row(self, row: int) -> "StepperState":
        """Return the state of all texts but one."""
        memory = PointerMemory._make(np.delete(part, row, axis=0) for part in self.memory)
        return StepperState(np.delete(self.hidden_SLBH, row, axis=2), memory, self.temperature)
