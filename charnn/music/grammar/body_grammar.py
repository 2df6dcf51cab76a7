"""The body of a tune: which character may come next among notes and bar lines.

Every step leaves the tune finishable, so no text leads into a dead end:

- the time left in a bar can always be filled (`bar_filling`);
- what needs a note (an accidental, a slur, a tie, graces ...) is begun only where a note fits;
- no bar line is accepted after which the part could not be completed (`bar_lines`).
"""

from collections.abc import Callable, Collection, Hashable

from charnn.music.grammar.bar_filling import BarFilling
from charnn.music.grammar.bar_lines import PART_ENDS, BarLines
from charnn.music.grammar.grammar_state import (
    EMPTY_SLUR,
    IN_SLUR,
    NO_SLUR,
    GrammarState,
    begin_note,
)
from charnn.music.grammar.notation import (
    ACCIDENTALS,
    DECORATIONS,
    GROUPS,
    KIND,
    LOWER_NOTES,
    RESTS,
    TUPLETS,
    UPPER_NOTES,
)
from charnn.music.grammar.note_prefixes import (
    EMPTY_CHORD,
    EMPTY_GRACES,
    OCTAVE_MARKS,
    after_accidental,
    in_brackets,
    in_chord_symbol,
)

# Of one note. Without a limit a model could go on with decorations for ever.
MAX_DECORATIONS = 3

_Step = Callable[[GrammarState, str], GrammarState | None]


