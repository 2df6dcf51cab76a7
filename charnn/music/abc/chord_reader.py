"""The third layer of the body reader: chords and grace notes.

Both are several notes in brackets, with other signs between them.
"""

from dataclasses import replace

from charnn.music.abc import patterns
from charnn.music.abc.note_length import MAX_IN_FRACTION
from charnn.music.abc.note_reader import NoteReader
from charnn.music.tune.tune import Element, Pitch

# In 5,023 tunes of four collections, the fullest chord has 4 notes, and at most 8 graces stand
# before a note.
MAX_IN_CHORD = 16
MAX_GRACES = 16

DECORATED_GRACE = "a decoration on a grace note: it is left out"


class ChordReader(NoteReader):
    """A `NoteReader` that also reads chords and grace notes.

    The arguments are those of `NoteReader`.
    """

    def _read_plus(self) -> None:
        """Read a decoration between two `+`, or a chord in the notation of ABC 1.3."""
        if patterns.OLD_CHORD.match(self._text, self._position):
            self._read_chord("+")
        else:
            self._read_exclamation_or_plus()

    def _read_chord(self, closing: str = "]") -> None:
        start = self._position
        pitches, closed_slurs = self._read_chord_pitches(closing)
        if not pitches:
            self._report("a chord without notes: it is left out", start, serious=True)
            self._read_length()
            return
        if len(pitches) > MAX_IN_CHORD:
            self.fail(f"more than {MAX_IN_CHORD} notes in a chord: remove some", start)
        length = self._read_length()
        if len(pitches) == 1:  # one note in brackets is a note
            length *= pitches[0].length
            if max(length.numerator, length.denominator) > MAX_IN_FRACTION:
                self._fail_length(f"{length.numerator}/{length.denominator}", start)
            self._add_note((replace(pitches[0], length=length),), length, start)
        else:
            # ABC 2.1, "Chords and unisons": a chord is as long as its first note.
            self._add_note(tuple(pitches), length, start, pitches[0].length)
        self.elements += closed_slurs

    def _read_chord_pitches(self, closing: str) -> tuple[list[Pitch], list[Element]]:
        """Read a chord from its opening to its closing sign.

        The marks inside of it are appended: by ABC 2.1, "Chords and unisons", a decoration may
        belong to one note of a chord.

        Returns:
            The pitches, and the slurs that end on notes of the chord.
        """
        start = self._position
        self._position += 1
        pitches: list[Pitch] = []
        closed_slurs: list[Element] = []
        while self._position < len(self._text) and (sign := self._text[self._position]) != closing:
            if found := patterns.NOTE.match(self._text, self._position):
                pitches.append(self._read_pitch(found))
                if self._text.startswith(".-", self._position):
                    self._read_dotted_curve()
                if self._text.startswith("-", self._position):
                    pitches[-1] = replace(pitches[-1], tied=True)
                    self._position += 1
            elif self._text.startswith((")", ".)"), self._position):
                self._read_slur()
                closed_slurs.append(self.elements.pop())
            elif sign in "|[":
                break
            else:
                self._read_mark_in_chord(sign)
        if not self._text.startswith(closing, self._position):
            self.fail(f"this {self._text[start]} is never closed: add the {closing}", start)
        self._position += 1
        return pitches, closed_slurs

    def _read_mark_in_chord(self, sign: str) -> None:
        """Read a sign that is neither a note nor the end of a chord."""
        if sign == '"':
            self._read_quoted()
        elif sign == "(":
            self._read_slur()
        elif sign in patterns.SPACE_CHARACTERS or sign == "-":
            self._position += 1
        elif sign == "{":
            self._read_graces()
        elif self._is_decoration(sign):
            self._read_short_decoration()
        elif sign in "!+" and (
            found := patterns.NAMED_DECORATION.match(self._text, self._position)
        ):
            self._add_mark("decoration", found[0])
        else:
            self._leave_out(sign, f"{sign!r} means nothing in a chord")

    def _read_graces(self) -> None:
        start = self._position
        graces: list[Pitch] = []
        self._position += 1
        while self._position < len(self._text) and (sign := self._text[self._position]) != "}":
            if found := patterns.NOTE.match(self._text, self._position):
                graces.append(self._read_pitch(found))
            elif sign == '"':
                self._read_quoted()
            elif sign in "|{":
                break
            else:
                self._pass_sign_of_grace(sign)
        if not self._text.startswith("}", self._position):
            self.fail("this { is never closed: add the }", start)
        self._pending_graces += tuple(graces)
        if len(self._pending_graces) > MAX_GRACES:
            self.fail(f"more than {MAX_GRACES} grace notes before a note: remove some", start)
        self._position += 1

    def _pass_sign_of_grace(self, sign: str) -> None:
        """Pass over a sign among grace notes, which are played plainly."""
        named = patterns.NAMED_DECORATION.match(self._text, self._position)
        if named or self._is_decoration(sign):
            self._report(DECORATED_GRACE, self._position)
        elif sign not in " /()[]>-":
            problem = f"{sign!r} means nothing among grace notes: it is left out"
            self._report(problem, self._position)
        self._position = named.end() if named else self._position + 1
