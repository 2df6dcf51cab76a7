"""The body of a tune: the characters that may come next among notes and bar lines.

After every accepted character the tune can be finished, so no text leads into a dead end:

- the time left in a bar can always be filled (`bar_filling`);
- a sign that needs a note (an accidental, a slur, a tie, graces ...) is begun only where a note
  fits;
- a bar line is accepted only if the part can be completed after it (`bar_lines`).
"""

from collections.abc import Callable, Collection, Hashable

from charnn.music.coding.bar_labels import CADENCES, LABELS
from charnn.music.grammar.bar_filling import BarFilling
from charnn.music.grammar.bar_lines import PART_ENDS, BarLines
from charnn.music.grammar.chord_spelling import CHORD_SIGNS, ChordSpelling, may_have_symbol
from charnn.music.grammar.grammar_state import (
    EMPTY_SLUR,
    IN_SLUR,
    NO_SLUR,
    GrammarState,
    begin_note,
)
from charnn.music.grammar.label_rules import LabelRules
from charnn.music.grammar.notation import (
    ACCIDENTALS,
    DECORATIONS,
    GROUPS,
    KIND,
    LOWER_NOTES,
    OTHER_NOTES,
    RESTS,
    STACCATO,
    TONICS,
    TUPLETS,
    UPPER_NOTES,
)
from charnn.music.grammar.note_prefixes import (
    EMPTY_CHORD,
    EMPTY_GRACES,
    OCTAVE_MARKS,
    TIED_LETTER,
    after_accidental,
    after_tied_letter,
    in_brackets,
    tied_note,
)
from charnn.music.grammar.tune_form import TuneForm

# The decorations of one note: models repeat them (`...A`), so only an opening may have several.
MAX_DECORATIONS, MAX_DECORATIONS_IN_OPENING = 1, 3

_Step = Callable[[GrammarState, str], GrammarState | None]


