"""New note heads in a gap: a letter with its accidental and octave marks, in a range."""

from typing import NamedTuple

from charnn.music.grammar.gap_pieces import Head
from charnn.music.grammar.notation import ACCIDENTALS, LOWER_NOTES, UPPER_NOTES
from charnn.music.tune.theory import LETTERS

# The octave mark that may follow a letter, again and again.
_MARKS = {"A": ",", "a": "'"}
_MAX_MARKS = 2


class HeadState(NamedTuple):
    """The part of a head that is written.

    Attributes:
        sign: `^` after an accidental, `A` after an upper-case and `a` after a lower-case letter,
            with or without marks; `""` at the beginning.
        position: the position on the staff so far.
        before: the position of the `Head` before; None if it has no importance.
    """

    sign: str = ""
    position: int = 0
    before: int | None = None


def step_head(head: Head, state: HeadState, character: str) -> HeadState | None:
    """Return the state after a character; `None` if it is refused."""
    if character in ACCIDENTALS:
        # The second of two tied or repeated notes keeps the accidental of the first.
        allowed = not state.sign and head.direction != 0
        return state._replace(sign="^") if allowed else None
    if state.sign in ("", "^"):
        if character not in UPPER_NOTES + LOWER_NOTES:
            return None
        lower = character in LOWER_NOTES
        position = LETTERS.index(character.upper()) + 7 * lower
        after = state._replace(sign="a" if lower else "A", position=position)
    elif character == _MARKS[state.sign]:
        octave = 7 if state.sign == "a" else -7
        after = state._replace(position=state.position + octave)
    else:
        return None
    return after if _leads_into(head, after) else None


def head_is_complete(head: Head, state: HeadState) -> bool:
    """Return whether the head may end here."""
    return state.sign in _MARKS and _allows(head, state, state.position)


def _leads_into(head: Head, state: HeadState) -> bool:
    """Return whether the position is allowed with or without further octave marks."""
    octave = 7 if state.sign == "a" else -7
    # c to b have the positions 7 to 13, C to B 0 to 6.
    marks = (state.position // 7 - (state.sign == "a")) * (1 if state.sign == "a" else -1)
    further = range(_MAX_MARKS - marks + 1)
    return any(_allows(head, state, state.position + octave * count) for count in further)


def _allows(head: Head, state: HeadState, position: int) -> bool:
    if not head.lowest <= position <= head.highest:
        return False
    before = state.before if head.before is None else head.before
    if head.direction is None or before is None:
        return True
    return (position > before) - (position < before) == head.direction
