"""Problems at the elements of a tune."""

from typing import TypeAlias

from charnn.music.tune.problem import Problem
from charnn.music.tune.tune import BarLine, Change, Ending, Mark, Note

Placed: TypeAlias = BarLine | Change | Ending | Mark | Note


def problem_at(element: Placed, text: str, serious: bool = True) -> Problem:
    """Return a problem at the position of an element."""
    return Problem(text, element.line, element.column, serious)
