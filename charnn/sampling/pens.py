"""A pen: a model, and the drawing of what it writes. This is the plain one, which writes at once.

All pens give the same symbols, to the last bit of each score, so a text does not show which has
written it; `charnn.sampling.desk` takes a faster one where there is much to write.
"""

import numpy as np
from numpy.typing import NDArray

from charnn.model.matrices import Array, EightBit
from charnn.model.stepper import Stepper, Symbols
from charnn.sampling.choice import Choice
from charnn.sampling.drawing import draw


class Pen:
    """A model and the drawing of its symbols.

    Attributes:
        stepper: the model.
        at_once: symbols that take so little time that nobody waits for a single one.
    """

    at_once = 1

    def __init__(self, stepper: Stepper[EightBit]) -> None:
        self.stepper = stepper

    def draw(self, scores_BV: Array, numbers_B: NDArray[np.float64], choice: Choice) -> Symbols:
        """The next symbol of each text, each by its random number in [0, 1)."""
        pairs = zip(scores_BV, numbers_B.tolist(), strict=True)
        return np.array([draw(scores_V, number, *choice.options) for scores_V, number in pairs])

    def write(self, symbol: int, numbers: NDArray[np.float64], choice: Choice) -> Symbols:
        """The only text, after a symbol, by as many symbols as there are random numbers."""
        drawn = np.empty(len(numbers), np.int64)
        read = np.array([symbol])
        for place in range(len(numbers)):
            scores_BV = self.stepper.feed(read)
            read = self.draw(scores_BV, numbers[place : place + 1], choice)
            drawn[place] = read[0]
        return drawn
