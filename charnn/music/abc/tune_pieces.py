"""The text of a tune, cut where its elements begin and end, so that single signs can be replaced.

`write_tune` writes a tune from its elements, and so loses what the reader drops: comments, signs
inside of chords, directives (`%%`). A change of the text itself keeps all that it does not touch.
"""

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

from charnn.music.abc import patterns
from charnn.music.abc.note_head import format_head
from charnn.music.abc.tunebook import BODY_FIELD, TuneSource, content_lines
from charnn.music.abc.writer import with_comment
from charnn.music.tune.tune import BarLine, Change, Element, Key, Note, Pitch, Tune

Place = tuple[int, int]  # the number of a voice, and the index of an element in its music

_COMMENT = re.compile(r"[ \t]*(?<!\\)%.*")
_HEAD = re.compile(rf"({patterns.ACCIDENTAL})?({patterns.NOTE_LETTER})({patterns.OCTAVE_MARKS})")
# Signs may stand between the notes of a chord, and their letters are no notes.
_HEAD_OR_SIGN = re.compile(rf'"[^"]*"|![^]!]*!|\+[^]+]*\+|\{{[^}}]*\}}|{_HEAD.pattern}')
_GRACE_OR_SIGN = re.compile(rf'"[^"]*"|![^!]*!|\+[^+]*\+|{_HEAD.pattern}')
_BRACES = re.compile(r"(\{[^}]*\})")
_NO_PLACE = (-1, -1)


@dataclass(slots=True)
class Piece:
    """A piece of a line.

    Attributes:
        text: the text, which may be replaced.
        element: the element of the tune that the text stands for; None for what the reader attaches
            to other elements or skips: graces, ties.
        place: the place of the element. If the element belongs to several voices, this is its place
            in the first of them.
    """

    text: str
    element: Element | None = None
    place: Place = _NO_PLACE


@dataclass(slots=True)
class TuneLine:
    """A line of a tune.

    Attributes:
        kind: "field" for a field on its own line, "music", or "other" for comments, directives and
            empty lines.
        pieces: the pieces of the line, without its comment. A field is a single piece.
        comment: the comment with the spaces before it; for a line of another kind, the whole line.
    """

    kind: Literal["field", "music", "other"]
    pieces: list[Piece] = field(default_factory=list)
    comment: str = ""

    @property
    def content(self) -> str:
        """Return the line without its comment."""
        return "".join(piece.text for piece in self.pieces)

    @property
    def text(self) -> str:
        """Return the whole line."""
        return with_comment(self.content, self.comment)


def cut_tune(source: TuneSource, tune: Tune) -> tuple[list[TuneLine], list[TuneLine]]:
    """Return the lines of the header, up to the first K:, and the lines of the body.

    Args:
        source: the text of the tune.
        tune: the tune, as it was read from `source`.
    """
    placed = _elements_by_line(tune)
    header: list[TuneLine] = []
    body: list[TuneLine] = []
    lines = header
    raw = source.text.removesuffix("\n").split("\n")
    for number, (text, content) in enumerate(
        zip(raw, content_lines(source), strict=False), source.line
    ):
        found = _COMMENT.search(text)
        comment = found[0].rstrip() if found else ""
        if not content.strip() or text.lstrip().startswith("%%"):
            lines.append(TuneLine("other", [], text.rstrip()))
        elif lines is header:
            lines.append(TuneLine("field", [Piece(content.lstrip())], comment))
            if content.lstrip().startswith("K:"):
                lines = body
        elif BODY_FIELD.match(content):
            element, place = next(iter(placed[number].values()), (None, _NO_PLACE))
            lines.append(TuneLine("field", [Piece(content.lstrip(), element, place)], comment))
        else:
            pieces = _cut_line(patterns.plain_quotes(content), placed[number])
            lines.append(TuneLine("music", pieces, comment))
    return header, body


