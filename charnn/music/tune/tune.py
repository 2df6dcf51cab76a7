"""A tune as data: its header and, in the order written, everything on its staff.

A note keeps its spelling beside its sound, and slurs, chord symbols, decorations and line ends stay
between the notes as `Mark`s, those inside of a chord before it. So the same `Tune` serves for
playing, checking, transposing and writing. Only comments, signs without a meaning and the marks
among grace notes are dropped.

Durations are exact fractions of a quarter note: with floats, a full bar of triplets could come
out a little short. Lines and columns count from 1 in the text that was read.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from charnn.errors import shorten
from charnn.music.tune.clef import TREBLE, Clef
from charnn.music.tune.problem import Problem
from charnn.music.tune.theory import SEMITONES, natural_midi

_MAX_NAME = 60  # characters of a number or title in a message

# "space" is a blank or any other character without a sound, see `patterns.SPACE_CHARACTERS`.
MarkKind = Literal[
    "chord symbol",
    "annotation",
    "decoration",
    "slur",
    "tuplet",
    "broken rhythm",
    "space",
    "line",
    "overlay",
]


@dataclass(frozen=True, slots=True)
class Key:
    """A key signature, and the staff that it stands on.

    Attributes:
        text: the text of the field.
        tonic: `"F#"`, or `""` if the key has none.
        mode: `"major"`, `"dorian"`, ...; `"none"` without a signature, `"pipes"` for `K:HP`,
            `"explicit"` for a key that is only a list of accidentals (`exp`).
        alterations: the semitones by which the signature raises C, D, E, F, G, A and B, with the
            accidentals of the field.
        sharps: the number of sharps that tonic and mode give, without the accidentals of the
            field; negative for flats.
        octave: the octaves by which all notes sound above their letters (`octave=`, `treble-8`).
        transpose: the semitones by which all notes sound higher in addition (`transpose=`).
        clef: the clef.
    """

    text: str
    tonic: str
    mode: str
    alterations: tuple[int, ...]
    sharps: int
    octave: int = 0
    transpose: int = 0
    clef: Clef = TREBLE

    @property
    def semitones(self) -> int:
        """The tonic in semitones above C, -1 for Cb; 0 without a tonic."""
        sharps = self.tonic.count("#") - self.tonic.count("b")
        return SEMITONES[self.tonic[0]] + sharps if self.tonic else 0

    @property
    def scale(self) -> frozenset[int]:
        """The notes of the key as pitch classes: semitones above C, 0 to 11."""
        pairs = zip(SEMITONES.values(), self.alterations, strict=True)
        return frozenset((natural + alteration) % 12 for natural, alteration in pairs)


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature. 0/0 is free meter; `text` distinguishes C from 4/4."""

    text: str
    numerator: int
    denominator: int

    @property
    def bar(self) -> Fraction:
        """The quarter notes in a full bar, 0 in free meter."""
        return Fraction(4 * self.numerator, self.denominator) if self.denominator else Fraction(0)

    @property
    def compound(self) -> bool:
        """True if beats are divided in three: 6/8, 9/8, 12/8."""
        return self.numerator in (6, 9, 12) and self.denominator >= 8


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo of `beats` a minute; a beat is `beat` quarter notes long.

    Both are 0 if `text` contains only words.
    """

    text: str
    beat: Fraction
    beats: Fraction


@dataclass(frozen=True, slots=True)
class Pitch:
    """A note head: how one pitch is written, and how it sounds.

    Attributes:
        letter: C to B.
        octave: the octave, with `octave` of the key added; octave 4 begins at middle C.
        accidental: None if none is written, else -2 to 2; 0 is a natural.
        midi: the MIDI pitch, 60 for middle C, after key and bar accidentals and `transpose=`.
        length: the length written after the head, in units.
        tied: True if a tie leads from this head to the next note.
    """

    letter: str
    octave: int
    accidental: int | None
    midi: int
    length: Fraction
    tied: bool = False

    @property
    def natural(self) -> int:
        """The MIDI pitch of letter and octave without any accidental."""
        return natural_midi(self.letter, self.octave)


@dataclass(frozen=True, slots=True)
class Note:
    """An element that takes time: a note (one pitch), a chord (several) or a rest (none).

    Attributes:
        pitches: the heads, in the order written.
        length: the written length in units; for a chord, the length after its closing bracket; for
            the rests `Z` and `X`, the number of bars.
        duration: the duration in quarter notes, with tuplet and broken rhythm.
        graces: the grace notes before it.
        rest: the letter of a rest, `z`, `x`, `Z` or `X`; `""` for a note.
        line: the line it begins on.
        column: the column it begins at.
    """

    pitches: tuple[Pitch, ...]
    length: Fraction
    duration: Fraction
    graces: tuple[Pitch, ...]
    rest: str
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class BarLine:
    """A bar line.

    Attributes:
        text: the sign as written.
        ends: the number of times that playing goes back from here: 1 for `:|`, 2 for `::|`.
        starts: the number of times that playing comes back to here: 1 for `|:`, 2 for `|::`.
        line: the line it begins on.
        column: the column it begins at.
    """

    text: str
    ends: int
    starts: int
    line: int
    column: int

    @property
    def section(self) -> bool:
        """True for a double bar and for a repeat sign, where sections end or begin."""
        # `.|` and `:` are dotted bar lines. `[|]` and `[]` are invisible and may stand in a bar.
        return bool(self.ends or self.starts) or self.text.strip(":.") not in ("|", "", "[|]", "[]")


@dataclass(frozen=True, slots=True)
class Ending:
    """The beginning of a variant ending.

    Attributes:
        passes: the passes that play the ending: 1 and 3 for `[1,3`.
        line: the line it begins on.
        column: the column it begins at.
        text: the number as written, with its bracket if it has one.
    """

    passes: tuple[int, ...]
    line: int
    column: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A field in the body; the new value is in force from here on.

    Attributes:
        letter: the letter of the field.
        text: the text of the field.
        value: a `Key` for K: and for a V: that sets the staff, a `Meter` for M:, the unit length
            in quarter notes for L:, a `Tempo` for Q:; `text` for all others.
        inline: True for a field in brackets, False for one on its own line.
        line: the line it begins on.
        column: the column it begins at.
    """

    letter: str
    text: str
    value: "Key | Meter | Fraction | Tempo | str"
    inline: bool
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Mark:
    """A sign between notes that takes no time.

    Attributes:
        kind: the kind of sign; `"line"` is the end of a line. `"overlay"` occurs only while a tune
            is read.
        text: the sign as written.
        line: the line it begins on.
        column: the column it begins at.
        meaning: the decoration that `U:` assigns to the sign, or the usual name of a decoration of
            several words, `!D.C.alfine!` for example; `""` without.
    """

    kind: MarkKind
    text: str
    line: int
    column: int
    meaning: str = ""


