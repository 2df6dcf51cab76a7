"""The state of the grammar of tunes: everything that decides how a text may continue.

The state contains nothing else, so texts with the same possible continuations have the same state.
The sampler stores the accepted tokens of each state (`charnn.sampling.constraint`). The fewer
states there are, the more often the sampler finds a state in this store.
"""

from typing import NamedTuple

# In music21's books, 0.7 % of the tunes without a mistake have more parts.
MAX_PARTS = 4

# Durations are whole numbers of ticks. The factor 3 is for triplets. A unit length has at least
# 16 ticks, so that a quarter of it, the shortest note, can be divided by 4 in a broken pair (`>`).
TICKS_PER_WHOLE_NOTE = 3 * 4096

# Negative, so that `pickup > 0` means a known pick-up everywhere, and 0 means no pick-up.
UNKNOWN_PICKUP = -1

# Values of `GrammarState.closing`.
CLOSING, CLOSING_HOME = 1, 2

# Values of `GrammarState.slur`.
NO_SLUR, IN_SLUR, EMPTY_SLUR = 0, 1, 2


class Timing(NamedTuple):
    """The lengths of a bar and of a unit, which the fields M: and L: set.

    Attributes:
        bar: ticks of a full bar; 0 before M:.
        unit: ticks of the unit length; 0 before L:.
    """

    bar: int = 0
    unit: int = 0


class Tuplet(NamedTuple):
    """An unfinished tuplet: `notes` notes in the time of `in_time_of` notes.

    Attributes:
        notes_left: notes still to come; 0 outside a tuplet.
        notes, in_time_of: 3 and 2 in a triplet.
        note_ticks: the written length of each note in ticks; 0 before the first note sets it.
    """

    notes_left: int = 0
    notes: int = 1
    in_time_of: int = 1
    note_ticks: int = 0


class BrokenPair(NamedTuple):
    """An unfinished broken pair (`A>` or `A<`), whose second note is still to come.

    Attributes:
        note_ticks: the written length of the first note in ticks. The second note must have the
            same written length. 0 if no pair is open.
        quarters: the time of the second note in fourths of its written length: 2 after `>`, 6
            after `<`.
    """

    note_ticks: int = 0
    quarters: int = 0


class PlannedPart(NamedTuple):
    """A part that the tune must have.

    Attributes:
        bars: the number of bars, without those of the second ending.
        bars_before_endings: the number of bars before the first ending; 0 for no endings.
    """

    bars: int
    bars_before_endings: int = 0


NO_HEADER = ("", "", "", "")
NO_TUPLET = Tuplet()
NO_PAIR = BrokenPair()


