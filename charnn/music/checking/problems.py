"""A problem of a tune that can be read: what it is, where it is, and how much it matters."""

from dataclasses import dataclass
from typing import TypeAlias

from charnn.music.tune.tune import BarLine, Change, Ending, Mark, Note

Placed: TypeAlias = BarLine | Change | Ending | Mark | Note


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    Attributes:
        text: what is wrong, as a phrase without position.
        line, column: where in the text that was read, from 1.
        serious: whether the tune can't be right so: its bars, parts, repeats or rhythmic signs do
            not fit. What is odd, but can be played, is not serious.
    """

    text: str
    line: int
    column: int
    serious: bool = True


def problem_at(place: Placed, text: str, serious: bool = True) -> Problem:
    """The problem with what is written at a place."""
    return Problem(text, place.line, place.column, serious)
