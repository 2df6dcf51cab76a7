"""Reading what takes time: notes, chords, rests, and the signs that stretch or join them.

What a note letter means depends on what came before it: the key, the accidentals of this bar, a tie
that holds one over, a tuplet that is running, a `>` that waits for its second note.
"""

from dataclasses import replace
from fractions import Fraction
from functools import lru_cache

from charnn.music.abc import fields, patterns
from charnn.music.abc.line_reader import LineReader, multiplier
from charnn.music.tune.theory import LETTERS, default_tuplet_time, natural_midi
from charnn.music.tune.tune import Key, Meter, Note, Pitch

MAX_NOTES = 2000
MAX_IN_CHORD = 16
MAX_GRACES = 16

_WHOLE = Fraction(1)


class NoteReader(LineReader):
    """Adds notes to the elements; start it with what the header says."""

    def __init__(self, name: str, key: Key, meter: Meter, unit: Fraction) -> None:
        super().__init__(name)
        self._meter, self._unit = meter, unit
        self._turn_to(key)
        self._notes = 0
        self._last: int | None = None  # where in elements the last note is
        self._tied: dict[tuple[str, int], int] = {}  # (letter, octave) held -> semitones altered
        self._graces: tuple[Pitch, ...] = ()  # wait for their note
        self._pending: Fraction | None = None  # what a > or < does to the next note
        self._tuplet: tuple[Fraction, int] | None = None  # scale, notes left

    def _turn_to(self, key: Key) -> None:
        self._key = key
        self._altered: dict[str, int] = {}  # accidentals of this bar, by letter
        self._in_key = dict(zip(LETTERS + LETTERS.lower(), key.alterations * 2, strict=True))

    def _note(self) -> None:
        start = self._place
        found = patterns.NOTE.match(self._text, start)
        if found is None:
            self.fail("an accidental with no note after it", start)
        pitch = self._pitch(found)
        self._add((pitch,), pitch.length, start)

    def _chord(self) -> None:
        start = self._place
        self._place += 1
        pitches: list[Pitch] = []
        while self._place < len(self._text) and (sign := self._text[self._place]) != "]":
            if found := patterns.NOTE.match(self._text, self._place):
                pitches.append(self._pitch(found))
                if self._text.startswith("-", self._place):
                    pitches[-1] = replace(pitches[-1], tied=True)
                    self._place += 1
            elif sign == '"':
                self._quoted()
            elif sign in " ()" or sign in patterns.DECORATIONS:
                self._place += 1
            else:
                self.fail(f"{sign!r} means nothing in a chord", self._place)
        if self._place == len(self._text):
            self.fail("this [ is never closed", start)
        self._place += 1
        if not pitches:
            self.fail("a chord without notes", start)
        if len(pitches) > MAX_IN_CHORD:
            self.fail(f"more than {MAX_IN_CHORD} notes in a chord", start)
        length = self._length()
        if len(pitches) == 1:  # a note in brackets is a note
            length *= pitches[0].length
            if max(length.numerator, length.denominator) > fields.MAX_IN_FRACTION:
                self.fail("impossible length of a note in brackets", start)
            self._add((replace(pitches[0], length=length),), length, start)
            return
        self._add(tuple(pitches), length, start, pitches[0].length)

    def _rest(self) -> None:
        start = self._place
        rest = self._text[start]
        self._place += 1
        if rest not in "ZX":
            self._add((), self._length(), start, rest=rest)
            return
        bars = self._length()
        if not self._meter.bar:
            self.fail(f"{rest} rests for whole bars, but the meter is free", start)
        self._add((), bars, start, self._meter.bar / self._unit, rest)

    def _grace(self) -> None:
        start = self._place
        graces: list[Pitch] = []
        self._place += 1
        while self._place < len(self._text) and (sign := self._text[self._place]) != "}":
            if found := patterns.NOTE.match(self._text, self._place):
                graces.append(self._pitch(found))
            elif sign in " /()[]>-~" or sign in patterns.DECORATIONS:
                self._place += 1
            else:
                self.fail(f"{sign!r} means nothing among grace notes", self._place)
        if self._place == len(self._text):
            self.fail("this { is never closed", start)
        self._graces += tuple(graces)
        if len(self._graces) > MAX_GRACES:
            self.fail(f"more than {MAX_GRACES} grace notes", start)
        self._place += 1

    def _pitch(self, found: patterns.Match) -> Pitch:
        text, accidental, letter, marks = found.group(0, 1, 2, 3)
        if accidental:
            alteration = self._altered[letter.upper()] = fields.ALTERATIONS[accidental]
        else:
            alteration = self._in_key[letter]
            if self._altered or self._tied:  # in every octave: ABC 2.1, 4.2 and 11.3
                name = letter.upper()
                held = self._tied.get((name, _octave(letter, marks, self._key.octave)), alteration)
                alteration = self._altered.get(name, held)
        pitch = _head(text, alteration, self._key.octave, self._key.transpose)
        if pitch is None:
            if multiplier(found[4]) is None:
                self.fail(f"impossible length {found[4]}", found.start(4))
            self.fail("a note beyond all hearing", found.start())
        self._place = found.end()
        return pitch

    def _add(
        self,
        pitches: tuple[Pitch, ...],
        length: Fraction,
        start: int,
        scale: Fraction = _WHOLE,
        rest: str = "",
    ) -> None:
        """Append a note, chord or rest of `length` times `scale` units."""
        self._notes += 1
        if self._notes > MAX_NOTES:
            self.fail(f"more than {MAX_NOTES} notes", start)
        duration = _times(length, self._unit)
        if scale is not _WHOLE:
            duration *= scale
        if self._pending is not None:
            duration, self._pending = _times(duration, self._pending), None
        if self._tuplet is not None:
            ratio, left = self._tuplet
            duration = _times(duration, ratio)
            self._tuplet = (ratio, left - 1) if left > 1 else None
        graces, self._graces = self._graces, ()
        self._last = len(self.elements)
        self.elements.append(Note(pitches, length, duration, graces, rest, self._line, start + 1))
        self._tied = {}
        if len(pitches) > 1:
            self._remember_ties()

    def _broken(self) -> None:
        start = self._place
        text = patterns.BROKEN.match(self._text, start)
        marks = text[0] if text else ""
        note = self._last_note()
        if note is None or self._pending is not None:
            self.fail(f"{marks} with no note before it", start)
        if len(marks) > 3:
            self.fail("more than three of > or <", start)
        short = Fraction(1, 2 ** len(marks))
        before, after = (2 - short, short) if marks[0] == ">" else (short, 2 - short)
        self._replace_last(replace(note, duration=_times(note.duration, before)))
        self._pending = after
        self._mark("broken rhythm", marks)

    def _opening(self) -> None:
        found = patterns.TUPLET.match(self._text, self._place)
        if found is None:
            self._slur()
            return
        p, q, r = (int(n) if n else 0 for n in found.groups())
        if not 2 <= p <= 9 or q > 16 or r > 16:
            self.fail("tuplets have 2 to 9 notes", self._place)
        q = q or default_tuplet_time(p, compound=self._meter.compound)
        self._tuplet = Fraction(q, p), r or p
        self._mark("tuplet", found[0])

    def _tie(self) -> None:
        note = self._last_note()
        if note is not None:
            tied = tuple(replace(pitch, tied=True) for pitch in note.pitches)
            self._replace_last(replace(note, pitches=tied))
            self._remember_ties()
        self._place += 1

    def _remember_ties(self) -> None:
        note = self._last_note()
        self._tied = {
            (p.letter, p.octave): p.midi - p.natural - self._key.transpose
            for p in (note.pitches if note else ())
            if p.tied
        }

    def _last_note(self) -> Note | None:
        note = None if self._last is None else self.elements[self._last]
        return note if isinstance(note, Note) else None

    def _replace_last(self, note: Note) -> None:
        if self._last is not None:
            self.elements[self._last] = note


def _octave(letter: str, marks: str, octaves: int) -> int:
    return 4 + letter.islower() + marks.count("'") - marks.count(",") + octaves


@lru_cache(maxsize=4096)
def _head(text: str, alteration: int, octaves: int, transpose: int) -> Pitch | None:
    """The note head so written where it sounds so much altered; `None` if that can't be.

    A few hundred heads make up every tune of a book, so they are kept.
    """
    found = patterns.NOTE.fullmatch(text)
    length = multiplier(found[4]) if found else None
    if found is None or length is None:
        return None
    letter, written = found[2].upper(), fields.ALTERATIONS[found[1]] if found[1] else None
    octave = _octave(found[2], found[3], octaves)
    midi = natural_midi(letter, octave) + alteration + transpose
    return Pitch(letter, octave, written, midi, length) if 0 <= midi <= 127 else None


def _times(length: Fraction, by: Fraction) -> Fraction:
    return _product(length.numerator, length.denominator, by.numerator, by.denominator)


@lru_cache(maxsize=4096)
def _product(over: int, under: int, by_over: int, by_under: int) -> Fraction:
    """A product of fractions; multiplying and shortening them anew took most of the reading."""
    return Fraction(over * by_over, under * by_under)