Element: TypeAlias = Note | BarLine | Ending | Change | Mark


@dataclass(frozen=True, slots=True)
class Tune:
    """A tune that was read.

    Attributes:
        number: the text of X:.
        titles: the text of each T: in the header.
        rhythm: the text of the last R:, the type of dance; `""` without.
        parts: the order of the parts (P: of the header), repeats written out; empty without.
        key: the key at the beginning.
        meter: the meter at the beginning.
        unit: the unit length (L:) at the beginning, in quarter notes.
        tempo: the tempo of Q:, None without.
        fields: letter and text of each line of the header.
        music: the elements of the body.
        line: the line the tune begins on.
        voice: the name of the voice (`name=` of its V:, else its first word); `""` without V:.
        voice_id: the first word of the V: of a further voice; `""` for the first voice.
        is_overlay: whether the voice is an overlay (`&`) of the voice before it.
        others: the other voices, each a tune with the same header and no further voices.
        problems: what the reader left out of the tune, with its place.
    """

    number: str
    titles: tuple[str, ...]
    rhythm: str
    parts: tuple[str, ...]
    key: Key
    meter: Meter
    unit: Fraction
    tempo: Tempo | None
    fields: tuple[tuple[str, str], ...]
    music: tuple[Element, ...]
    line: int
    voice: str = ""
    voice_id: str = ""
    is_overlay: bool = False
    others: tuple["Tune", ...] = ()
    problems: tuple[Problem, ...] = ()

    def __repr__(self) -> str:
        """Return what the tune is, in one line: its music would fill pages."""
        notes = sum(isinstance(element, Note) and not element.rest for element in self.music)
        facts = [self.rhythm, self.meter.text, self.key.text, f"{notes:,} notes"]
        if self.others:
            facts.append(f"{len(self.voices)} voices")
        shown = f"{self.name}: {', '.join(filter(None, facts))}"
        return f"<Tune {shown if shown.isprintable() else repr(shown)}>"

    @property
    def voices(self) -> tuple["Tune", ...]:
        """All voices of the tune; the first one is the tune itself."""
        return (self, *self.others)

    @property
    def name(self) -> str:
        """The name of the tune in messages: number and title."""
        return tune_name(self.number, self.titles[0] if self.titles else "")


def tune_name(number: str, title: str) -> str:
    """Return number and title as `X:3 "The Butterfly"`, each cut to 60 characters.

    An empty number or title is left out.
    """
    number, title = shorten(number, _MAX_NAME), shorten(title, _MAX_NAME)
    return " ".join([f"X:{number}"] * bool(number) + [f'"{title}"'] * bool(title))
