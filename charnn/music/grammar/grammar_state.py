"""Where the text of a tune stands, for the grammar that says what it may go on with.

A state holds no more than what the future depends on, so that the same few are met again and again.
"""

from typing import NamedTuple

MOST_PARTS = 4


class Frame(NamedTuple):
    """The time that the header sets: a bar and a unit length, in parts of `WHOLE`."""

    bar: int = 0
    unit: int = 0


class GrammarState(NamedTuple):
    """Where a text stands.

    Attributes:
        sign: what is being spelled, as far as it goes: a bar line, an accidental, a chord, the
            words of a field; `"1"` behind an ending's number, `"}"` behind graces, `" "` behind a
            blank, `"\\n"` at the beginning of a line, else `""`.
        forced: words of the header that are settled and must be written next.
        ahead: what the body must go on with.
        field: the field whose words are being chosen; `""` in the body.
        header: the words of the fields behind T: so far; none in the body.
        frame: the time, as far as the header has come.
        note: what a note that may still become longer is: `A`, `a`, `,` (its octave is written),
            `z`, or `]` (a chord); `""` without one.
        length: the words of its length so far.
        used: time used in this bar.
        pickup: time in the pick-up of each part; -1 until the first part's first bar line.
        bars: bars of this part that are behind us.
        first: this is the part's first bar, which may be short.
        repeat: a repeat was opened and not closed.
        ending: 0, 1 or 2.
        body: bars of this part before its endings.
        total: bars of this part with the first ending, as many as with the second.
        tuplet: notes left, how many (second) go in the time of how many (third), and the length
            that the first had, which all must have; 0 before it.
        pair: of the second note of a broken pair, the length it must have as written, and the
            quarters of it that it takes.
        slur: 1 in a slur, 2 in one that has no note yet.
        tied: a note must come, not a rest.
        decorations: how many wait for their note.
        led: graces or a chord symbol wait for their note.
        parts: how many are complete.
        whole: nothing has begun behind the last complete part.
        heard: there was a note, not only rests.
    """

    sign: str = ""
    forced: str = ""
    ahead: str = ""
    field: str = ""
    header: tuple[str, ...] = ()
    frame: Frame = Frame()
    note: str = ""
    length: str = ""
    used: int = 0
    pickup: int = -1
    bars: int = 0
    first: bool = True
    repeat: bool = False
    ending: int = 0
    body: int = 0
    total: int = 0
    tuplet: tuple[int, int, int, int] = (0, 1, 1, 0)
    pair: tuple[int, int] = (0, 0)
    slur: int = 0
    tied: bool = False
    decorations: int = 0
    led: bool = False
    parts: int = 0
    whole: bool = False
    heard: bool = False

    @property
    def may_rest(self) -> bool:
        """Whether a rest would not leave the tune without notes: the second bar must have one."""
        return self.heard or self.pickup < 0

    @property
    def waits(self) -> bool:
        """Whether something here needs a note in this very bar."""
        return bool(self.tuplet[0] or self.pair[0] or self.slur == 2) or self.led_up_to

    @property
    def led_up_to(self) -> bool:
        """Whether something stands before a note that is not there yet."""
        return self.led or self.decorations > 0

    @property
    def full(self) -> bool:
        """Whether the tune has as many parts as it may have."""
        return self.whole and self.parts >= MOST_PARTS


def begin_note(state: GrammarState, note: str) -> GrammarState:
    """A note, whose length is open; its sign tells the beginning of a line."""
    return state._replace(
        sign="\n" if state.sign == "\n" else "",
        note=note,
        length="",
        slur=min(state.slur, 1),
        tied=False,
        decorations=0,
        led=False,
        whole=False,
        heard=state.heard or note != "z",
    )


def begin_part(state: GrammarState, *, pickup: int, parts: int, repeat: bool) -> GrammarState:
    """The state in which a part begins, behind so many."""
    return GrammarState(
        frame=state.frame,
        pickup=pickup,
        parts=parts,
        repeat=repeat,
        whole=parts > 0 and not repeat,
        heard=state.heard,
    )