class BodyGrammar:
    """The grammar of the body of a tune, which follows the header.

    Args:
        characters: the characters that the model can write.
        part_bars: the number of bars in every part; 0 allows 4 or 8 bars.
        form: the parts of the tune.

    Attributes:
        filling: the arithmetic of bars and parts.
        bar_lines: the rules of bar lines.
        labels: the rules of bar labels.
    """

    def __init__(self, characters: Collection[str], part_bars: int, form: TuneForm) -> None:
        self._characters = frozenset(characters)
        self._form = form
        self.filling = BarFilling(characters, part_bars)
        self.bar_lines = BarLines(characters, self.filling, form)
        self.labels = LabelRules(characters, self.filling, form)
        known = ([c for c in group if c in self._characters] for group in GROUPS)
        self._has_ties = "-" in self._characters
        self._representatives = str.maketrans({c: group[0] for group in known for c in group})
        # The method that continues an unfinished sign, by the first character of the sign.
        self._continuations: dict[str, _Step] = {
            **dict.fromkeys(ACCIDENTALS, after_accidental),
            **dict.fromkeys("[{", in_brackets),
            **dict.fromkeys("|:", self._in_bar_line),
            "(": self._after_parenthesis,
            '"': ChordSpelling(characters).step,
            "1": self._after_ending_number,
            TIED_LETTER: after_tied_letter,
        }

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a character of the body; `None` if the character is refused."""
        if continue_sign := self._continuations.get(state.partial[:1]):
            return continue_sign(state, character)
        if state.note:
            return self._after_note(state, character)
        return self._between_signs(state, character)

    # Where no sign is unfinished

    def _between_signs(self, state: GrammarState, character: str) -> GrammarState | None:
        if character in LABELS or character in CADENCES:
            return self.labels.step(state, character)
        if character in "|:":
            return self.bar_lines.begin(state, character)
        if character == "\n":
            # A line ends only after a bar line, because many programs read a line end as one.
            begun = state.ticks_used or state.labelled or state.bar_unfinished
            return None if begun or state.partial == "\n" else state._replace(partial="\n")
        state = self.labels.closed_in_opening(state)
        if state.tune_full or self.labels.required(state):
            return None  # only line ends may follow the last part, only a label a bar line
        if character == " ":
            begun = state.ticks_used and not (
                state.partial or state.note_announced or state.slur == EMPTY_SLUR
            )
            return state._replace(partial=" ") if begun and self._note_fits(state, " ") else None
        if character == ")":
            done = state.slur == IN_SLUR and not (state.note_announced or state.tied)
            return state._replace(slur=NO_SLUR, partial="") if done else None
        # Every other character is a note or needs a note after it.
        return self._note_or_prefix(state, character) if self._note_fits(state, character) else None

    def _note_or_prefix(self, state: GrammarState, character: str) -> GrammarState | None:
        if state.tied_pitch:
            # An accidental changes the pitch, and abc2midi drops ties before graces or decorations.
            may_precede = character in '("'
            following = self._slur_graces_or_symbol if may_precede else tied_note
            return following(state, character)
        if character in UPPER_NOTES or character in LOWER_NOTES:
            can_be_tied = self._has_ties and state.partial != STACCATO
            pitch = character if can_be_tied else ""
            return begin_note(state, KIND[character], pitch, on_tonic=character in TONICS)
        if character in RESTS:
            # Decorations, graces, chord symbols and ties need a note, not a rest.
            allowed = state.rest_allowed and not (state.tied or state.note_announced)
            return begin_note(state, "z") if allowed and self.filling.may_have_rest(state) else None
        if character in ACCIDENTALS:
            return state._replace(partial=character, between_parts=False)
        if character == "[" and "]" in self._characters:
            return state._replace(partial=EMPTY_CHORD, between_parts=False)
        if character in DECORATIONS:
            # Programs disagree about one between `>` and the second note.
            most = MAX_DECORATIONS_IN_OPENING if state.in_opening else MAX_DECORATIONS
            if state.decorations >= most or (state.pair.note_ticks and not state.in_opening):
                return None
            begun = state._replace(decorations=state.decorations + 1, between_parts=False)
            return begun._replace(partial=STACCATO * (STACCATO in (character, state.partial)))
        # Programs disagree about a decoration before a slur, a tuplet, graces or a chord symbol.
        return None if state.decorations else self._slur_graces_or_symbol(state, character)

    def _slur_graces_or_symbol(self, state: GrammarState, character: str) -> GrammarState | None:
        if character == "(":
            allowed = not state.slur or self._tuplet_fits(state)
        elif character == "{":
            allowed = state.partial != "}" and "}" in self._characters
        else:
            allowed = character == '"' and not state.has_prefix and may_have_symbol(state)
        if not allowed:
            return None
        partial = EMPTY_GRACES if character == "{" else character
        return state._replace(partial=partial, between_parts=False)

    # After a note, whose octave may still change and whose length may still grow

    def _after_note(self, state: GrammarState, character: str) -> GrammarState | None:
        if not state.length and (state.note + character) in OCTAVE_MARKS:
            pitch = state.pitch and state.pitch + character
            return state._replace(partial="", note=",", pitch=pitch)
        if state.in_opening and not state.length and state.note == "," and character in ",'":
            return state  # a low note of an opening may be coded an octave lower still
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
            goes_on = self.filling.remaining(finished) > 0 or self.filling.may_tie_over(finished)
            # Neither note of a tie has an accidental. With one, the tie would break where a coded
            # tune (`charnn.music.coding`) is respelled.
            can_be_tied = bool(state.pitch) or (state.in_opening and state.note != "z")
            tied = finished._replace(tied=True, pitch=state.pitch)
            return tied if goes_on and can_be_tied else None
        return self._between_signs(finished, character)

    # After the beginning of a sign

    def _after_parenthesis(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after `(` and one more character; `None` if the character is refused.

        A digit is the number of a tuplet. Any other character is the first one inside a slur.
        """
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
        # Longest match: `:` may become `:|2`. A bar line is complete when no longer one fits.
        text = state.partial + character
        if self.bar_lines.may_spell(state, text):
            return state._replace(partial=text)
        # No bar line begins with `text`, so a shorter bar line is complete, and the rest follows.
        bar_line = self.bar_lines.longest_prefix(text)
        after = self.bar_lines.after(state, bar_line)
        for following in text[len(bar_line) :]:
            after = after and self.step(after, following)
        return after

    def _note_fits(self, state: GrammarState, character: str) -> bool:
        """Return whether a note fits that is `character`, or that follows this sign."""
        here = state._replace(on_tonic=character not in OTHER_NOTES) if state.needs_tonic else state
        return self.filling.accepts_length(here, "")

    def _tuplet_fits(self, state: GrammarState) -> bool:
        return any(self.filling.begin_tuplet(state, str(size)) for size in TUPLETS)

    # For the sampler, which asks about all tokens at once (see `charnn.sampling.grammar`)

    def canonical(self, state: GrammarState, text: str) -> str:
        """Return a text that is accepted here if and only if `text` is accepted.

        For example, every upper-case note becomes `A`, because all of them are accepted in the same
        places. The letters inside a chord symbol, after a tie and in a bar that must end on the
        tonic are not interchangeable and stay unchanged.
        """
        unchanged = state.partial[:1] == '"' or state.tied_pitch or state.needs_tonic
        return text if unchanged else text.translate(self._representatives)

    def bar_line_possible(self, state: GrammarState) -> bool:
        """Return whether a bar line or line end could be accepted here.

        `False` is certain. After `True`, all bar lines and line ends may still be refused.
        """
        if state.partial[:1] in self._continuations:
            return state.partial[0] in "|:1"
        finished = self.filling.finish_note(state) if state.note else state
        if finished is None:
            return False
        ends = (0, finished.timing.bar, self.filling.last_bar(finished))
        return finished.in_first_bar or finished.ticks_used in ends

    def key_within_bar(self, state: GrammarState) -> Hashable:
        """Return a key that determines which texts without bar lines and line ends are accepted.

        States with the same key accept the same texts of this kind. The key contains the time that
        is left in the bar, but not the number of bars of the part.
        """
        if state.partial[:1] in ("|", ":"):
            return state
        return (
            state.partial,
            state.note,
            state.length,
            self.filling.remaining(state),
            state.timing,
            state.tuplet,
            state.pair,
            state.slur,
            state.tied,
            # No token of a vocabulary contains a tie and its note, so the pitch before the tie
            # decides nothing.
            state.tied_pitch or bool(state.pitch),
            state.decorations,
            state.has_prefix,
            state.ticks_used,  # decides about a chord symbol after the open note
            state.tune_full,
            state.rest_allowed,
            self.filling.may_add_bar(state),
            self.filling.may_tie_over(state),
            self.filling.may_have_rest(state),
            self.labels.key(state),
            state.needs_tonic,
            state.on_tonic,
        )

    def finishing_characters(self, state: GrammarState) -> str:
        """Return candidates for the next character, the preferred ones first.

        The first candidate that is accepted leads towards the end of the tune. The order is: the
        end of an open sign, then a bar line, then a note, then a longer length.
        """
        # `:` begins `:|`. At the start of a part, `|` begins `|:`.
        if state.partial == ":":
            return "|"
        if state.partial[:1] == "|" and not state.ticks_used:
            return ":" + self.labels.finishing_labels(state) + UPPER_NOTES + LOWER_NOTES + "|"
        if state.partial in PART_ENDS:
            return "2[" if state.ending == 1 else "\n"
        if state.partial[:1] == '"':
            return '"A' + UPPER_NOTES + CHORD_SIGNS
        if state.partial == TIED_LETTER:
            return state.pitch[1]
        repeats = state.repeat_open or not self._form.part(state.parts_done).may_play_once
        bar_line = ":|" if repeats or state.ending == 1 else "|:"
        if not (state.ticks_used or state.note):
            bar_line = ""  # at the start of a bar, a bar line could open repeats for ever
        may_close = self.filling.may_close_part(state)
        goal = self.filling.last_bar(state) if may_close else self.filling.capacity(state)
        ticks_left = goal - state.ticks_used
        too_long = 0 < ticks_left < self.filling.note_ticks(state, state.length)
        shorter = "/" if too_long else ""
        number = "2" * bool(state.partial)  # inside a slur, only that of a tuplet may follow `(`
        notes = TONICS * state.needs_tonic + UPPER_NOTES + LOWER_NOTES
        labels = self.labels.finishing_labels(state)
        return ")}]" + shorter + bar_line + number + labels + notes + "/2345678910["
