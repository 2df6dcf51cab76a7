"""Ties that lead to another pitch, as `A-B` in many books, where a slur is meant.

charnn strikes B, but other programs join the notes, or hold A for the time of both.
"""

import re
from collections.abc import Sequence

from charnn.music.abc.tune_pieces import Piece, TuneLine
from charnn.music.tune.tune import BarLine, Element, Ending, Mark, Note, Tune

_TIE_OR_GRACES = re.compile(r"(\{[^}]*\})|\.?-")
_TIE_IN_BRACKETS = re.compile(r"(?<=[A-Ga-g0-9,'/])\.?-")


def replace_false_ties(body: list[TuneLine], tune: Tune) -> None:
    """Write slurs in place of ties to other pitches, and nothing in place of ties to rests."""
    slurs = [_false_ties(voice.music) for voice in tune.voices]
    first = {(voice, start) for voice, pairs in enumerate(slurs) for start, _ in pairs}
    last = {(voice, stop) for voice, pairs in enumerate(slurs) for _, stop in pairs}
    tied = False  # whether the tie after the note before is to be removed
    for line in body:
        pieces: list[Piece] = []
        for piece in line.pieces:
            if tied and piece.element is None:
                piece.text = _without_tie(piece.text)
            pieces.append(piece)
            if not isinstance(piece.element, Note):
                continue
            voice, index = piece.place
            following = _following_note(tune.voices[voice].music, index)
            if piece.place in first:
                pieces.insert(_beginning(pieces), Piece("("))
            if piece.place in last:
                pieces.append(Piece(")"))
            tied = following is not None and _is_false(tune.voices[voice].music, index, following)
            if tied:
                piece.text = _TIE_IN_BRACKETS.sub("", piece.text)
        line.pieces = pieces


def _false_ties(music: Sequence[Element]) -> list[tuple[int, int]]:
    """Return the first and last note of each chain of notes that ties to other pitches join."""
    chains: list[tuple[int, int]] = []
    for index, element in enumerate(music):
        if not isinstance(element, Note):
            continue
        following = _following_note(music, index)
        if following is None or not _is_false(music, index, following):
            continue
        note = music[following]
        if not isinstance(note, Note) or not note.pitches:
            continue
        if _has_distant_decoration(music, index):
            continue  # it would become a decoration of the slur
        if chains and chains[-1][1] == index:
            chains[-1] = chains[-1][0], following
        else:
            chains.append((index, following))
    return chains


def _has_distant_decoration(music: Sequence[Element], index: int) -> bool:
    """Return whether a bar line, an ending or a field separates a note from a decoration of it."""
    distant = False
    for place in range(index - 1, -1, -1):
        element = music[place]
        if isinstance(element, Note):
            break
        if not isinstance(element, Mark):
            distant = True
        elif distant and element.kind == "decoration":
            return True
    return False


def _following_note(music: Sequence[Element], index: int) -> int | None:
    """Return the index of the next note; None if a section or an ending stands before it."""
    for place in range(index + 1, len(music)):
        element = music[place]
        if isinstance(element, Note):
            return place
        if isinstance(element, Ending) or (isinstance(element, BarLine) and element.section):
            return None
    return None


def _is_false(music: Sequence[Element], index: int, following: int) -> bool:
    """Return whether a note has ties, and none of them leads to the same pitch."""
    note, other = music[index], music[following]
    if not isinstance(note, Note) or not isinstance(other, Note):
        return False
    tied = {pitch.midi for pitch in note.pitches if pitch.tied}
    return len(note.pitches) == 1 and bool(tied) and tied.isdisjoint(p.midi for p in other.pitches)


def _without_tie(text: str) -> str:
    return _TIE_OR_GRACES.sub(lambda found: found[1] or "", text)


def _beginning(pieces: list[Piece]) -> int:
    """Return the index of the first piece that belongs to the last one: decorations and graces."""
    index = first = len(pieces) - 1
    while index and _belongs_to_note(pieces[index - 1]):
        index -= 1
        if pieces[index].text.strip():
            first = index
    return first


def _belongs_to_note(piece: Piece) -> bool:
    if piece.element is None:
        return piece.text.startswith("{")
    kinds = ("decoration", "chord symbol", "annotation", "space")
    return isinstance(piece.element, Mark) and piece.element.kind in kinds
