"""The grammar of a gap in a tune: new music between, before and after music that stays.

A gap is a row of pieces (`gap_pieces`). The rest of the tune may break every rule of
`tune_grammar`: only the new music obeys the grammar of a body.

The grammar has the form that `charnn.sampling.grammar` describes. A character is accepted only if
the gap can be completed after it.
"""

from collections.abc import Collection, Hashable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from charnn.music.coding.bar_labels import CADENCES, LABELS, place
from charnn.music.grammar.body_grammar import BodyGrammar
from charnn.music.grammar.gap_heads import HeadState, head_is_complete, step_head
from charnn.music.grammar.gap_pieces import Fixed, Head, Label, Music, Piece
from charnn.music.grammar.grammar_state import (
    IN_SLUR,
    NO_SLUR,
    UNKNOWN_PICKUP,
    GrammarState,
)
from charnn.music.grammar.label_rules import FIRST_LABEL
from charnn.music.grammar.notation import LOWER_NOTES, UPPER_NOTES
from charnn.music.grammar.tune_form import TuneForm

# A bar in the middle of a part may be tied to the next one, the last bar of a part may not. With
# parts of two bars, the state of a bar contains the difference.
_PART_BARS, _MIDDLE_BAR, _LAST_BAR = 2, 0, 1
_NEVER = 2**31  # an offset that no piece reaches


class GapState(NamedTuple):
    """The position of a text in a gap.

    Attributes:
        piece: the index of the piece that the last character belongs to.
        offset: the number of characters of fixed text, of an opening or of a label that are
            written.
        bar: the state of the grammar of the body. In fixed text, it contains only what the next
            `Music` takes over.
        head: the state of a `Head`. Outside of one, it contains only what the next one depends on.
    """

    piece: int = 0
    offset: int = 0
    bar: GrammarState = GrammarState()
    head: HeadState = HeadState()