class BodyGrammar:
    """The grammar of the body.

    Args:
        characters: those that can be written.
        part_bars: bars in every part; 0 for the usual numbers.
    """

    def __init__(self, characters: Collection[str], part_bars: int) -> None:
        self._characters = frozenset(characters)
        self.filling = BarFilling(characters, part_bars)
        self.bar_lines = BarLines(characters, self.filling)
        known = ([c for c in group if c in self._characters] for group in GROUPS)
        self._representatives = str.maketrans({c: group[0] for group in known for c in group})
        # What continues an unfinished sign, by its first character.
        self._continuations: dict[str, _Step] = {
            **dict.fromkeys(ACCIDENTALS, after_accidental),
            **dict.fromkeys("[{", in_brackets),
            **dict.fromkeys("|:", self._in_bar_line),
            "(": self._after_parenthesis,
            '"': in_chord_symbol,
            "1": self._after_ending_number,
        }

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character of the body; `None` where it is wrong."""
        if continue_sign := self._continuations.get(state.partial[:1]):
            return continue_sign(state, character)
        if state.note:
            return self._after_note(state, character)
        return self._between_signs(state, character)

    # Where no sign is unfinished

    def _between_signs(self, state: GrammarState, character: str) -> GrammarState | None:
        if character in "|:":
            return self.bar_lines.begin(state, character)
        if character == "\n":
            # A line ends only after a bar line: many programs take a line end for one.
            wrong = state.partial == "\n" or state.ticks_used
            return None if wrong else state._replace(partial="\n")
        if state.tune_full:
            return None  # only line ends may follow the last part
        if character == " ":
            begun = state.ticks_used and not (
                state.partial or state.note_announced or state.slur == EMPTY_SLUR
            )
            return state._replace(partial=" ") if begun and self._note_fits(state) else None
        if character == ")":
            done = state.slur == IN_SLUR and not (state.note_announced or state.tied)
            return state._replace(slur=NO_SLUR, partial="") if done else None
        # All that remains is a note, or must be followed by one.
        return self._note_or_prefix(state, character) if self._note_fits(state) else None

    def _note_or_prefix(self, state: GrammarState, character: str) -> GrammarState | None:
        if character in UPPER_NOTES or character in LOWER_NOTES:
            return begin_note(state, KIND[character])
        if character in RESTS:
            # Decorations, graces and chord symbols belong to notes; and a tie needs a note.
            right = state.rest_allowed and not (state.tied or state.note_announced)
            return begin_note(state, "z") if right else None
        if character in ACCIDENTALS:
            return state._replace(partial=character, between_parts=False)
        if character == "[" and "]" in self._characters:
            return state._replace(partial=EMPTY_CHORD, between_parts=False)
        if character in DECORATIONS:
            # Programs disagree about a decoration between `>` and the second note.
            right = state.decorations < MAX_DECORATIONS and not state.pair.note_ticks
            decorated = state._replace(
                partial="", decorations=state.decorations + 1, between_parts=False
            )
            return decorated if right else None
        # Programs disagree about a decoration before any of the signs that remain.
        return None if state.decorations else self._slur_graces_or_symbol(state, character)

    def _slur_graces_or_symbol(self, state: GrammarState, character: str) -> GrammarState | None:
        if character == "(":
            right = not state.slur or self._tuplet_fits(state)
        elif character == "{":
            right = state.partial != "}" and "}" in self._characters
        else:
            right = character == '"' and not state.has_prefix
        if not right:
            return None
        partial = EMPTY_GRACES if character == "{" else character
        return state._replace(partial=partial, between_parts=False)

    # After a note, whose octave may still change and whose length may still grow

    def _after_note(self, state: GrammarState, character: str) -> GrammarState | None:
        if not state.length and (state.note + character) in OCTAVE_MARKS:
            return state._replace(partial="", note=",")
        if character in "0123456789/":
            length = state.length + character
            fits = self.filling.accepts_length(state, length)
            return state._replace(partial="", length=length) if fits else None
        if state.partial == "\n" and character == ":":
            return None  # `A:` at the start of a line would be a header field
        if character in "<>":
            return self.filling.begin_pair(state, character)
        finished = self.filling.finish_note(state)
        if finished is None:
            return None
        if character == "-":
            # In the last bar of a part, a tie needs a note in the same bar.
            goes_on = self.filling.remaining(finished) > 0 or self.filling.may_add_bar(finished)
            return finished._replace(tied=True) if goes_on and state.note != "z" else None
        return self._between_signs(finished, character)

    # After the beginning of a sign

    def _after_parenthesis(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after `(` and the number of a tuplet, or the first sign in a slur."""
        if character.isdecimal():
            return self.filling.begin_tuplet(state, character)
        if state.slur or character in " |:\n)":
            return None
        return self._between_signs(state._replace(partial="", slur=EMPTY_SLUR), character)

    def _after_ending_number(self, state: GrammarState, character: str) -> GrammarState | None:
        begun = state._replace(partial="")
        if character == " ":
            return begun._replace(partial=" ")
        return self._between_signs(begun, character)

    def _in_bar_line(self, state: GrammarState, character: str) -> GrammarState | None:
        # Longest match: `:` and `|` may become `:|2`, and are complete only when they cannot.
        text = state.partial + character
        if self.bar_lines.may_spell(state, text):
            return state._replace(partial=text)
        # No bar line begins so: a shorter one is complete, and the rest comes after it.
        bar_line = self.bar_lines.longest_prefix(text)
        after = self.bar_lines.after(state, bar_line)
        for following in text[len(bar_line) :]:
            after = after and self.step(after, following)
        return after

    def _note_fits(self, state: GrammarState) -> bool:
        return self.filling.accepts_length(state, "")

    def _tuplet_fits(self, state: GrammarState) -> bool:
        return any(self.filling.begin_tuplet(state, str(size)) for size in TUPLETS)

    # For the sampler, which asks about all tokens at once (see `charnn.sampling.grammar`)

    def canonical(self, state: GrammarState, text: str) -> str:
        """Return a text that is accepted here exactly if this one is.

        All upper-case notes are alike, for one; but inside a chord symbol the letters differ.
        """
        in_symbol = state.partial[:1] == '"'
        return text if in_symbol else text.translate(self._representatives)

    def bar_line_possible(self, state: GrammarState) -> bool:
        """Return `False` only where neither a bar line nor a line end can be right."""
        if state.partial[:1] in self._continuations:
            return state.partial[0] in "|:1"
        here = self.filling.finish_note(state) if state.note else state
        if here is None:
            return False
        ends = (0, here.timing.bar, self.filling.last_bar(here))
        return here.in_first_bar or here.ticks_used in ends

    def key_within_bar(self, state: GrammarState) -> Hashable:
        """Return what decides about texts without bar lines and line ends: how much time the bar
        has left, not how many bars the part has."""
        if state.partial[:1] in ("|", ":"):
            return state
        return (
            state.partial,
            state.note,
            state.length,
            self.filling.remaining(state),
            bool(state.ticks_used),
            state.timing.unit,
            state.tuplet,
            state.pair,
            state.slur,
            state.tied,
            state.decorations,
            state.has_prefix,
            state.tune_full,
            state.rest_allowed,
            self.filling.may_add_bar(state),
        )

    def finishing_characters(self, state: GrammarState) -> str:
        """Return characters of which the first accepted one leads towards the end of the tune.

        The order is: finish what is open, then the bar line, then a note with a growing length.
        """
        # `:` alone, and `|` at the start of a part, are the beginnings of `:|` and `|:`.
        if state.partial == ":":
            return "|"
        if state.partial[:1] == "|" and not state.ticks_used:
            return ":" + UPPER_NOTES + LOWER_NOTES
        if state.partial in PART_ENDS:
            return "2[" if state.ending == 1 else "\n"
        if state.partial[:1] == '"':
            return '"A'
        bar_line = ":|" if state.repeat_open or state.ending == 1 else "|:"
        if not (state.ticks_used or state.note):
            bar_line = ""  # at the start of a bar it would open repeats for ever
        may_close = self.filling.may_close_part(state)
        goal = self.filling.last_bar(state) if may_close else self.filling.capacity(state)
        ticks_left = goal - state.ticks_used
        too_long = 0 < ticks_left < self.filling.note_ticks(state, state.length)
        shorter = "/" if too_long else ""
        # Inside a slur, only the number of a tuplet may follow `(`.
        number = "2" * bool(state.partial)
        notes = UPPER_NOTES + LOWER_NOTES
        return ")}]" + shorter + bar_line + number + notes + "/2345678910"
