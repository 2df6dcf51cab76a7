"""The second layer of the body reader: notes, rests, and the signs that stretch them.

The meaning of a note letter depends on what precedes it: the key, the accidentals of the bar, a
tie, a tuplet, a broken rhythm (`>`) that has lengthened the note before. `NoteReader` keeps track
of all of them.
"""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from charnn.music.abc import patterns
from charnn.music.abc.mark_reader import MarkReader
from charnn.music.abc.note_head import ALTERATIONS, parse_head, written_octave
from charnn.music.abc.note_length import parse_length
from charnn.music.abc.tuplet import parse_tuplet
from charnn.music.tune.problem import Problem
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import Key, Meter, Note, Pitch

MAX_NOTES = 2000  # of 5,023 tunes of four collections, the longest has 725 notes
MAX_BROKEN = 3  # `>>>`: the shorter note has an eighth of its length
MAX_TUPLET = 64

_WHOLE = Fraction(1)
_WHOLE_NOTE = Fraction(4)  # in quarter notes


class NoteReader(MarkReader):
    """A `MarkReader` that also reads notes.

    Args:
        name: the name of the tune in errors.
        key: the key of the header.
        meter: the meter of the header.
        unit: the unit length of the header, in quarter notes.
    """

    def __init__(self, name: str, key: Key, meter: Meter, unit: Fraction) -> None:
        super().__init__(name)
        self._meter, self._unit = meter, unit
        self._set_key(key)
        self._note_count = 0
        self._last_note_index: int | None = None  # in `elements`
        # Alterations that ties of the last note carry into the next bar, by letter and octave.
        self._tied_alterations: dict[tuple[str, int], int] = {}
        self._pending_graces: tuple[Pitch, ...] = ()
        # The factor by which a broken rhythm multiplies the duration of the next note.
        self._pending_factor: Fraction | None = None
        # The factor that it has applied to the note before, and its place.
        self._applied_factor, self._broken_place = _WHOLE, (0, 0)
        self._tuplet: tuple[Fraction, int] | None = None  # factor, notes left

    def _set_key(self, key: Key) -> None:
        self._key = key
        self._bar_alterations: dict[str, int] = {}  # of the accidentals in this bar, by letter
        self._key_alterations = dict(
            zip(LETTERS + LETTERS.lower(), key.alterations * 2, strict=True)
        )

    # Notes and rests

    def _read_note(self) -> None:
        start = self._position
        found = patterns.NOTE.match(self._text, start)
        if found is None:
            sign = patterns.ACCIDENTAL_SIGN.match(self._text, start)
            self._leave_out(sign[0] if sign else self._text[start], "an accidental without a note")
            return
        pitch = self._read_pitch(found)
        self._add_note((pitch,), pitch.length, start)

    def _read_rest(self) -> None:
        start = self._position
        rest = self._text[start]
        self._position += 1
        if rest not in "ZX":
            self._add_note((), self._read_length(), start, rest=rest)
            return
        bars = self._read_length()
        if not self._meter.bar:
            self._report(
                f"{rest} is a rest of whole bars, and a bar has no length in free meter: it lasts "
                "a whole note; use z for another length",
                start,
                serious=True,
            )
        self._add_note((), bars, start, (self._meter.bar or _WHOLE_NOTE) / self._unit, rest)

    def _read_pitch(self, found: patterns.Match) -> Pitch:
        """Read a note head and its length, and return the pitch that accidentals and key give."""
        text, accidental, letter, marks = found.group(0, 1, 2, 3)
        if accidental:
            alteration = self._bar_alterations[letter.upper()] = ALTERATIONS[accidental]
        else:
            alteration = self._key_alterations[letter]
            if self._bar_alterations or self._tied_alterations:
                # An accidental lasts to the end of the bar in every octave: ABC 2.1, "Accidentals"
                # and the default of "Accidental directives".
                name = letter.upper()
                octave = written_octave(letter, marks) + self._key.octave
                tied = self._tied_alterations.get((name, octave), alteration)
                alteration = self._bar_alterations.get(name, tied)
        pitch = parse_head(text, alteration, self._key.octave, self._key.transpose)
        if pitch is None:
            if parse_length(found[4]) is None:
                self._fail_length(found[4], found.start(4))
            problem = "a note outside the range of MIDI, C,,,,, to g'''': change its octave marks"
            self.fail(problem, found.start())
        self._position = found.end()
        return pitch

    def _add_note(
        self,
        pitches: tuple[Pitch, ...],
        length: Fraction,
        start: int,
        scale: Fraction = _WHOLE,
        rest: str = "",
    ) -> None:
        """Append a note, chord or rest that lasts `length` times `scale` units.

        Broken rhythm and a tuplet change the duration. The pending graces become its graces.
        """
        self._note_count += 1
        if self._note_count > MAX_NOTES:
            self.fail(f"more than {MAX_NOTES} notes in one tune: split the tune", start)
        duration = _multiply(length, self._unit)
        if scale is not _WHOLE:
            duration *= scale
        if self._pending_factor is not None:
            duration, self._pending_factor = _multiply(duration, self._pending_factor), None
        if self._tuplet is not None:
            factor, left = self._tuplet
            duration = _multiply(duration, factor)
            self._tuplet = (factor, left - 1) if left > 1 else None
        graces, self._pending_graces = self._pending_graces, ()
        self._last_note_index = len(self.elements)
        self.elements.append(
            Note(pitches, length, duration, graces, rest, self._line_number, start + 1)
        )
        self._tied_alterations = {}
        if len(pitches) > 1:
            self._remember_ties()

    # Signs that act on notes

    def _read_broken_rhythm(self) -> None:
        """Lengthen the last note and shorten the next one (`>`), or the reverse (`<`)."""
        start = self._position
        text = patterns.BROKEN.match(self._text, start)
        marks = text[0] if text else ""
        note = self._last_note()
        if note is None or self._pending_factor is not None:
            self._leave_out(marks, f"{marks} has no note before it")
            return
        if len(marks) > MAX_BROKEN:
            self.fail("more than three of > or < in a row: write at most three", start)
        short = Fraction(1, 2 ** len(marks))
        before, after = (2 - short, short) if marks[0] == ">" else (short, 2 - short)
        self._replace_last_note(replace(note, duration=_multiply(note.duration, before)))
        self._pending_factor = after
        self._applied_factor, self._broken_place = before, (self._line_number, start + 1)
        self._add_mark("broken rhythm", marks)

    def _undo_broken_rhythm(self) -> None:
        """Undo a broken rhythm whose second note is missing."""
        note = self._last_note()
        if note is not None and self._pending_factor is not None:
            self._replace_last_note(replace(note, duration=note.duration / self._applied_factor))
            text = "a > or < has no note after it: it is left out"
            self.problems.append(Problem(text, *self._broken_place))
            self._pending_factor = None

    def _read_tuplet_or_slur(self) -> None:
        """Read a tuplet or a slur.

        The tuplet `(p:q:r` plays each of the next r notes in q/p of its time.
        """
        found = patterns.TUPLET.match(self._text, self._position)
        if found is None:
            self._read_slur()
            return
        p, q, r = parse_tuplet(found[0], compound=self._meter.compound)
        if max(p, q, r) > MAX_TUPLET:
            self.fail(
                f"{found[0]} is impossible: the numbers of a tuplet are 1 to {MAX_TUPLET}",
                self._position,
            )
        self._tuplet = Fraction(q, p), r
        self._add_mark("tuplet", found[0])

    def _read_tie(self) -> None:
        # A tie without a note before it has nothing to hold, so it is skipped.
        note = self._last_note()
        if note is not None:
            tied = tuple(replace(pitch, tied=True) for pitch in note.pitches)
            self._replace_last_note(replace(note, pitches=tied))
            self._remember_ties()
        self._position += 1

    def _remember_ties(self) -> None:
        """Keep the alterations of the last note's tied pitches for the next note."""
        note = self._last_note()
        self._tied_alterations = {
            (pitch.letter, pitch.octave): pitch.midi - pitch.natural - self._key.transpose
            for pitch in (note.pitches if note else ())
            if pitch.tied
        }

    def _begin_overlay(self) -> None:
        """Forget the accidentals, ties, tuplet and broken rhythm of the bar so far."""
        self._undo_broken_rhythm()
        self._bar_alterations = {}
        self._tied_alterations = {}
        self._tuplet = None
        self._last_note_index = None

    def _last_note(self) -> Note | None:
        element = None if self._last_note_index is None else self.elements[self._last_note_index]
        return element if isinstance(element, Note) else None

    def _replace_last_note(self, note: Note) -> None:
        if self._last_note_index is not None:
            self.elements[self._last_note_index] = note


def _multiply(length: Fraction, factor: Fraction) -> Fraction:
    return _product(length.numerator, length.denominator, factor.numerator, factor.denominator)


# Multiplying and reducing the same few fractions again and again took most of the time of reading.
@lru_cache(maxsize=4096)
def _product(top: int, bottom: int, factor_top: int, factor_bottom: int) -> Fraction:
    return Fraction(top * factor_top, bottom * factor_bottom)
