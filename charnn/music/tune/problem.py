"""A problem of a tune that can be read: a message, a position and a degree of severity."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem.

    Attributes:
        text: the message, a phrase without the position.
        line, column: the position in the text that was read, from 1.
        serious: whether bars, parts, repeats or rhythmic signs are wrong. Oddities that can be
            played, such as a slur without an end, are not serious.
    """

    text: str
    line: int
    column: int
    serious: bool = True
