"""The pieces of a gap in a tune: text that stays, new music, and new note heads.

`Fixed` is text that must be written as it is. `Music` is new music of a given duration: the rest of
a bar, a bar, or the time between two notes that stay. `Head` is one new note head, whose length is
fixed text after it. `Label` is the label of a bar, which only models of coded tunes write.
"""

from dataclasses import dataclass

from charnn.music.grammar.grammar_state import Timing

# Positions on the staff: 0 is C, 7 is c. With one octave mark, notes reach from C, to b'.
LOWEST, HIGHEST = -7, 20


@dataclass(frozen=True)
class Fixed:
    """Text that stays."""

    text: str


@dataclass(frozen=True)
class Music:
    """New music of one bar, or of a piece of a bar.

    Attributes:
        timing: the duration in ticks as `timing.bar`, and the unit length.
        opening: characters with which the music must begin.
        goes_on: whether a tie or slur may lead into the next `Music`.
        slur_in: whether a slur from before ends here.
        slur_out: whether a slur that `opening` begins must stay open.
    """

    timing: Timing
    opening: str = ""
    goes_on: bool = False
    slur_in: bool = False
    slur_out: bool = False


@dataclass(frozen=True)
class Head:
    """A new note head: a letter with its accidental and its octave mark.

    Attributes:
        lowest, highest: the range of its position on the staff.
        direction: 1, 0 or -1 if the note must lie above, on or below the position of the note
            before; None if it may lie anywhere.
        before: the position of the note before, if that note stays; None if it is a `Head` too.
    """

    lowest: int = LOWEST
    highest: int = HIGHEST
    direction: int | None = None
    before: int | None = None


@dataclass(frozen=True)
class Label:
    """A bar label (`charnn.music.coding.bar_labels`).

    Attributes:
        place: the part and the number of the bar, both counted from 0. The label is that of this
            place or of an earlier one.
    """

    place: tuple[int, int]


Piece = Fixed | Music | Head | Label