class GapGrammar:
    """The grammar of one gap.

    Args:
        pieces: the pieces in the order of the text. The last one is `Fixed`. A `Head` is followed
            by `Fixed`.
        characters: the characters that the model can write.

    Attributes:
        start: the state before the first character.
        boundary_characters: characters that only fixed text contains.
    """

    boundary_characters = frozenset("|:\n")

    def __init__(self, pieces: Sequence[Piece], characters: Collection[str]) -> None:
        self._pieces = tuple(piece for piece in pieces if piece != Fixed(""))
        self._characters = frozenset(characters)
        # A gap knows by itself whether a bar may end a part, so it needs no cadences.
        self._body = BodyGrammar(self._characters - CADENCES, _PART_BARS, TuneForm(""))
        self._free_from = [
            _free_offset(piece, following, self.boundary_characters)
            for piece, following in zip_longest(self._pieces, self._pieces[1:])
        ]
        self._free_from.append(_NEVER)
        self.start = self._enter(0, GapState())

    def fits(self, music: Music) -> bool:
        """Return whether notes can fill the music, after its opening."""
        state = _begin_bar(music, GrammarState())
        ticks = [self._body.filling.note_ticks(state, length) for length in ("", "/", "//", "/4")]
        # The rest of the music can be filled if its duration is a multiple of the shortest note.
        shortest = min(filter(None, ticks), default=0)
        if not shortest or music.timing.bar % shortest:
            return False
        for character in music.opening:
            after = self._body.step(state._replace(remaining_opening=music.opening), character)
            if after is None:
                return False
            state = after
        return True

    def step(self, state: GapState, character: str) -> GapState | None:
        """Return the state after a character; `None` if the character is refused."""
        if character not in self._characters or state.piece == len(self._pieces):
            return None
        piece = self._pieces[state.piece]
        if isinstance(piece, Music):
            after = self._in_music(piece, state, character)
        elif isinstance(piece, Head):
            head = step_head(piece, state.head, character)
            after = None if head is None else state._replace(head=head)
        else:
            after = self._in_text(piece, state, character)
        if after is None and self._is_complete(piece, state):
            return self.step(self._enter(state.piece + 1, state), character)
        return after

    def split(self, text: str) -> list[str]:
        """Return the text of each piece of an accepted text, in the order of the pieces.

        Pieces of empty fixed text are left out.
        """
        texts, state = [""] * len(self._pieces), self.start
        for character in text:
            after = self.step(state, character)
            if after is None:
                raise AssertionError(f"{character!r} was written against the grammar in {text!r}")
            texts[after.piece] += character
            state = after
        return texts

    # In a piece

    def _enter(self, index: int, before: GapState) -> GapState:
        """Return the state before the first character of a piece."""
        if index == len(self._pieces):
            return GapState(index)
        piece, bar, head = self._pieces[index], before.bar, HeadState()
        if isinstance(piece, Music):
            bar = _begin_bar(piece, before.bar)
        elif bar.timing.bar:  # the state of new music
            pitch = bar.pitch if bar.tied else ""
            bar = GrammarState(slur=bar.slur, tied=bar.tied, pitch=pitch)
        if self._needs_head_before(index):
            last = before.head.position if before.head.sign else before.head.before
            head = HeadState(before=last)
        return GapState(index, bar=bar, head=head)

    def _needs_head_before(self, index: int) -> bool:
        """Return whether the next `Head`, here or after text, depends on the one before."""
        for piece in self._pieces[index:]:
            if isinstance(piece, Music):
                return False
            if isinstance(piece, Head):
                return piece.direction is not None and piece.before is None
        return False

    def _in_text(self, piece: Fixed | Label, state: GapState, character: str) -> GapState | None:
        if isinstance(piece, Fixed):
            matches = piece.text.startswith(character, state.offset)
        else:
            matches = not state.offset and character in LABELS and place(character) <= piece.place
        return state._replace(offset=state.offset + 1) if matches else None

    def _in_music(self, piece: Music, state: GapState, character: str) -> GapState | None:
        offset = state.offset
        if offset < len(piece.opening):
            if character != piece.opening[offset]:
                return None
            offset += 1
        elif character in self.boundary_characters:
            return None
        if piece.slur_out and offset == state.offset and _ends_slur(state.bar, character):
            return None
        remaining = piece.opening[state.offset :]
        bar = self._body.step(state.bar._replace(remaining_opening=remaining), character)
        if bar is None:
            return None
        return state._replace(bar=bar._replace(remaining_opening=""), offset=offset)

    def _is_complete(self, piece: Piece, state: GapState) -> bool:
        """Return whether the text of a piece may end here."""
        if isinstance(piece, Fixed):
            return state.offset == len(piece.text)
        if isinstance(piece, Label):
            return state.offset == 1
        if isinstance(piece, Head):
            return head_is_complete(piece, state.head)
        if state.offset < len(piece.opening) or state.bar.partial[:1] in ("^", "_", "=", *'[{("'):
            return False
        bar = self._body.filling.finish_note(state.bar) if state.bar.note else state.bar
        if bar is None or bar.ticks_used != piece.timing.bar or bar.bar_unfinished:
            return False
        open_signs = bar.tied or bar.slur != NO_SLUR
        return bar.slur == IN_SLUR if piece.slur_out else piece.goes_on or not open_signs

    # The rest of the protocol

    def fixed_text(self, state: GapState) -> str:
        """Return the text that must follow here; `""` where the model chooses."""
        piece = self._pieces[state.piece]
        return piece.text[state.offset :] if isinstance(piece, Fixed) else ""

    def may_end(self, state: GapState) -> bool:
        """Return whether the gap is complete."""
        last = len(self._pieces) - 1
        return state.piece == last and self._is_complete(self._pieces[last], state)

    def finishing_characters(self, state: GapState) -> str:
        """Return candidates for the next character, the preferred ones first."""
        piece, following = self._pieces[state.piece], ""
        if self._is_complete(piece, state):
            following = self.finishing_characters(self._enter(state.piece + 1, state))
        if isinstance(piece, Fixed):
            return following or piece.text[state.offset]
        if isinstance(piece, Label):
            return following or FIRST_LABEL
        if isinstance(piece, Head):
            return following + UPPER_NOTES + LOWER_NOTES + ",'"
        if state.offset < len(piece.opening):
            return piece.opening[state.offset]
        return following + self._body.finishing_characters(state.bar)

    def counts_refusals(self, state: GapState) -> bool:
        """Return whether the next character is one that the model chooses."""
        return state.piece < len(self._pieces) and not isinstance(self._pieces[state.piece], Fixed)

    def local_key(self, state: GapState) -> Hashable:
        """Return a key that determines which texts without boundary characters are accepted."""
        piece = self._pieces[state.piece]
        if isinstance(piece, Music) and self._is_free(state):
            return self._body.key_within_bar(state.bar), piece.slur_out
        return state

    def boundary_possible(self, state: GapState) -> bool:
        """Return whether a text that begins with a boundary character could be accepted here."""
        if state.piece == len(self._pieces):
            return False
        piece = self._pieces[state.piece]
        return not isinstance(piece, Music) or self._is_complete(piece, state)

    def canonical(self, state: GapState, text: str) -> str:
        """Return a text that is accepted here if and only if `text` is accepted."""
        if not self._is_free(state):
            return text
        # Inside new music, all labels are refused.
        return FIRST_LABEL if text in LABELS else self._body.canonical(state.bar, text)

    def _is_free(self, state: GapState) -> bool:
        """Return whether the grammar of the body alone decides, up to a boundary character."""
        return state.offset >= self._free_from[state.piece]


def _free_offset(piece: Piece, following: Piece | None, boundary: frozenset[str]) -> int:
    """Return the offset from which only the grammar of the body decides about a piece.

    It decides about new music up to a boundary character, with which the next piece begins.
    """
    if isinstance(piece, Music) and isinstance(following, Fixed) and following.text[0] in boundary:
        return len(piece.opening)
    return _NEVER


def _ends_slur(bar: GrammarState, character: str) -> bool:
    """Return whether the slur that began with some music would end, or become a tuplet."""
    tuplet = bar.partial == "(" and bar.slur == NO_SLUR and character.isdecimal()
    return character == ")" or tuplet


def _begin_bar(music: Music, before: GrammarState) -> GrammarState:
    """Return the state of the body at the beginning of new music."""
    return GrammarState(
        timing=music.timing,
        # Like a pick-up of unknown length, the music may have rests even at the end of a part.
        pickup=UNKNOWN_PICKUP,
        bars_done=_MIDDLE_BAR if music.goes_on else _LAST_BAR,
        in_first_bar=False,
        labelled=True,  # the label is a piece of its own
        slur=IN_SLUR if music.slur_in else before.slur,
        tied=before.tied,
        pitch=before.pitch if before.tied else "",
        has_note=True,
    )
