"""Notes relative to the tonic: in the coded text, the tonic of every tune is C.

A model of tunes as they are written learns "end on D" in one key and "end on G" in another. Coded
tunes all end on C, so the model learns it once, and a rare key is as good as a common one. The
fields are not changed: `K:` still contains the real key, from which the notes are decoded.

The letters of the notes move down from the tonic to the C below it, so `K:G` `GAB d2B` is coded as
`CDE G2E`, and `K:D` `DEF A2F` likewise. A written accidental moves by the same interval: `^c` in
K:G is `^F`. A new `K:` inside a tune sets a new tonic. Notes in a key without a tonic (`K:none`,
`K:HP`) stay as they are.
"""

import re
from typing import NamedTuple

from charnn.music.abc.fields import FieldError
from charnn.music.abc.key_field import parse_key
from charnn.music.abc.patterns import FIELD, QUOTED
from charnn.music.abc.transpose_keys import transpose_chord_symbol
from charnn.music.tune.theory import LETTERS, SEMITONES
from charnn.music.tune.tune import Key

_NOTE = r"(?P<accidental>[_^=]*)(?P<letter>[A-Ga-g])(?P<marks>[,']*)"
_PIECE = re.compile(rf"{_NOTE}|\[[A-Za-z]:[^\]\n]*\]|{QUOTED}|![^!\n]*!|.", re.DOTALL)
# The beginning of a piece, which more text may complete.
_BEGINNING = re.compile(rf'{_NOTE}|[_^=]+|\[(?:[A-Za-z](?::[^\]\n]*)?)?|"[^"\n]*|![^!\n]*')
_INLINE_KEY = re.compile(r"\[K:([^\]]*)\]")


class _Interval(NamedTuple):
    """The interval by which notes move.

    Attributes:
        steps: the number of letters.
        semitones: the number of semitones.
    """

    steps: int
    semitones: int


class TonicCoder:
    """A coder or decoder of one tune that arrives in chunks.

    Args:
        decode: whether the coded text is decoded.
        key: the value that replaces the first K: of a decoded tune; `""` keeps the value.
    """

    def __init__(self, *, decode: bool = False, key: str = "") -> None:
        self._decodes = decode
        self._replacement = key
        self._rest = ""
        self._field = ""  # the field that the text is in, with its letter and its value so far
        self._line_start = True
        self._key: Key | None = None
        self._interval = _Interval(0, 0)

    def feed(self, chunk: str, *, final: bool = False) -> str:
        """Return the next characters, as far as `chunk` completes them; all of them if `final`."""
        self._rest += chunk
        written = ""
        while self._rest:
            piece = self._next_piece(final)
            if piece is None:
                break
            self._rest = self._rest[len(piece) :]
            written += self._move(piece)
        return written

    def _next_piece(self, final: bool) -> str | None:
        """Return the next piece of the text; None if it may be incomplete."""
        rest = self._rest
        if self._field:
            line = rest.partition("\n")[0]
            # A new key may replace the value of K:, so the value must be complete.
            if not line or (self._field[0] == "K" and line == rest and not final):
                return "\n" if rest[0] == "\n" else None
            return line
        if self._line_start and rest[0].isalpha():
            # `A:|` at the beginning of a line is music, `A:x` a field.
            if len(rest) < 3 and not final and rest[1:2] in ("", ":"):
                return None
            if FIELD.match(rest):
                return rest[:2]
        if _BEGINNING.fullmatch(rest) and not final:
            return None
        return next(_PIECE.finditer(rest))[0]

    def _move(self, piece: str) -> str:
        """Return a piece as it is written on the other side."""
        in_field, self._field = self._field, ""
        at_start, self._line_start = self._line_start, piece == "\n"
        if in_field:
            return self._move_field(in_field, piece)
        if at_start and FIELD.fullmatch(piece):
            self._field = piece
            return piece
        if key := _INLINE_KEY.fullmatch(piece):
            self._set_key(key[1])
            return piece
        if not self._interval.steps and not self._interval.semitones:
            return piece
        if piece[0] == '"' and piece[-1] == '"':
            return transpose_chord_symbol(piece, self._interval.steps, self._interval.semitones)
        found = re.fullmatch(_NOTE, piece)
        return piece if found is None else self._move_note(found)

    def _move_field(self, field: str, piece: str) -> str:
        """Return a piece of a field: its line end, or more of its value."""
        if piece != "\n":
            if field == "K:" and self._replacement:
                piece, self._replacement = self._replacement, ""
            self._field = field + piece
            return piece
        if field[0] == "K":
            self._set_key(field[2:])
        return piece

    def _set_key(self, value: str) -> None:
        try:
            self._key = parse_key(value, self._key)
        except FieldError:
            return  # the notes stay in the key before, as in a reader that skips the field
        tonic = self._key.tonic
        steps = -LETTERS.index(tonic[0]) if tonic else 0
        semitones = -self._key.semitones if tonic else 0
        sign = -1 if self._decodes else 1
        self._interval = _Interval(sign * steps, sign * semitones)

    def _move_note(self, found: "re.Match[str]") -> str:
        letter, accidental, marks = found["letter"], found["accidental"], found["marks"]
        step = LETTERS.index(letter.upper()) + 7 * letter.islower()
        step += 7 * (marks.count("'") - marks.count(","))
        moved = step + self._interval.steps
        if not accidental or (alteration := _alteration(accidental)) is None:
            return accidental + _write_step(moved)
        semitone = _natural(step) + alteration + self._interval.semitones
        # Coded text may have triple accidentals, so that every tune is decoded to the same tune.
        # A tune that a model writes has no triple accidental: the next letter spells the note.
        while self._decodes and abs(semitone - _natural(moved)) > 2:
            moved += 1 if semitone > _natural(moved) else -1
        alteration = semitone - _natural(moved)
        return ("^" * alteration or "_" * -alteration or "=") + _write_step(moved)


def to_tonic(text: str) -> str:
    """Return the coded text of a complete tune."""
    return TonicCoder().feed(text, final=True)


def _natural(step: int) -> int:
    """Return the semitones from the C at step 0 up to a step without an accidental."""
    return SEMITONES[LETTERS[step % 7]] + 12 * (step // 7)


def _write_step(step: int) -> str:
    octave, letter = divmod(step, 7)
    if octave <= 0:
        return LETTERS[letter] + "," * -octave
    return LETTERS[letter].lower() + "'" * (octave - 1)


def _alteration(accidental: str) -> int | None:
    """Return the semitones of an accidental; None for a malformed one such as `^_`."""
    if len(set(accidental)) > 1 or accidental[1:].startswith("="):
        return None
    return {"^": 1, "_": -1, "=": 0}[accidental[0]] * len(accidental)