class GrammarState(NamedTuple):
    r"""The position of a text in the grammar.

    Attributes:
        partial: the beginning of an unfinished sign: a bar line, an accidental, a chord, the value
            of a header field. Chords and graces are abbreviated (see `note_prefixes`). If no sign
            is unfinished: `"1"` after the number of an ending, `"}"` after graces, `" "` after a
            blank, `"."` after decorations with a dot, `"\n"` at the start of a line (also after the
            first note of the line, while the length of this note may still grow), else `""`.
        forced_text: the text of the header that must follow next.
        remaining_opening: the rest of the requested opening, with which the body must continue.
        header_field: the letter of the field whose value is being written; `""` in the body.
        header: the prescribed values of R: M: L: K:, `""` for one that the model chooses;
            `NO_HEADER` in the body.
        header_values: the values of the finished fields after T:; `()` in the body.
        title_words: the number of complete words of the title.
        timing: the durations of a bar and a unit, as far as the header has set them.
        note: the last note, while its length may still grow: `"A"` or `"a"` (any upper- or
            lower-case note), `","` (a note whose octave is written), `"z"` (a rest), `"]"` (a
            chord); `""` where none is open.
        length: the characters of the length of `note` that are already written.
        pitch: the letter and octave of the last note as written (`d`, `C,`), while a tie may follow
            or has followed it; `""` if the note cannot be tied: a note with an accidental or a dot,
            a chord, a rest.
        has_rest: whether the model has written a rest in this bar, not only the opening.
        ticks_used: the ticks of this bar that finished notes take.
        pickup: the ticks of the pick-up of each part; `UNKNOWN_PICKUP` before the first bar line.
        bars_done: the number of complete bars of this part.
        in_first_bar: whether this bar is the first one of its part; a first bar may be short.
        repeat_open: whether a repeat has been opened and not closed.
        ending: the variant ending that this bar belongs to: 0 (none), 1 or 2.
        bars_before_endings: the number of complete bars of this part before its first ending.
        bars_required: the number of bars that this part must have: as many with its second ending
            as with its first one, or as many as the part that it copies; 0 if this is free.
        tuplet: the unfinished tuplet.
        pair: the unfinished broken pair.
        slur: `NO_SLUR`, `IN_SLUR`, or `EMPTY_SLUR` where the slur has no note yet.
        tied: whether the last note is tied, so that `pitch` must follow; any note if it is `""`.
        decorations: the number of decorations written before the next note.
        has_prefix: whether graces or a chord symbol have been written before the next note.
        parts_done: the number of complete parts of the tune.
        planned_parts: the parts that the tune must have; `()` if this is free.
        between_parts: whether nothing has been written since the last complete part.
        tune_full: whether the tune has as many complete parts as it may have.
        has_note: whether the tune has a note, not only rests.
        labelled: whether this bar has its label (see `label_rules`).
        closing: whether a cadence has announced that the part ends with this bar: 0 if not,
            `CLOSING`, or `CLOSING_HOME` if the last note must be the tonic.
        on_tonic: whether the open note is the tonic of a coded tune, C in any octave.
        plans: the labels of each part that is written again later (see `tune_form`).
    """

    partial: str = ""
    forced_text: str = ""
    remaining_opening: str = ""
    header_field: str = ""
    header: tuple[str, str, str, str] = NO_HEADER
    header_values: tuple[str, ...] = ()
    title_words: int = 0
    timing: Timing = Timing()
    note: str = ""
    length: str = ""
    pitch: str = ""
    has_rest: bool = False
    ticks_used: int = 0
    pickup: int = UNKNOWN_PICKUP
    bars_done: int = 0
    in_first_bar: bool = True
    repeat_open: bool = False
    ending: int = 0
    bars_before_endings: int = 0
    bars_required: int = 0
    tuplet: Tuplet = NO_TUPLET
    pair: BrokenPair = NO_PAIR
    slur: int = NO_SLUR
    tied: bool = False
    decorations: int = 0
    has_prefix: bool = False
    parts_done: int = 0
    planned_parts: tuple[PlannedPart, ...] = ()
    between_parts: bool = False
    tune_full: bool = False
    has_note: bool = False
    labelled: bool = False
    closing: int = 0
    on_tonic: bool = False
    plans: tuple[str, ...] = ()

    @property
    def in_body(self) -> bool:
        """Return whether the text is past the header and past the requested opening."""
        return not (self.forced_text or self.remaining_opening or self.header_field)

    @property
    def in_opening(self) -> bool:
        """Return whether the next character belongs to the requested opening.

        The opening may have habits that a model is kept from: rests in the last bars of parts, long
        first endings, ties that lead to other notes.
        """
        return bool(self.remaining_opening)

    @property
    def needs_tonic(self) -> bool:
        """Return whether the last note of this bar must be the tonic."""
        return self.closing == CLOSING_HOME and not self.in_opening

    @property
    def tied_pitch(self) -> str:
        """Return the letter and octave that must follow a tie; `""` if any note may follow."""
        return self.pitch if self.tied and not self.in_opening else ""

    @property
    def rest_allowed(self) -> bool:
        """Return whether a rest may follow: the tune has a note or is in its first bar."""
        return self.has_note or self.pickup == UNKNOWN_PICKUP

    @property
    def planned_part(self) -> PlannedPart | None:
        """Return the plan of this part; `None` if the part is free."""
        following = self.planned_parts[self.parts_done :]
        return following[0] if following else None

    @property
    def note_announced(self) -> bool:
        """Return whether the note after a decoration, graces or a chord symbol is still missing."""
        return self.has_prefix or self.decorations > 0

    @property
    def bar_unfinished(self) -> bool:
        """Return whether an unfinished sign needs another note before the bar line."""
        needs_note = self.tuplet.notes_left or self.pair.note_ticks or self.slur == EMPTY_SLUR
        return bool(needs_note) or self.note_announced


def begin_note(
    state: GrammarState, note: str, pitch: str = "", *, on_tonic: bool = False
) -> GrammarState:
    """Return the state after the sign of a note, rest or chord; its length may follow.

    `pitch` is the letter of a note that may be tied.
    """
    return state._replace(
        # A line that begins with a letter and a colon would be a header field.
        partial="\n" if state.partial == "\n" else "",
        note=note,
        length="",
        pitch=pitch,
        on_tonic=on_tonic,
        has_rest=state.has_rest or (note == "z" and not state.in_opening),
        slur=min(state.slur, IN_SLUR),
        tied=False,
        decorations=0,
        has_prefix=False,
        between_parts=False,
        has_note=state.has_note or note != "z",
    )


def begin_part(
    state: GrammarState,
    *,
    pickup: int,
    parts_done: int,
    repeat_open: bool,
    bars_required: int = 0,
) -> GrammarState:
    """Return the state at the start of a part, after `parts_done` complete parts."""
    # All other fields return to their defaults, because earlier parts decide nothing else.
    begun = GrammarState(
        timing=state.timing,
        pickup=pickup,
        bars_required=bars_required,
        parts_done=parts_done,
        planned_parts=state.planned_parts,
        repeat_open=repeat_open,
        between_parts=parts_done > 0 and not repeat_open,
        has_note=state.has_note,
        plans=state.plans,
    )
    planned = begun.planned_part
    return begun._replace(bars_required=planned.bars) if planned else begun
