"""The state of texts that are generated side by side."""

from dataclasses import dataclass

import numpy as np

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

    def without_row(self, row: int) -> "StepperState":
        """Return the state of all texts but one."""
        memory = PointerMemory._make(np.delete(part, row, axis=0) for part in self.memory)
        return StepperState(np.delete(self.hidden_SLBH, row, axis=2), memory, self.temperature)
