"""The writer of ABC notation: a `Tune` as text, which the reader reads as the same tune.

Most of the text equals the original, without the parts that the reader drops: comments, signs on
grace notes, signs without a meaning, spaces around the text of a field. Marks inside of a chord
stand before it. Each length has one spelling (`/` for a half, `3/2`), graces stand before the
decorations of their note, and a tie directly follows its note. If two signs without the dropped
text between them would be read as one sign, the writer separates them with empty graces (`{}`),
which have no meaning.
"""

import re
from collections.abc import Sequence

from charnn.music.abc.bar_line import count_repeats, stay_apart
from charnn.music.abc.grace_placement import count_graces_before, sound_as_written
from charnn.music.abc.note_head import format_head
from charnn.music.abc.note_length import format_length
from charnn.music.abc.patterns import NAMED_DECORATION, may_have_mail_debris
from charnn.music.tune.tune import (
    BarLine,
    Change,
    Element,
    Ending,
    Key,
    Mark,
    Note,
    Pitch,
    Tune,
)

_SEPARATOR = "{}"
# Text that the reader would change as a trace of mail, see `patterns.undo_quoted_printable`.
_MAIL_LIKE = re.compile(r"=(?=$|20$|3D)")
# The number of following texts that are searched for a second `!` after an old line break. The name
# of a decoration contains no space, so the search seldom goes as far.
_LINE_BREAK_REACH = 80


def write_tune(tune: Tune) -> str:
    """Return a tune as a complete ABC text with line ends `\\n`, the last one included.

    The fields of the header stand in the order in which they were read. Several voices follow each
    other.
    """
    text = "".join(f"{letter}:{text}\n" for letter, text in tune.fields)
    # The reader repeats U: of the header at the beginning of each voice.
    repeated = sum(letter == "U" for letter, _ in tune.fields)
    for voice in tune.voices:
        music = voice.music[repeated:]
        if voice.voice_id and not _names_voice(music[0]):
            text += f"V:{voice.voice_id}\n"
        text += _BodyWriter(voice.key).write(music)
    return "\n".join(map(escape_mail_like, text.split("\n")))


def escape_mail_like(line: str) -> str:
    """Return a line in which the reader finds no traces of mail."""
    return _MAIL_LIKE.sub("=3D", line) if may_have_mail_debris(line) else line


def with_comment(content: str, comment: str) -> str:
    """Return a line with a comment, which may have spaces before it."""
    content = escape_mail_like(content)
    # `\%` would be no comment.
    return content + (" " if comment[:1] == "%" and content[-1:] == "\\" else "") + comment


