"""Bar lines: their places, and their effect on bars, repeats, endings and parts.

A bar line is spelled character by character (`:`, `:|`, `:|2`), and most bar lines are also the
beginning of a longer one. `BarLines` accepts a beginning only where a complete bar line with this
beginning is allowed.
"""

from collections.abc import Collection
from typing import NamedTuple

from charnn.music.grammar.bar_filling import BarFilling
from charnn.music.grammar.grammar_state import (
    UNKNOWN_PICKUP,
    GrammarState,
    begin_part,
)
from charnn.music.grammar.tune_form import TuneForm


class _Effect(NamedTuple):
    """The effect of a bar line.

    Attributes:
        ending: the variant ending that begins, 1 or 2; 0 if none begins.
        opens_repeat: whether a repeat begins.
    """

    ending: int = 0
    opens_repeat: bool = False


# Tune books spell one sign in several ways (`|1`, `|[1`), and a model writes them all.
BAR_LINES = {
    "|": _Effect(),
    "||": _Effect(),
    "|]": _Effect(),
    "|:": _Effect(opens_repeat=True),
    ":|": _Effect(),
    "::": _Effect(opens_repeat=True),
    ":|:": _Effect(opens_repeat=True),
    "|1": _Effect(ending=1),
    "|[1": _Effect(ending=1),
    "|\n[1": _Effect(ending=1),
    ":|2": _Effect(ending=2),
    ":|[2": _Effect(ending=2),
    ":| [2": _Effect(ending=2),
    ":|\n[2": _Effect(ending=2),
}
# Beginnings that only a line end or a second ending can continue.
PART_ENDS = ("||", "|]", ":|", ":| ", ":|\n", ":|[", ":| [", ":|\n[")


