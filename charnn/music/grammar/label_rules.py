"""The rules of bar labels, for models that read and write coded tunes.

Every bar has a label (`charnn.music.coding.bar_labels`) before its first sign, except a pick-up. So
after a label the bar must be full, and a first bar without one must be short. In the last bar of a
part, a cadence must follow the label; there the bar may be short as well.

A part that comes back in the form (`tune_form`) must have the labels of its first time. The state
contains them as a plan.
"""

from collections.abc import Collection, Hashable

from charnn.music.coding.bar_labels import (
    CADENCES,
    FULL_CADENCES,
    LABELLED_BARS,
    SHORT_CADENCES,
    has_labels,
    label,
    place,
)
from charnn.music.grammar.bar_filling import BarFilling
from charnn.music.grammar.grammar_state import (
    CLOSING,
    CLOSING_HOME,
    UNKNOWN_PICKUP,
    GrammarState,
)
from charnn.music.grammar.notation import TONICS
from charnn.music.grammar.tune_form import TuneForm

FIRST_LABEL = label(0, 0)
HOME_CADENCES = (FULL_CADENCES[1], SHORT_CADENCES[1])


class LabelRules:
    """The rules of bar labels; without labels among `characters`, no bar has one.

    Args:
        characters: the characters that the model can write.
        filling: the arithmetic of bars and parts.
        form: the parts of the tune.
    """

    def __init__(self, characters: Collection[str], filling: BarFilling, form: TuneForm) -> None:
        self._used = has_labels(characters)
        self._filling = filling
        self._form = form

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a label or a cadence; `None` if it is refused."""
        if character in CADENCES:
            return self._step_to_cadence(state, character)
        # A bar repeats an earlier one, or is new and has the label of its own place.
        if not self.possible(state) or place(character) > own_place(state):
            return None
        if character != (self._planned(state) or character):
            return None
        # A line that begins with a label and a note begins with the note when it is decoded.
        partial = "\n" if state.partial == "\n" else ""
        plans = state.plans
        if self._form.part(state.parts_done).copied_later:
            before = plans[state.parts_done :] or ("",)
            padding = ("",) * (state.parts_done - len(plans))
            plans = plans[: state.parts_done] + padding + (before[0] + character,)
        return state._replace(partial=partial, labelled=True, between_parts=False, plans=plans)

    def _step_to_cadence(self, state: GrammarState, character: str) -> GrammarState | None:
        cadences = self.cadences(state)
        if character not in cadences:
            return None
        return state._replace(closing=CLOSING_HOME if character in HOME_CADENCES else CLOSING)

    def cadences(self, state: GrammarState) -> tuple[str, ...]:
        """Return the cadences that may come next, after the label of a possible last bar."""
        if not state.labelled or state.closing or not _is_untouched(state):
            return ()
        cadences = self._filling.cadences(state)
        if not cadences or not state.tied_pitch:
            return cadences
        # The note of a tie from the bar before must leave room for the tonic.
        on_tonic = state.tied_pitch[0] in TONICS
        tied = state._replace(closing=CLOSING_HOME, on_tonic=on_tonic)
        return cadences if self._filling.accepts_length(tied, "") else cadences[:1]

    def closed_in_opening(self, state: GrammarState) -> GrammarState:
        """Return the state with the cadence that an opening lacks whose last bar is unfinished."""
        is_missing = state.in_opening and self.cadences(state) and self.required(state)
        return state._replace(closing=CLOSING) if is_missing else state

    def _planned(self, state: GrammarState) -> str:
        """Return the label that this bar must have; `""` if the part is new."""
        copied = self._form.part(state.parts_done).copied_part
        return "" if copied is None else state.plans[copied][state.bars_done]

    def possible(self, state: GrammarState) -> bool:
        """Return whether a label may come next."""
        in_pickup = state.in_first_bar and state.pickup > 0
        if not self._used or state.labelled or state.tune_full or in_pickup:
            return False
        return _is_untouched(state)

    def required(self, state: GrammarState) -> bool:
        """Return whether no note may come before a label, or before a cadence."""
        if self.cadences(state):
            return self._filling.needs_cadence(state)
        may_be_pickup = state.in_first_bar and state.pickup == UNKNOWN_PICKUP
        return self.possible(state) and not may_be_pickup

    def key(self, state: GrammarState) -> Hashable:
        """Return a key that determines which labels are accepted."""
        if cadences := self.cadences(state):
            return cadences, self.required(state)
        if not self.possible(state):
            return None
        return own_place(state), self._planned(state), self.required(state)

    def finishing_labels(self, state: GrammarState) -> str:
        """Return labels, one of which is accepted if the next character may be a label."""
        # A bar line that is still unfinished may begin another bar or part, so all plans count.
        return "".join(dict.fromkeys([*self.cadences(state), FIRST_LABEL, *"".join(state.plans)]))


def _is_untouched(state: GrammarState) -> bool:
    """Return whether nothing of this bar has been written, except for its label."""
    begun = state.ticks_used or state.note or state.bar_unfinished
    return not begun and state.partial in ("", " ", "\n", "1")


def own_place(state: GrammarState) -> tuple[int, int]:
    """Return the part and the number of this bar among the written bars of the part, from 0."""
    bar = state.bars_done
    if state.ending == 2:
        bar += state.bars_required - state.bars_before_endings
    return state.parts_done, min(bar, LABELLED_BARS - 1)