class _BodyWriter:
    """A writer of the body of a tune.

    It contains the texts of the elements so far, and the indices at which later elements insert
    text.
    """

    def __init__(self, key: Key) -> None:
        self._key = key
        self._out: list[str] = []
        # Indices in `_out`: of the first decoration or tuplet sign before the next note, of the
        # last note's tie, of old line breaks.
        self._signs_index: int | None = None
        self._tie_index: int | None = None
        self._line_break_indices: list[int] = []
        # The first bar line or key change after the last note, and each further key change: the
        # index in `_out`, and the key before it.
        self._boundaries: list[tuple[int, Key]] = []
        self._carried_colon = ""  # of a bar line, to be written on the next line

    def write(self, music: Sequence[Element]) -> str:
        """Return the text of all elements."""
        out = self._out
        before: Element | None = None
        for index, element in enumerate(music):
            if before is not None and _continues_line(before) and element.line > before.line:
                out.append("\n")
            if isinstance(element, Note):
                if element.graces:
                    self._insert_graces(element, music[index:])
                self._write_note(element)
            elif isinstance(element, Mark):
                self._write_mark(element, before)
            elif isinstance(element, BarLine):
                self._write_bar_line(element, before)
            elif isinstance(element, Ending):
                out.append(element.text or "[" + ",".join(map(str, element.passes)))
            else:
                self._write_field(element)
            before = element
        self._protect_line_breaks()
        if out and not out[-1].endswith("\n"):
            out.append("\n")
        return "".join(out)

    def _insert_graces(self, note: Note, following: Sequence[Element]) -> None:
        """Insert the graces of a note before its decorations, or before the bar line or key."""
        signs_index = len(self._out) if self._signs_index is None else self._signs_index
        count, place = 0, (0, self._key)
        for place in self._boundaries:
            count = count_graces_before(note.graces, following, self._key, place[1])
            if sound_as_written(note.graces[:count], place[1]):
                break
        if count < len(note.graces):
            self._out.insert(signs_index, self._in_braces(note.graces[count:], self._key))
        if count:
            self._out.insert(place[0], self._in_braces(note.graces[:count], place[1]))

    def _in_braces(self, graces: Sequence[Pitch], key: Key) -> str:
        # After an old line break (`!`), a space keeps the text up to the next `!` from being read
        # as the name of a decoration.
        opening = "{ " if self._line_break_indices else "{"
        return opening + "".join([_write_head(pitch, key.octave) for pitch in graces]) + "}"

    def _write_note(self, note: Note) -> None:
        out, octave = self._out, self._key.octave
        pitches = note.pitches
        self._tie_index = self._signs_index = None
        self._boundaries = []
        if not pitches:
            out.append(note.rest + format_length(note.length))
        elif len(pitches) == 1 and (
            # Identity first: comparing two fractions takes much longer.
            pitches[0].length is note.length or pitches[0].length == note.length
        ):
            out.append(_write_head(pitches[0], octave))
            if pitches[0].tied:
                self._tie_index = len(out)
                out.append("-")
        else:
            self._write_chord(note)

    def _write_chord(self, note: Note) -> None:
        out, octave = self._out, self._key.octave
        all_tied = all(pitch.tied for pitch in note.pitches)
        out.append("[")
        for pitch in note.pitches:
            tie = "-" if pitch.tied and not all_tied else ""
            out.append(_write_head(pitch, octave) + tie)
        out.append("]" + format_length(note.length))
        if all_tied:
            self._tie_index = len(out)
            out.append("-")

    def _write_mark(self, mark: Mark, before: Element | None) -> None:
        out, text = self._out, mark.text
        if mark.kind not in ("decoration", "tuplet"):
            self._signs_index = None
        elif self._signs_index is None:
            self._signs_index = len(out)
        if mark.kind == "line" and not text:
            self._end_line(before)
            return
        if mark.kind == "line":
            self._line_break_indices.append(len(out))
        elif _is_space(mark) and _is_space(before):
            self._separate_spaces()
        elif mark.kind == "decoration" and not (text.isalpha() or text[0] in ".~!+"):
            # U: may define a digit as a decoration, which must not become part of a length.
            out.append(_SEPARATOR)
        elif mark.kind == "slur" and out and out[-1] == "." and text[0] != ".":
            out.append(_SEPARATOR)  # `.(` would be a dotted slur
        out.append(text)

    def _end_line(self, before: Element | None) -> None:
        out = self._out
        if not out or out[-1].endswith("\n"):
            out.append(_SEPARATOR)  # an empty line would end the tune
        elif _is_space(before):
            self._separate_spaces()
        out.append("\n" + self._carried_colon)
        self._carried_colon = ""

    def _separate_spaces(self) -> None:
        """Keep two spaces apart: move the last note's tie between them, or write `{}`.

        Most likely the tie stood between the spaces in the original.
        """
        if self._tie_index is None:
            self._out.append(_SEPARATOR)
        else:
            self._out[self._tie_index] = ""
            self._tie_index = len(self._out)
            self._out.append("-")

    def _write_bar_line(self, bar_line: BarLine, before: Element | None) -> None:
        out, text = self._out, bar_line.text
        if count_repeats(text) != (bar_line.ends, bar_line.starts):
            text, self._carried_colon = text[:-1], ":"  # the line was broken inside of the sign
        self._remember_boundary()
        if isinstance(before, BarLine):
            if not stay_apart(before.text, text):
                out.append(_SEPARATOR)
        elif isinstance(before, Mark) and before.kind == "tuplet" and text[0] == ":":
            out.append(_SEPARATOR)  # `(3:` would begin the tuplet's second number
        elif (text == ":" or text[:2] in (":[", ":]")) and (
            not out or out[-1].endswith("\n") or len(out) < 2 or out[-2].endswith("\n")
        ):
            out.append(_SEPARATOR)  # `A:]` at the beginning of a line would be a field
        out.append(text)

    def _remember_boundary(self, before_line_end: bool = False) -> None:
        """Remember the place of a bar line or key after a note: accidentals end there.

        Args:
            before_line_end: whether the place is before the line end that precedes a field.
        """
        self._signs_index = None
        line_ended = bool(self._out) and self._out[-1] == "\n"
        is_first = all(key is not self._key for _, key in self._boundaries)
        if is_first and (line_ended or not before_line_end):
            self._boundaries.append((len(self._out) - before_line_end, self._key))

    def _write_field(self, change: Change) -> None:
        out = self._out
        self._signs_index = None
        if isinstance(change.value, Key):
            self._remember_boundary(before_line_end=not change.inline)
            self._key = change.value
        if change.inline:
            out.append(f"[{change.letter}:{change.text}]")
            return
        if out and not out[-1].endswith("\n"):
            out.append("\n")
        out.append(f"{change.letter}:{change.text}\n")

    def _protect_line_breaks(self) -> None:
        """Write `{ }` after each old line break (`!`) that would begin the name of a decoration."""
        for index in self._line_break_indices:
            following = "".join(self._out[index : index + _LINE_BREAK_REACH])
            if NAMED_DECORATION.match(following):
                self._out[index] += "{ }"


def _names_voice(element: Element) -> bool:
    return isinstance(element, Change) and element.letter == "V"


def _is_space(element: Element | None) -> bool:
    """Return whether an element is a space that the reader would merge with a space beside it.

    The reader does not merge the spacer `y`.
    """
    return isinstance(element, Mark) and element.kind == "space" and element.text[0] != "y"


def _continues_line(element: Element) -> bool:
    """Return whether an element ends with a backslash, which may continue the line."""
    return isinstance(element, Mark) and element.kind == "space" and element.text[-1] == "\\"


def _write_head(pitch: Pitch, key_octave: int) -> str:
    """Return the text of a pitch and its length in a key that adds `key_octave` octaves."""
    head = format_head(pitch.letter, pitch.octave - key_octave, pitch.accidental)
    return head + format_length(pitch.length)