class BarLines:
    """The rules of bar lines.

    Args:
        characters: the characters that the model can write.
        filling: the arithmetic of bars and parts.
        form: the parts of the tune.

    Attributes:
        has_endings: whether the model can write variant endings.
    """

    def __init__(self, characters: Collection[str], filling: BarFilling, form: TuneForm) -> None:
        self._filling = filling
        self._form = form
        known = frozenset(characters)
        self._signs = tuple(sign for sign in BAR_LINES if known.issuperset(sign))
        ending_signs = {effect.ending for sign, effect in BAR_LINES.items() if sign in self._signs}
        self.has_endings = ending_signs >= {1, 2}
        self._signs_by_beginning: dict[str, list[str]] = {}
        for sign in self._signs:
            for end in range(1, len(sign) + 1):
                self._signs_by_beginning.setdefault(sign[:end], []).append(sign)

    def begin(self, state: GrammarState, character: str) -> GrammarState | None:
        """Return the state after the first character of a bar line.

        The result is `None` if no bar line that is allowed here begins with `character`.
        """
        ends = (0, state.timing.bar, self._filling.last_bar(state))
        if state.bar_unfinished or state.tune_full:
            return None
        if state.labelled and not state.ticks_used:
            return None
        # The first bar of a part may be a pick-up of any length, unless it has a label.
        may_be_pickup = state.in_first_bar and not state.labelled
        if not may_be_pickup and state.ticks_used not in ends:
            return None
        return state._replace(partial=character) if self.may_spell(state, character) else None

    def may_spell(self, state: GrammarState, beginning: str) -> bool:
        """Return whether a bar line that is allowed here begins with these characters."""
        return any(self.after(state, sign) for sign in self._signs_by_beginning.get(beginning, ()))

    def longest_prefix(self, text: str) -> str:
        """Return the longest bar line that begins `text` and is shorter than `text`, or `""`."""
        length = max((n for n in range(1, len(text)) if text[:n] in self._signs), default=0)
        return text[:length]

    def after(self, state: GrammarState, sign: str) -> GrammarState | None:
        """Return the state after the complete bar line `sign`; `None` if `sign` is refused."""
        if sign not in self._signs:
            return None
        ending, opens_repeat = BAR_LINES[sign]
        may_open = state.in_first_bar and not state.repeat_open and sign == "|:"
        opens_first = may_open and self._form.part(state.parts_done).may_repeat
        if not state.ticks_used:
            # Between two parts, only a repeat opens. Books often repeat the double bar at the start
            # of the next line, so an opening may.
            is_double = state.between_parts and sign == "||" and state.in_opening
            if not opens_first and not is_double:
                return None
            return state._replace(partial="", repeat_open=opens_first, between_parts=False)
        is_short = state.ticks_used < state.timing.bar and not state.labelled
        if opens_first and state.pickup < 0 and is_short:
            return _after_outer_pickup(state)
        if sign == "|" or ending == 1:
            return self._after_inner_bar(state, ending)
        if state.ticks_used != self._filling.last_bar(state):
            return None
        # A slur or tie over the end of a part would lead to different notes at a repeat.
        if not self._filling.may_close_part(state) or state.slur or state.tied:
            return None
        if state.has_rest and state.pickup <= 0:
            return None
        if ending == 2:
            return _begin_second_ending(state)
        return self._after_part(state, sign, opens_repeat)

    def _after_inner_bar(self, state: GrammarState, ending: int) -> GrammarState | None:
        """Return the state after a bar line inside a part; the sign may begin a first ending."""
        # A short first bar is a pick-up: the first pick-up sets the length of all.
        if state.in_first_bar and state.pickup and state.ticks_used != state.timing.bar:
            fits = state.pickup in (UNKNOWN_PICKUP, state.ticks_used)
            fits = fits and not (ending or state.labelled)
            begun = state._replace(
                partial="",
                ticks_used=0,
                has_rest=False,
                pickup=state.ticks_used,
                in_first_bar=False,
            )
            return begun if fits else None
        if state.ticks_used != state.timing.bar or not self._filling.may_add_bar(state):
            return None
        if state.in_first_bar and state.pickup > 0:
            return None
        after = state._replace(
            partial="",
            ticks_used=0,
            has_rest=False,
            pickup=max(0, state.pickup),
            bars_done=state.bars_done + 1,
            in_first_bar=False,
            labelled=False,
            closing=0,
        )
        planned = state.planned_part
        if planned and bool(ending) != (after.bars_done == planned.bars_before_endings):
            return None
        if not ending:
            return after
        # A slur or tie into an ending would lead to another note in each ending.
        if state.ending or state.slur or state.tied:
            return None
        may_have_endings = self._form.part(state.parts_done).may_have_endings
        if not may_have_endings or not self._filling.may_begin_ending(after):
            return None
        return after._replace(partial="1", ending=1, bars_before_endings=after.bars_done)

    def _after_part(
        self, state: GrammarState, sign: str, opens_repeat: bool
    ) -> GrammarState | None:
        """Return the state after the bar line at the end of a part."""
        part = self._form.part(state.parts_done)
        # A part with endings ends after the second ending, which is not repeated.
        if sign[0] == ":":
            closes = state.ending == 0 and part.may_repeat
        else:
            plays_once = not state.repeat_open and part.may_play_once
            closes = state.ending == 2 or (state.ending == 0 and plays_once)
        if not closes:
            return None
        parts_done = state.parts_done + 1
        pickup = max(0, state.pickup)
        if parts_done == (len(state.planned_parts) or self._form.max_parts):
            full = begin_part(state, pickup=pickup, parts_done=parts_done, repeat_open=False)
            return None if opens_repeat else full._replace(tune_full=True)
        following = self._form.part(parts_done)
        if opens_repeat and not following.may_repeat:
            return None
        # An opening is also read without labels, and then there is no plan.
        copied = () if following.copied_part is None else state.plans[following.copied_part :][:1]
        return begin_part(
            state,
            pickup=pickup,
            parts_done=parts_done,
            repeat_open=opens_repeat,
            bars_required=sum(map(len, copied)),
        )


def _after_outer_pickup(state: GrammarState) -> GrammarState | None:
    """Return the state after a `|:` that follows the pick-up of the tune.

    The pick-up lies outside the repeat and is played only once, so all parts consist of full bars.
    """
    if state.slur or state.tied:
        return None
    return begin_part(state, pickup=0, parts_done=state.parts_done, repeat_open=True)


def _begin_second_ending(state: GrammarState) -> GrammarState | None:
    """Return the state at the start of a second ending; `None` if no first ending precedes it.

    The part must have as many bars with its second ending as with its first ending.
    """
    if state.ending != 1:
        return None
    return state._replace(
        partial="1",
        ticks_used=0,
        bars_done=state.bars_before_endings,
        ending=2,
        bars_required=state.bars_done + 1,
        labelled=False,
        closing=0,
    )
