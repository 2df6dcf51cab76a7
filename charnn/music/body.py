"""Reading the music of a tune: one pass over its lines, one element after the other.

What a sign means can depend on what came before it: the accidentals of this bar, the key, a tuplet
that is running, a `>` that waits for its second note, a tie. `BodyReader` carries that and nothing
else. What the signs themselves look like is in `signs.py`. Every step moves on in the line, so the
time is linear in the text; numbers and counts are limited, so it is also bounded.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from typing import NoReturn

from charnn.errors import TuneError
from charnn.music import fields, signs
from charnn.music.tune import (
    LETTERS,
    SEMITONES,
    BarLine,
    Change,
    Element,
    Ending,
    Key,
    Mark,
    MarkKind,
    Meter,
    Note,
    Pitch,
    Tempo,
)

MOST_NOTES = 2000
MOST_IN_CHORD = 16
MOST_GRACES = 16
MOST_REPEATS = 8


class BodyReader:
    """Reads body lines into `elements`; start it with what the header says."""

    def __init__(self, name: str, key: Key, meter: Meter, unit: Fraction) -> None:
        self.elements: list[Element] = []
        self._user_signs: set[str] = set()  # letters that U: gives a meaning
        self._voice: str | None = None
        self._name, self._key, self._meter, self._unit = name, key, meter, unit
        self._line, self._text, self._place = 0, "", 0
        self._notes = 0
        self._last: int | None = None  # where in elements the last note is
        self._bar: int | None = None  # where the last bar line is, if nothing counts since
        self._altered: dict[str, int] = {}  # accidentals of this bar, by letter
        self._tied: dict[tuple[str, int], int] = {}  # (letter, octave) held -> semitones altered
        self._graces: tuple[Pitch, ...] = ()  # wait for their note
        self._pending: Fraction | None = None  # what a > or < does to the next note
        self._tuplet: tuple[Fraction, int] | None = None  # scale, notes left

    def read_line(self, text: str, line: int) -> None:
        """Read one line of music; `line` is its number for messages.

        Raises:
            TuneError: something in it can't be read.
        """
        self._line, self._text, self._place = line, text, 0
        self._carry_over()
        while self._place < len(text):
            sign = text[self._place]
            read = _READERS.get(sign)
            if read is not None:
                read(self)
            elif sign in signs.DECORATIONS or sign in self._user_signs:
                self._mark("decoration", sign)
            else:
                self.fail(f"{sign!a} means nothing here", self._place)
        if not text.endswith("\\"):
            self.elements.append(Mark("line", "", line, len(text) + 1))

    def finish(self) -> tuple[Element, ...]:
        """The elements read, once nothing is left half said.

        Raises:
            TuneError: a `>` or `<` still waits for its second note.
        """
        if self._pending is not None:
            self.fail("a > or < with no note after it", self._place - 1)
        return tuple(self.elements)

    def change(self, letter: str, text: str, line: int, column: int, inline: bool = False) -> None:
        """Take a field (`K:`, `M:`, ...) and let it count from here on.

        Raises:
            TuneError: its words can't be read, or it opens a second voice.
        """
        self._line = line
        words = text.strip()
        value: Key | Meter | Fraction | Tempo | str = words
        try:
            if letter == "K":
                value = self._key = fields.key(words)
                self._altered = {}
            elif letter == "M":
                value = self._meter = fields.meter(words)
            elif letter == "L":
                value = self._unit = fields.unit_length(words)
            elif letter == "Q":
                value = fields.tempo(words, self._unit)
            elif letter == "U":
                self._user_signs.add(words[:1])
            elif letter == "V":
                self._hold_one_voice(words, column)
        except fields.FieldError as error:
            self.fail(str(error), column + 1)
        self._bar = None
        self.elements.append(Change(letter, words, value, inline, line, column))

    def _hold_one_voice(self, words: str, column: int) -> None:
        voice = words.split()[0] if words else ""
        if self._voice not in (None, voice):
            self.fail("more than one voice (V:) is not supported", column - 1)
        self._voice = voice

    def fail(self, problem: str, place: int) -> NoReturn:
        """Raise `TuneError` at this place of the line."""
        raise TuneError(problem, self._line, place + 1, self._name)

    # Each of the following reads what begins at self._place and moves self._place behind it.

    def _mark(self, kind: MarkKind, text: str) -> None:
        self.elements.append(Mark(kind, text, self._line, self._place + 1))
        self._place += len(text)

    def _space(self) -> None:
        found = signs.SPACE.match(self._text, self._place)
        self._mark("space", found[0] if found else self._text[self._place])

    def _slur(self) -> None:
        self._mark("slur", self._text[self._place])

    def _quoted(self) -> None:
        end = self._text.find('"', self._place + 1)
        if end < 0:
            self.fail('this " is never closed', self._place)
        annotation = self._text[self._place + 1] in signs.ANNOTATION_PLACES
        self._mark(
            "annotation" if annotation else "chord symbol", self._text[self._place : end + 1]
        )

    def _exclamation(self) -> None:
        found = signs.NAMED_DECORATION.match(self._text, self._place)
        if found:
            self._mark("decoration", found[0])
        elif self._text[self._place] == "!":
            self._mark("line", "!")  # the line end of ABC before 1.6
        else:
            self.fail("this + is never closed", self._place)
        if found and signs.OLD_CHORD.fullmatch(found[0]):
            self.fail("write the chord in brackets, not between + signs", self._place - 1)

    def _bar_line(self) -> None:
        found = signs.BAR_LINE.match(self._text, self._place)
        if found is None:
            self.fail(f"{self._text[self._place]!a} is no bar line", self._place)
        before, after = len(found["before"] or ""), len(found["after"] or "")
        if found["colons"]:  # "::" is ":|:", the colons shared out
            after = len(found["colons"]) // 2
            before = len(found["colons"]) - after
        if max(before, after) > MOST_REPEATS:
            self.fail("too many repeats", self._place)
        self._bar = len(self.elements)
        self.elements.append(BarLine(found["sign"], before, after, self._line, self._place + 1))
        self._altered = {}
        self._place = found.end("sign")
        if found["ending"]:
            self._ending(found["ending"])

    def _carry_over(self) -> None:
        """Join a bar line at the last line's end and a `:` or the number of an ending here."""
        before = None if self._bar is None else self.elements[self._bar]
        if self._bar is None or not isinstance(before, BarLine):
            return
        if found := signs.CARRIED_REPEAT.match(self._text):
            self.elements[self._bar] = replace(before, text=before.text + ":", starts=1)
            self._place = found.end()
        elif found := signs.CARRIED_ENDING.match(self._text):
            self._place = found.start(1)
            self._ending(found[1])

    def _ending(self, text: str) -> None:
        start = self._place
        self._place += len(text)
        passes: list[int] = []
        for first, last in signs.PASSES.findall(text):
            if not 1 <= int(first) <= int(last or first) <= MOST_REPEATS:
                self.fail("impossible ending", start)
            passes += range(int(first), int(last or first) + 1)
        self._bar = None
        self.elements.append(Ending(tuple(passes), self._line, start + 1))

    def _bracket(self) -> None:
        if found := signs.INLINE_FIELD.match(self._text, self._place):
            column = self._place + 1
            self._place = found.end()
            self.change(found[1], found[2], self._line, column, inline=True)
        elif found := signs.ENDING.match(self._text, self._place):
            self._ending(found[0])
        elif signs.BAR_LINE.match(self._text, self._place):
            self._bar_line()
        else:
            self._chord()

    def _chord(self) -> None:
        start = self._place
        self._place += 1
        pitches: list[Pitch] = []
        while self._place < len(self._text) and (sign := self._text[self._place]) != "]":
            if found := signs.PITCH.match(self._text, self._place):
                pitches.append(self._pitch(found))
                if self._text.startswith("-", self._place):
                    pitches[-1] = replace(pitches[-1], tied=True)
                    self._place += 1
            elif sign == '"':
                self._quoted()
            elif sign in " ()" or sign in signs.DECORATIONS:
                self._place += 1
            else:
                self.fail(f"{sign!a} means nothing in a chord", self._place)
        if self._place == len(self._text):
            self.fail("this [ is never closed", start)
        self._place += 1
        if not pitches:
            self.fail("a chord without notes", start)
        if len(pitches) > MOST_IN_CHORD:
            self.fail(f"more than {MOST_IN_CHORD} notes in a chord", start)
        self._add(tuple(pitches), self._length(), start, pitches[0].length)

    def _note(self) -> None:
        start = self._place
        found = signs.PITCH.match(self._text, start)
        if debris := signs.MAIL_DEBRIS.match(self._text, start):
            self._mark("space", debris[0])
            return
        if found is None:
            self.fail("an accidental with no note after it", start)
        pitch = self._pitch(found)
        self._add((pitch,), pitch.length, start)

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

    def _spacer(self) -> None:
        found = signs.SPACER.match(self._text, self._place)
        self._mark("space", found[0] if found else "y")

    def _pitch(self, found: signs.Match) -> Pitch:
        self._place = found.end()
        written = fields.ALTERATIONS[found[1]] if found[1] else None
        letter = found[2].upper()
        octave = 4 + found[2].islower() + found[3].count("'") - found[3].count(",")
        if written is not None:
            self._altered[letter] = written
            alteration = written
        elif letter in self._altered:  # in every octave: ABC 2.1, 4.2 and 11.3
            alteration = self._altered[letter]
        else:
            in_key = self._key.alterations[LETTERS.index(letter)]
            alteration = self._tied.get((letter, octave), in_key)
        midi = 12 * (octave + 1) + SEMITONES[letter] + alteration
        if not 0 <= midi <= 127:
            self.fail("a note beyond all hearing", found.start())
        return Pitch(letter, octave, written, midi, self._length())

    def _length(self) -> Fraction:
        """The length that may follow a note, as a multiplier."""
        found = signs.LENGTH.match(self._text, self._place)
        if found is None or not found[0]:
            return Fraction(1)
        top, slashes, bottom = found.groups()
        over = int(top or 1)
        under = int(bottom) * 2 ** (len(slashes) - 1) if bottom else 2 ** len(slashes)
        most = fields.MOST_IN_FRACTION
        if not (1 <= over <= most and 1 <= under <= most):
            self.fail(f"impossible length {found[0]}", self._place)
        self._place = found.end()
        return Fraction(over, under)

    def _add(
        self,
        pitches: tuple[Pitch, ...],
        length: Fraction,
        start: int,
        scale: Fraction = Fraction(1),
        rest: str = "",
    ) -> None:
        """Append a note, chord or rest of `length` times `scale` units."""
        self._notes += 1
        if self._notes > MOST_NOTES:
            self.fail(f"more than {MOST_NOTES} notes", start)
        duration = length * scale * self._unit
        if self._pending is not None:
            duration, self._pending = duration * self._pending, None
        if self._tuplet is not None:
            ratio, left = self._tuplet
            duration *= ratio
            self._tuplet = (ratio, left - 1) if left > 1 else None
        graces, self._graces = self._graces, ()
        self._last, self._bar = len(self.elements), None
        self.elements.append(Note(pitches, length, duration, graces, rest, self._line, start + 1))
        self._remember_ties()

    def _grace(self) -> None:
        start = self._place
        graces: list[Pitch] = []
        self._place += 1
        while self._place < len(self._text) and (sign := self._text[self._place]) != "}":
            if found := signs.PITCH.match(self._text, self._place):
                graces.append(self._pitch(found))
            elif sign in " /()[]>-~" or sign in signs.DECORATIONS:
                self._place += 1
            else:
                self.fail(f"{sign!a} means nothing among grace notes", self._place)
        if self._place == len(self._text):
            self.fail("this { is never closed", start)
        if len(graces) > MOST_GRACES:
            self.fail(f"more than {MOST_GRACES} grace notes", start)
        self._graces += tuple(graces)
        self._place += 1

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
            (p.letter, p.octave): p.midi - 12 * (p.octave + 1) - SEMITONES[p.letter]
            for p in (note.pitches if note else ())
            if p.tied
        }

    def _last_note(self) -> Note | None:
        note = None if self._last is None else self.elements[self._last]
        return note if isinstance(note, Note) else None

    def _replace_last(self, note: Note) -> None:
        if self._last is not None:
            self.elements[self._last] = note

    def _broken(self) -> None:
        start = self._place
        text = signs.BROKEN.match(self._text, start)
        marks = text[0] if text else ""
        note = self._last_note()
        if note is None or self._pending is not None:
            self.fail(f"{marks} with no note before it", start)
        if len(marks) > 3:
            self.fail("more than three of > or <", start)
        short = Fraction(1, 2 ** len(marks))
        before, after = (2 - short, short) if marks[0] == ">" else (short, 2 - short)
        self._replace_last(replace(note, duration=note.duration * before))
        self._pending = after
        self._mark("broken rhythm", marks)

    def _opening(self) -> None:
        found = signs.TUPLET.match(self._text, self._place)
        if found is None:
            self._slur()
            return
        p, q, r = (int(n) if n else 0 for n in found.groups())
        if not 2 <= p <= 9 or q > 16 or r > 16:
            self.fail("tuplets have 2 to 9 notes", self._place)
        q = q or {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if self._meter.compound else 2)
        self._tuplet = Fraction(q, p), r or p
        self._mark("tuplet", found[0])

    def _overlay(self) -> None:
        self.fail("more than one voice (&) is not supported", self._place)


_READERS: dict[str, Callable[[BodyReader], None]] = {
    **dict.fromkeys("ABCDEFGabcdefg^_=", BodyReader._note),
    **dict.fromkeys("zxZX", BodyReader._rest),
    **dict.fromkeys(" \t`\\*;?@#$", BodyReader._space),
    **dict.fromkeys("|:]", BodyReader._bar_line),
    **dict.fromkeys("!+", BodyReader._exclamation),
    **dict.fromkeys("<>", BodyReader._broken),
    "(": BodyReader._opening,
    ")": BodyReader._slur,
    "[": BodyReader._bracket,
    "{": BodyReader._grace,
    '"': BodyReader._quoted,
    "-": BodyReader._tie,
    "y": BodyReader._spacer,
    "&": BodyReader._overlay,
}
