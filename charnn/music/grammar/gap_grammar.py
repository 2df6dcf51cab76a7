"""The grammar of a gap in a tune: new music between, before and after music that stays.

A gap is a row of pieces (`gap_pieces`). The rest of the tune may break every rule of
`tune_grammar`: only the new music obeys the grammar of a body.

The grammar has the form that `charnn.sampling.grammar` describes. A character is accepted only if
the gap can be completed after it.
"""

from collections.abc import Collection, Hashable, Sequence
from itertools import zip_longest
from typing import NamedTuple

from charnn.music.grammar.body_grammar import BodyGrammar
from charnn.music.grammar.gap_pieces import LOWEST, Fixed, Head, Music, Piece
from charnn.music.grammar.grammar_state import (
    IN_SLUR,
    NO_SLUR,
    GrammarState,
)
from charnn.music.grammar.notation import ACCIDENTALS, LOWER_NOTES, UPPER_NOTES
from charnn.music.grammar.note_prefixes import OCTAVE_MARKS
from charnn.music.tune.theory import LETTERS

# A bar in the middle of a part may be tied to the next one, the last bar of a part may not. With
# parts of two bars, the state of a bar contains the difference.
_PART_BARS, _MIDDLE_BAR, _LAST_BAR = 2, 0, 1
_NEVER = 2**31  # an offset that no piece reaches


class GapState(NamedTuple):
    """The position of a text in a gap.

    Attributes:
        piece: the index of the piece that the last character belongs to.
        offset: the number of characters of fixed text or of an opening that are written; in a
            `Head`, its position above the lowest one.
        bar: the state of the grammar of the body. In fixed text, it contains only what the next
            `Music` takes over.
        head: the kind of the last character of a `Head`: `^` for an accidental, `A` or `a` for a
            letter, `,` for an octave mark; `""` outside of a head.
        position: the position of the last `Head` on the staff; None if it has no importance.
    """

    piece: int = 0
    offset: int = 0
    bar: GrammarState = GrammarState()
    head: str = ""
    position: int | None = None


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
        self._body = BodyGrammar(characters, _PART_BARS)
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
            after = self._body.step(state, character)
            if after is None:
                return False
            state = after
        return True

    def step(self, state: GapState, character: str) -> GapState | None:
        """Return the state after a character; `None` if the character is refused."""
        if character not in self._characters or state.piece == len(self._pieces):
            return None
        piece = self._pieces[state.piece]
        if isinstance(piece, Fixed):
            after = self._in_fixed(piece, state, character)
        elif isinstance(piece, Head):
            after = self._in_head(piece, state, character)
        else:
            after = self._in_music(piece, state, character)
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
        piece, bar, position = self._pieces[index], GrammarState(), None
        if isinstance(piece, Music):
            bar = _begin_bar(piece, before.bar)
        elif isinstance(piece, Fixed) and isinstance(self._pieces[index - 1], Music):
            bar = GrammarState(slur=before.bar.slur, tied=before.bar.tied)
        if self._needs_position(index):
            position = before.offset + LOWEST if before.head else before.position
        return GapState(index, bar=bar, position=position)

    def _needs_position(self, index: int) -> bool:
        """Return whether a `Head`, here or after this fixed text, depends on the `Head` before."""
        following = self._pieces[index : index + 2]
        heads = [piece for piece in following if isinstance(piece, Head)]
        return bool(heads) and heads[0].direction is not None and heads[0].before is None

    def _in_fixed(self, piece: Fixed, state: GapState, character: str) -> GapState | None:
        matches = piece.text.startswith(character, state.offset)
        return state._replace(offset=state.offset + 1) if matches else None

    def _in_head(self, piece: Head, state: GapState, character: str) -> GapState | None:
        if character in ACCIDENTALS:
            # The second of two tied or repeated notes keeps the accidental of the first.
            allowed = not state.head and piece.direction != 0
            return state._replace(head="^") if allowed else None
        upper, lower = character in UPPER_NOTES, character in LOWER_NOTES
        if state.head in ("", "^") and (upper or lower):
            # `offset` contains the new position; `position` stays that of the head before.
            position = LETTERS.index(character.upper()) + 7 * lower
            marked = position + (7 if lower else -7)
            if not (_allows(piece, state, position) or _allows(piece, state, marked)):
                return None
            return state._replace(head="a" if lower else "A", offset=position - LOWEST)
        if state.head + character in OCTAVE_MARKS:
            position = state.offset + LOWEST + (7 if state.head == "a" else -7)
            allowed = _allows(piece, state, position)
            return state._replace(head=",", offset=position - LOWEST) if allowed else None
        return None

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
        bar = self._body.step(state.bar, character)
        return None if bar is None else state._replace(bar=bar, offset=offset)

    def _is_complete(self, piece: Piece, state: GapState) -> bool:
        """Return whether the text of a piece may end here."""
        if isinstance(piece, Fixed):
            return state.offset == len(piece.text)
        if isinstance(piece, Head):
            return state.head not in ("", "^") and _allows(piece, state, state.offset + LOWEST)
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
        return self._body.canonical(state.bar, text) if self._is_free(state) else text

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
        pickup=0,
        bars_done=_MIDDLE_BAR if music.goes_on else _LAST_BAR,
        in_first_bar=False,
        slur=IN_SLUR if music.slur_in else before.slur,
        tied=before.tied,
        has_note=True,
    )


def _allows(head: Head, state: GapState, position: int) -> bool:
    """Return whether a head may have a position on the staff."""
    if not head.lowest <= position <= head.highest:
        return False
    before = state.position if head.before is None else head.before
    if head.direction is None or before is None:
        return True
    return (position > before) - (position < before) == head.direction
