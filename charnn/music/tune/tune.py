"""What a tune is, once read: its header and, in the order written, everything on its staff.

A note keeps its spelling beside its sound, and slurs, chord symbols, decorations and line ends stay
between the notes as `Mark`s; only what stands beside the notes inside a chord or among graces is
dropped, and comments are. So the same reading serves for playing, for checking bars and for
transposing. Durations are exact fractions of a quarter note; lines and columns count from 1 in the
text that was given.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal, TypeAlias

from charnn.errors import shorten
from charnn.music.tune.theory import SEMITONES, natural_midi

_NAME = 60  # characters of a number or title in a message

MarkKind = Literal[
    "chord symbol", "annotation", "decoration", "slur", "tuplet", "broken rhythm", "space", "line"
]


@dataclass(frozen=True, slots=True)
class Key:
    """A key signature.

    Attributes:
        text: the words of the field.
        tonic: `"F#"`, or `""` where there is none.
        mode: `"major"`, `"dorian"`, ...; `"none"` without a signature, `"pipes"` for `K:HP`.
        alterations: semitones up or down of C, D, E, F, G, A, B, explicit accidentals included.
        sharps: sharps (or, negative, flats) of the mode alone.
        octave: octaves that everything sounds higher than written (`octave=`).
        transpose: semitones that everything sounds higher besides (`transpose=`).
    """

    text: str
    tonic: str
    mode: str
    alterations: tuple[int, ...]
    sharps: int
    octave: int = 0
    transpose: int = 0

    @property
    def semitones(self) -> int:
        """Semitones from C up to the tonic, -1 for Cb; 0 where there is no tonic."""
        sharps = self.tonic.count("#") - self.tonic.count("b")
        return SEMITONES[self.tonic[0]] + sharps if self.tonic else 0

    @property
    def scale(self) -> frozenset[int]:
        """The notes of the signature, in semitones above C, 0 to 11."""
        pairs = zip(SEMITONES.values(), self.alterations, strict=True)
        return frozenset((natural + alteration) % 12 for natural, alteration in pairs)


@dataclass(frozen=True, slots=True)
class Meter:
    """A time signature; 0/0 is free meter. `text` tells C from 4/4."""

    text: str
    numerator: int
    denominator: int

    @property
    def bar(self) -> Fraction:
        """Quarter notes in a full bar; 0 in free meter."""
        return Fraction(4 * self.numerator, self.denominator) if self.denominator else Fraction(0)

    @property
    def compound(self) -> bool:
        """Whether beats fall in three (6/8, 9/8, 12/8)."""
        return self.numerator in (6, 9, 12) and self.denominator >= 8


@dataclass(frozen=True, slots=True)
class Tempo:
    """A tempo: `beats` a minute, each `beat` quarter notes long; 0 where only words were given."""

    text: str
    beat: Fraction
    beats: Fraction


@dataclass(frozen=True, slots=True)
class Pitch:
    """A note head: letter C to B, octave (4 begins at middle C), accidental as written, and sound.

    Attributes:
        accidental: `None` where none is written, else -2 to 2 (0 is a natural).
        midi: the sounding pitch, 60 at middle C, after key and bar accidentals and `transpose=`.
        length: the multiplier written after it.
        tied: whether a tie leads on from this head.
    """

    letter: str
    octave: int
    accidental: int | None
    midi: int
    length: Fraction
    tied: bool = False

    @property
    def natural(self) -> int:
        """What its letter and octave sound without any accidental, as `midi` counts."""
        return natural_midi(self.letter, self.octave)


@dataclass(frozen=True, slots=True)
class Note:
    """What takes time: a note (one pitch), a chord (several) or a rest (none).

    Attributes:
        pitches: the heads, in the order written.
        length: the multiplier written (of the chord as a whole, for a chord).
        duration: quarter notes, after unit length, tuplet and broken rhythm.
        graces: the grace notes before it.
        rest: the rest's letter, `z`, `x` or `Z`; `""` for a note.
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
    """A bar line: how often it sends back, how many repeats it opens, whether it ends a section."""

    text: str
    ends: int
    starts: int
    line: int
    column: int

    @property
    def section(self) -> bool:
        """Whether a section ends or begins here: a double bar or a repeat sign."""
        return bool(self.ends or self.starts) or self.text.strip(":.") not in ("|", "[|]")


@dataclass(frozen=True, slots=True)
class Ending:
    """The beginning of a variant ending, played in these passes (`[1,3` is 1 and 3).

    `text` is how it is written, with its bracket if it has one.
    """

    passes: tuple[int, ...]
    line: int
    column: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """A field in the body, on its own line or inline; `value` is `text` where it is not understood.

    K: holds a `Key`, M: a `Meter`, L: a `Fraction` of a quarter note, Q: a `Tempo`.
    """

    letter: str
    text: str
    value: "Key | Meter | Fraction | Tempo | str"
    inline: bool
    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Mark:
    """What is written between notes and takes no time.

    `meaning` is what `U:` makes of a decoration's letter: `!trill!`, or `""` where it says nothing.
    """

    kind: MarkKind
    text: str
    line: int
    column: int
    meaning: str = ""


Element: TypeAlias = Note | BarLine | Ending | Change | Mark


@dataclass(frozen=True, slots=True)
class Bar:
    """The elements between two bar lines; a line is `None` at the beginning or end of the tune."""

    elements: tuple[Element, ...]
    opened: BarLine | None
    closed: BarLine | None

    @property
    def duration(self) -> Fraction:
        """Quarter notes in the bar, as written."""
        return sum((e.duration for e in self.elements if isinstance(e, Note)), Fraction(0))


@dataclass(frozen=True, slots=True)
class Tune:
    """One tune.

    Attributes:
        number: the words of X:.
        titles: every T: line of the header.
        rhythm: the first R: line, `""` without.
        parts: the order of the parts (header P:), repeats written out; empty without.
        key, meter, unit, tempo: in force at the beginning; `unit` is L: in quarter notes.
        fields: the whole header as written, (letter, text) a line.
        music: the body.
        line: the line the tune begins on.
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

    @property
    def name(self) -> str:
        """What messages call the tune: its number and title."""
        return tune_name(self.number, self.titles[0] if self.titles else "")

    def bars(self) -> Iterator[Bar]:
        """The bars with music in them, in the order written."""
        opened: BarLine | None = None
        elements: list[Element] = []
        sounds = False  # whether there is a note or rest among the elements
        for element in self.music:
            if not isinstance(element, BarLine):
                elements.append(element)
                sounds = sounds or isinstance(element, Note)
                continue
            if sounds:
                yield Bar(tuple(elements), opened, element)
                elements, sounds = [], False
            opened = element
        if sounds:
            yield Bar(tuple(elements), opened, None)


def tune_name(number: str, title: str) -> str:
    """`X:3 "The Butterfly"`, as far as known; what is too long for a message is cut."""
    number, title = shorten(number, _NAME), shorten(title, _NAME)
    return " ".join([f"X:{number}"] * bool(number) + [f'"{title}"'] * bool(title))
