"""The filling of a bar: its length, and the notes and lengths that still fit into it.

Outside tuplets and broken pairs, every note begins at a multiple of the shortest length. `can_fill`
accepts only bars whose length is a multiple of the shortest length, so the rest of a bar can always
be filled. A tuplet is begun only where all of its notes fit. Lengths are in ticks
(`TICKS_PER_WHOLE_NOTE`).

If a tune begins with a pick-up, every part begins with one, and the last bar of every part is
shorter by the length of the pick-up. Pick-up and last bar together make one full bar, so the beat
goes on through all repeats.

Where no pick-up follows, the last bar of a part has no rest. A model that has forgotten to make the
last note long enough would otherwise fill the bar with rests. (In music21's books, 12 % of these
parts end with a rest.) Variant endings have one or two bars, as 85 % of those in the books.
"""

from collections.abc import Collection

from charnn.music.coding.bar_labels import (
    FULL_CADENCES,
    SHORT_CADENCES,
    has_labels,
)
from charnn.music.grammar.grammar_state import (
    NO_PAIR,
    NO_TUPLET,
    TICKS_PER_WHOLE_NOTE,
    UNKNOWN_PICKUP,
    BrokenPair,
    GrammarState,
    Timing,
    Tuplet,
)
from charnn.music.grammar.notation import LENGTHS, NOTES_PER_UNIT, TUPLETS, written_ticks

# The numbers of bars that a part may have, the largest last. In music21's books of dance tunes,
# 77 % of the parts have 8 bars (`benchmarks/RESULTS.md`).
DEFAULT_PART_BARS = (4, 8)
MAX_ENDING_BARS = 2
_EIGHTH = TICKS_PER_WHOLE_NOTE // 8
_LONGER_THAN_1 = [length for length in LENGTHS if length[:1] == "1" and length != "1"]


