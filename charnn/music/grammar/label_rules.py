"""The rules of bar labels, for models that read and write coded tunes.

Every bar has a label (`charnn.music.coding.bar_labels`) before its first sign, except a pick-up. So
after a label the bar must be full, and a first bar without one must be short.

A part that comes back in the form (`tune_form`) must have the labels of its first time. The state
contains them as a plan.
"""

from collections.abc import Collection, Hashable

from charnn.music.coding.bar_labels import LABELLED_BARS, LABELS, label, place
from charnn.music.grammar.grammar_state import EMPTY_SLUR, UNKNOWN_PICKUP, GrammarState
from charnn.music.grammar.tune_form import TuneForm

FIRST_LABEL = label(0, 0)


class LabelRules:
    """The rules of bar labels; without labels among `characters`, no bar has one.

    Args:
        characters: the characters that the model can write.
        form: the parts of the tune.
    """

    def __init__(self, characters: Collection[str], form: TuneForm) -> None:
        self._used = not LABELS.isdisjoint(characters)
        self._form = form

    def step(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after a label; `None` if the label is refused."""
        # A bar repeats an earlier one, or is new and has the label of its own place.
        if not self.possible(state) or place(character) > _own_place(state):
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

    def _planned(self, state: GrammarState) -> str:
        """Return the label that this bar must have; `""` if the part is new."""
        copied = self._form.part(state.parts_done).copied_part
        return "" if copied is None else state.plans[copied][state.bars_done]

    def possible(self, state: GrammarState) -> bool:
        """Return whether a label may come next."""
        if not self._used or state.labelled or state.ticks_used or state.note or state.tune_full:
            return False
        in_pickup = state.in_first_bar and state.pickup > 0
        begun = state.note_announced or state.slur == EMPTY_SLUR
        return not (in_pickup or begun) and state.partial in ("", " ", "\n", "1")

    def required(self, state: GrammarState) -> bool:
        """Return whether no note may come before a label."""
        may_be_pickup = state.in_first_bar and state.pickup == UNKNOWN_PICKUP
        return self.possible(state) and not may_be_pickup

    def key(self, state: GrammarState) -> Hashable:
        """Return a key that determines which labels are accepted."""
        if not self.possible(state):
            return None
        return _own_place(state), self._planned(state), self.required(state)

    def finishing_labels(self, state: GrammarState) -> str:
        """Return labels, one of which is accepted if the next character may be a label."""
        # A bar line that is still unfinished may begin another bar or part, so all plans count.
        return "".join(dict.fromkeys(FIRST_LABEL + "".join(state.plans)))


def _own_place(state: GrammarState) -> tuple[int, int]:
    """Return the part and the number of this bar among the written bars of the part, from 0."""
    bar = state.bars_done
    if state.ending == 2:
        bar += state.bars_required - state.bars_before_endings
    return state.parts_done, min(bar, LABELLED_BARS - 1)
