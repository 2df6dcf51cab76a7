"""Signs before and around notes: accidentals, ties, chords, graces and chord symbols.

While such a sign is unfinished, `GrammarState.partial` contains only what decides about the next
character, so that many signs (chords of three notes, for example) have the same state:

- an accidental: its characters;
- a chord or graces: the bracket, the last sign, the number of notes so far. The last sign is
  `^` after an accidental, `A` or `a` after a note, and `-` at the start or after an octave mark;
- a chord symbol: see `chord_spelling`.
"""

from charnn.music.grammar.grammar_state import GrammarState, begin_note
from charnn.music.grammar.notation import (
    ACCIDENTALS,
    KIND,
    LOWER_NOTES,
    TONICS,
    UPPER_NOTES,
)

# The limits keep the number of states small and force a model to close the sign.
MAX_NOTES_IN_BRACKETS = 4

# Octave marks go down after an upper-case letter and up after a lower-case one: C' would be c.
OCTAVE_MARKS = ("A,", "a'")
EMPTY_CHORD, EMPTY_GRACES = "[-0", "{-0"
# After the letter of a tied note whose octave mark must follow.
TIED_LETTER = "-"


def after_accidental(state: GrammarState, character: str) -> GrammarState | None:
    """Return the state after a character that follows an accidental; `None` if refused."""
    if character == state.partial and character in "^_":
        return state._replace(partial=2 * character)
    if not _is_note(character):
        return None
    return begin_note(state._replace(partial=""), KIND[character])


def tied_note(state: GrammarState, character: str) -> GrammarState | None:
    """Return the state after the letter of the note after a tie; `None` if it is another letter."""
    if character != state.pitch[0]:
        return None
    if len(state.pitch) > 1:
        return state._replace(partial=TIED_LETTER)
    return begin_note(state, ",", state.pitch, on_tonic=character in TONICS)


def after_tied_letter(state: GrammarState, character: str) -> GrammarState | None:
    """Return the state after the octave mark of a tied note; `None` if it is another character."""
    if character != state.pitch[1]:
        return None
    on_tonic = state.pitch[0] in TONICS
    return begin_note(state._replace(partial=""), ",", state.pitch, on_tonic=on_tonic)


def in_brackets(state: GrammarState, character: str) -> GrammarState | None:
    """Return the state after a character in a chord (`[`) or graces (`{`); `None` if refused."""
    bracket, last, count = state.partial[0], state.partial[1], int(state.partial[2])
    if count < MAX_NOTES_IN_BRACKETS and character in ACCIDENTALS and last != "^":
        return state._replace(partial=f"{bracket}^{count}")
    if count < MAX_NOTES_IN_BRACKETS and _is_note(character):
        return state._replace(partial=f"{bracket}{KIND[character]}{count + 1}")
    if last + character in OCTAVE_MARKS:
        return state._replace(partial=f"{bracket}-{count}")
    if not count or last == "^":
        return None
    if bracket + character == "[]":
        return begin_note(state._replace(partial=""), "]")
    if bracket + character == "{}":
        return state._replace(partial="}", has_prefix=True)
    return None


def _is_note(character: str) -> bool:
    return character in UPPER_NOTES or character in LOWER_NOTES