def respell_notes(body: list[TuneLine], tune: Tune, voices: Sequence[Sequence[Element]]) -> None:
    """Replace the heads of notes and graces in the text; lengths and signs in chords stay.

    Args:
        body: the lines of the body, which are changed.
        tune: the tune as it was read from them.
        voices: the elements of each voice with other notes, as many as in the voice.
    """
    octaves = [_octaves(voice) for voice in tune.voices]
    octave = tune.key.octave
    graces: list[tuple[Piece, int]] = []
    for piece in (piece for line in body for piece in line.pieces):
        if piece.element is None:
            graces.append((piece, octave))
            continue
        voice, index = piece.place
        octave, new = octaves[voice][index], voices[voice][index]
        if isinstance(new, Note):
            if new is not piece.element:
                _replace_graces(graces, iter(new.graces))
                piece.text = _replace_heads(piece.text, iter(new.pitches), octave)
            graces = []


def _octaves(voice: Tune) -> list[int]:
    """Return the octaves that the key adds to the letters of each element of a voice."""
    octave, found = voice.key.octave, []
    for element in voice.music:
        if isinstance(element, Change) and isinstance(element.value, Key):
            octave = element.value.octave
        found.append(octave)
    return found


def _replace_graces(pieces: list[tuple[Piece, int]], graces: Iterator[Pitch]) -> None:
    for piece, octave in pieces:
        parts = _BRACES.split(piece.text)
        # Every second part is a group of graces.
        parts[1::2] = [_replace_heads(part, graces, octave, _GRACE_OR_SIGN) for part in parts[1::2]]
        piece.text = "".join(parts)


def _replace_heads(
    text: str,
    pitches: Iterator[Pitch],
    octave: int,
    pattern: "re.Pattern[str]" = _HEAD_OR_SIGN,
) -> str:
    """Return a note, a chord or a group of graces with the heads of other pitches."""

    def replace_head(found: patterns.Match) -> str:
        if found[2] is None:
            return found[0]
        pitch = next(pitches, None)
        if pitch is None:  # a grace inside of a chord
            return found[0]
        return format_head(pitch.letter, pitch.octave - octave, pitch.accidental)

    return pattern.sub(replace_head, text)


def _elements_by_line(tune: Tune) -> dict[int, dict[int, tuple[Element, Place]]]:
    """Return the elements of all voices by line, then by column.

    Of elements in the same place, the first counts: voices share elements, and have rests that are
    not written, with the place of another element.
    """
    placed: dict[int, dict[int, tuple[Element, Place]]] = defaultdict(dict)
    for number, voice in enumerate(tune.voices):
        for index, element in enumerate(voice.music):
            placed[element.line].setdefault(element.column, (element, (number, index)))
    return placed


def _cut_line(content: str, placed: dict[int, tuple[Element, Place]]) -> list[Piece]:
    """Return the pieces of a line of music, with its elements by their columns."""
    pieces: list[Piece] = []
    position = 0
    for column, (element, place) in sorted(placed.items(), key=lambda item: item[0]):
        start = column - 1
        if start < position:
            continue  # a sign inside of a chord is a part of the chord
        stop = _end(content, start, element)
        if start > position:
            pieces.append(Piece(content[position:start]))
        if stop > start:
            pieces.append(Piece(content[start:stop], element, place))
        position = stop
    if position < len(content):
        pieces.append(Piece(content[position:]))
    return pieces


def _end(content: str, start: int, element: Element) -> int:
    """Return the index in a line at which the text of an element ends."""
    if isinstance(element, Note):
        return _note_end(content, start, element)
    if isinstance(element, Change):
        return content.find("]", start) + 1
    if isinstance(element, BarLine):
        # The second half of the sign may stand on the next line.
        found = patterns.BAR_LINE.match(content, start)
        return found.end("sign") if found else start
    return min(len(content), start + len(element.text))


def _note_end(content: str, start: int, note: Note) -> int:
    """Return the index at which a note, chord or rest ends; a tie is not part of it."""
    closing = {"[": "]", "+": "+"}.get(content[start])
    if note.pitches and not closing:
        found = patterns.NOTE.match(content, start)
        return found.end() if found else start
    position = start + 1
    if closing:
        while content[position : position + 1] not in (closing, ""):
            skipped = _HEAD_OR_SIGN.match(content, position)
            position = skipped.end() if skipped else position + 1
        position += 1
    found = patterns.LENGTH.match(content, position)
    return found.end() if found else position