class BarFilling:
    """The arithmetic of bars and parts.

    Args:
        characters: the characters that the model can write.
        part_bars: the number of bars in every part; 0 for `DEFAULT_PART_BARS`.
    """

    def __init__(self, characters: Collection[str], part_bars: int) -> None:
        self._part_bars = (part_bars,) if part_bars else DEFAULT_PART_BARS
        self._characters = frozenset(characters)
        self._lengths = tuple(text for text in LENGTHS if self._characters.issuperset(text))
        # Without "/" nothing shorter than the unit can be written.
        self._notes_per_unit = NOTES_PER_UNIT if "/" in self._characters else 1
        self._uses_labels = has_labels(characters)
        # The bars of a small book may have cadences of one kind only: the other kind is not used.
        self._full_cadences, self._short_cadences = (
            kind if self._uses_labels and self._characters.issuperset(kind) else ()
            for kind in (FULL_CADENCES, SHORT_CADENCES)
        )
        self._accepted_lengths: dict[tuple[object, ...], bool] = {}
        self._finished: tuple[GrammarState | None, GrammarState | None] = (None, None)

    def can_fill(self, timing: Timing) -> bool:
        """Return whether notes can fill a bar of `timing.bar` ticks with this `timing.unit`."""
        # A bar of less than two units or more than four whole notes is a slip (M:1/8, M:33/8).
        on_grid = not timing.bar % (timing.unit // self._notes_per_unit)
        return on_grid and 2 * timing.unit <= timing.bar <= 4 * TICKS_PER_WHOLE_NOTE

    @property
    def part_lengths(self) -> str:
        """Return the allowed numbers of bars of a part in words."""
        return " or ".join(map(str, self._part_bars))

    # The length of bars and parts

    def capacity(self, state: GrammarState) -> int:
        """Return the greatest allowed length of this bar in ticks.

        All pick-ups have the length of the first pick-up of the tune. The last bar of a part is
        shorter than a full bar by the length of the pick-up.
        """
        if state.in_first_bar and state.pickup > 0:
            return state.pickup
        may_be_pickup = state.in_first_bar and state.pickup == UNKNOWN_PICKUP
        if self._uses_labels and may_be_pickup and not state.labelled:
            # Only a pick-up has no label, and it is shorter than a bar.
            return state.timing.bar - self._shortest_note(state)
        return state.timing.bar if self.may_add_bar(state) else self.last_bar(state)

    def remaining(self, state: GrammarState) -> int:
        """Return the ticks of this bar that the next note or the open one may take.

        If the bar must end on the tonic, other notes leave at least an eighth for it.
        """
        left = self.capacity(state) - state.ticks_used
        leaves_room = state.needs_tonic and not state.on_tonic
        return left - max(state.timing.unit, _EIGHTH) if leaves_room else left

    def last_bar(self, state: GrammarState) -> int:
        """Return the length of the last bar of this part in ticks."""
        return state.timing.bar - max(0, state.pickup)

    def may_add_bar(self, state: GrammarState) -> bool:
        """Return whether this part may have another bar after this one."""
        return not state.closing and self._has_room(state)

    def _has_room(self, state: GrammarState) -> bool:
        """Return whether this part may have another bar, if this bar does not close it."""
        bars = state.bars_done + 1
        lengths = self._lengths_of_part(state)
        if state.ending == 1 and bars in lengths:
            ending_bars = bars - state.bars_before_endings
            return ending_bars < MAX_ENDING_BARS and bars + 1 in lengths
        return bars < (state.bars_required or self._part_bars[-1])

    def may_begin_ending(self, state: GrammarState) -> bool:
        """Return whether a first ending that begins here can end the part soon enough."""
        ends = range(state.bars_done + 1, state.bars_done + MAX_ENDING_BARS + 1)
        return state.in_opening or any(bars in self._lengths_of_part(state) for bars in ends)

    def may_tie_over(self, state: GrammarState) -> bool:
        """Return whether a tie at the end of this bar can lead into the next bar of the part.

        A tie into an ending would lead to another note in each ending.
        """
        planned = state.planned_part
        begins_ending = planned and state.bars_done + 1 == planned.bars_before_endings
        return self.may_add_bar(state) and not begins_ending

    def _lengths_of_part(self, state: GrammarState) -> tuple[int, ...]:
        """Return the numbers of bars that this part may have."""
        return (state.bars_required,) if state.bars_required else self._part_bars

    def may_close_part(self, state: GrammarState) -> bool:
        """Return whether this bar may be the last of its part."""
        # With cadences, only a bar that has one closes a part.
        has_cadence = state.closing > 0 or not self._cadences(state)
        return has_cadence and self._may_be_last(state)

    def cadences(self, state: GrammarState) -> tuple[str, ...]:
        """Return the cadences that this bar may have; none if it may not be the last of its part.

        The bar must have one of them if no other bar may follow.
        """
        return self._cadences(state) if self._may_be_last(state) else ()

    def _cadences(self, state: GrammarState) -> tuple[str, ...]:
        """Return the cadences that fit the pick-up of the tune; none if they are not used."""
        return self._short_cadences if state.pickup > 0 else self._full_cadences

    def needs_cadence(self, state: GrammarState) -> bool:
        """Return whether this bar must be the last of its part."""
        return bool(self._cadences(state)) and not state.closing and not self._has_room(state)

    def _may_be_last(self, state: GrammarState) -> bool:
        if state.in_first_bar and state.pickup > 0:
            return False
        bars = state.bars_done + 1
        return bars in self._lengths_of_part(state)

    def may_have_rest(self, state: GrammarState) -> bool:
        """Return whether this bar may have a rest: another bar or a pick-up may follow it."""
        return state.pickup != 0 or self.may_add_bar(state) or state.in_opening

    # Notes in a bar

    def note_ticks(self, state: GrammarState, length: str) -> int:
        """Return the ticks that a note of this written length takes here; 0 if it does not fit."""
        if length not in self._lengths:
            return 0
        written = written_ticks(length, state.timing.unit)
        # The second note of a pair always fits, because `begin_pair` has checked the time for both.
        if state.pair.note_ticks:
            same = written == state.pair.note_ticks
            return written * state.pair.quarters // 4 if same else 0
        available = self.remaining(state)
        if not state.tuplet.notes_left:
            fits = written <= available and not written % self._shortest_note(state)
            return written if fits else 0
        _, notes, in_time_of, first_ticks = state.tuplet
        if first_ticks:
            return written * in_time_of // notes if written == first_ticks else 0
        # The first note determines the length of the whole tuplet, so the whole tuplet must fit.
        whole = written * in_time_of
        fits = whole <= available and not whole % self._shortest_note(state) and not whole % notes
        return whole // notes if fits else 0

    def accepts_length(self, state: GrammarState, length: str) -> bool:
        """Return whether the length of a note here may begin with the characters `length`.

        A number must be a complete length that fits. If `3` were accepted where only `3/2` fits,
        the model would be forced to write `/`. An empty text and `/` may also be the beginning of
        a length that fits. In a tuplet or broken pair, a number may be such a beginning, too,
        because the first note determines the length of the others, and in an opening, which is
        given.
        """
        if length == "1" and not state.in_opening:
            # Where `A2` does not fit, models write `A1`, which books do not.
            return any(self.accepts_length(state, longer) for longer in _LONGER_THAN_1)
        # Cached, because the grammar asks at every note, and these values recur in most bars.
        rest = (self.remaining(state), state.timing.unit, state.in_opening)
        place = (length, rest, state.pair, state.tuplet)
        if place not in self._accepted_lengths:
            self._accepted_lengths[place] = self._find_length(state, length)
        return self._accepted_lengths[place]

    def _find_length(self, state: GrammarState, start: str) -> bool:
        if self.note_ticks(state, start):
            return True
        in_group = state.pair.note_ticks or state.tuplet.notes_left
        if start not in ("", "/") and not (in_group or state.in_opening):
            return False
        return any(
            self.note_ticks(state, length) for length in self._lengths if length.startswith(start)
        )

    def _shortest_note(self, state: GrammarState) -> int:
        return state.timing.unit // self._notes_per_unit

    # Groups of notes

    def begin_tuplet(self, state: GrammarState, size: str) -> GrammarState | None:
        """Return the state after `(` and the digit `size`; `None` if the tuplet does not fit."""
        notes = int(size)
        if notes not in TUPLETS or size not in self._characters:
            return None
        if state.tuplet.notes_left or state.pair.note_ticks:
            return None
        tuplet = Tuplet(notes, notes, TUPLETS[notes])
        begun = state._replace(partial="", tuplet=tuplet)
        return begun if self.accepts_length(begun, "") else None

    def begin_pair(self, state: GrammarState, sign: str) -> GrammarState | None:
        """Return the state after `sign` (`>` or `<`); `None` if no broken pair fits.

        The open note is the first note of the pair. It takes 6/4 of its written length before `>`,
        and 2/4 before `<`. The second note has the same written length. It takes 2/4 of this length
        after `>`, and 6/4 after `<`.
        """
        written = written_ticks(state.length, state.timing.unit)
        # The second note may be another one than the first.
        available = self.remaining(state._replace(on_tonic=False))
        if not written or written % 4 or 2 * written > available:
            return None
        if state.tuplet.notes_left or state.pair.note_ticks:
            return None
        quarters = 6 if sign == ">" else 2
        used = state.ticks_used + written * quarters // 4
        pair = BrokenPair(written, 8 - quarters)
        return state._replace(
            partial="", note="", length="", pitch="", on_tonic=False, ticks_used=used, pair=pair
        )

    def finish_note(self, state: GrammarState) -> GrammarState | None:
        """Return the state after the end of the open note; `None` if its length does not fit."""
        # The last result is stored, because the sampler tries many tokens in the same state.
        finished = self._finished
        if finished[0] is not state:
            finished = self._finished = state, self._finish_note(state)
        return finished[1]

    def _finish_note(self, state: GrammarState) -> GrammarState | None:
        ticks = self.note_ticks(state, state.length)
        if not ticks:
            return None
        tuplet = NO_TUPLET
        if state.tuplet.notes_left > 1:
            left, notes, in_time_of, _ = state.tuplet
            written = written_ticks(state.length, state.timing.unit)
            tuplet = Tuplet(left - 1, notes, in_time_of, written)
        return state._replace(
            partial="",
            note="",
            length="",
            pitch="",
            on_tonic=False,
            ticks_used=state.ticks_used + ticks,
            tuplet=tuplet,
            pair=NO_PAIR,
        )
