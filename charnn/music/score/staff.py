"""The contents of a staff: note heads, events (the columns of heads), and written bars."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from charnn.music.score.bar_styles import bar_style
from charnn.music.score.lyrics import Syllable
from charnn.music.score.note_values import NoteValue
from charnn.music.tune.tune import Change, Mark, Meter


@dataclass(frozen=True, slots=True)
class NoteHead:
    """A note head.

    Attributes:
        letter: the note name, C to B.
        octave: the octave; octave 4 begins at middle C.
        alter: semitones above the natural note (negative: below).
        shown: the accidental to print, in semitones like `alter`; None prints no accidental.
        tie_stop: True if a tie from the event before ends here.
        tie_start: True if a tie to the next event begins here.
    """

    letter: str
    octave: int
    alter: int
    shown: int | None
    tie_stop: bool = False
    tie_start: bool = False


# Events and bars are not frozen: layout, numbering, endings and beams fill them in one by one.


@dataclass(slots=True)
class Event:
    """One column of the staff: a note, a chord, a rest (without heads) or a grace note.

    Attributes:
        heads: the note heads, in the order in which ABC writes them.
        value: the note value.
        grace: True for a grace note, which takes no time in the bar.
        whole_bar: True for a rest that fills its bar.
        hidden: True for a rest that is not printed (`x` or `X` in ABC).
        signs: the decorations of the event, as in ABC.
        slur_stops, slur_starts: numbers of the slurs that end and begin here.
        dotted_slur_starts: numbers of the dotted slurs that begin here.
        tuplet_start, tuplet_stop: True if a tuplet begins here; True if a tuplet ends here.
        joined: True if ABC writes no space between the event and the one before it.
        lyrics: the syllables of the verses.
        name: the name of the note in MusicXML and in pictures, such as `n7-12` for a note in line
            7, column 12; `""` for rests and grace notes, and for all but the first of the tied
            values of a note.
        beams: one entry for each beam, the eighths' beam first: `"begin"`, `"continue"`, `"end"`,
            `"forward hook"` or `"backward hook"`, which are MusicXML's words.
    """

    heads: tuple[NoteHead, ...]
    value: NoteValue
    grace: bool = False
    whole_bar: bool = False
    hidden: bool = False
    signs: tuple[str, ...] = ()
    slur_stops: tuple[int, ...] = ()
    slur_starts: tuple[int, ...] = ()
    dotted_slur_starts: tuple[int, ...] = ()
    tuplet_start: bool = False
    tuplet_stop: bool = False
    joined: bool = False
    lyrics: tuple[Syllable, ...] = ()
    name: str = ""
    beams: list[str] = field(default_factory=list)

    @property
    def duration(self) -> Fraction:
        """Return the quarter notes that the event takes in its bar; 0 for a grace note."""
        return Fraction(0) if self.grace else self.value.duration


@dataclass(slots=True)
class ChordSign:
    """A chord symbol.

    Attributes:
        text: the symbol in its quotes.
        offset: the quarter notes from the beginning of the next note to the symbol. Symbols that
            stand before the same note share its time.
    """

    text: str
    offset: Fraction = Fraction(0)


BarItem: TypeAlias = Event | Change | Mark | ChordSign


@dataclass(slots=True)
class WrittenBar:
    """The music between two bar lines, as it is written; a `measure` of MusicXML.

    Attributes:
        meter: the meter in force.
        items: the events, with the fields, chord symbols and annotations between them.
        number: the bar number in the score, `"12"` or `"X12"` for example.
        counted: False if the bar does not increase the bar number: a pickup, for example, or the
            second part of a bar that a repeat sign divides.
        repeat_starts: the number of repeats that begin at the left bar line.
        repeat_ends: the number of repeats that the sign at the right bar line ends.
        times_back: the number of times that a player goes back from the end of this bar to the
            start of a repeat.
        closing_line: the right bar line as ABC writes it; `""` for no line.
        ending_passes: for the variant ending that begins here, the numbers of the times through the
            repeat at which it is played, `(1,)` for `[1`.
        ending_stop_passes: the same numbers for the variant ending that stops here.
        new_system: True if a new line of the score begins here.
    """

    meter: Meter
    items: list[BarItem] = field(default_factory=list)
    number: str = ""
    counted: bool = True
    repeat_starts: int = 0
    repeat_ends: int = 0
    times_back: int = 0
    closing_line: str = ""
    ending_passes: tuple[int, ...] = ()
    ending_stop_passes: tuple[int, ...] = ()
    new_system: bool = False

    def events(self) -> Iterator[Event]:
        """Yield the events of the bar, without the items between them."""
        return (item for item in self.items if isinstance(item, Event))

    @property
    def duration(self) -> Fraction:
        """Return the sum of the events' durations in quarter notes."""
        return sum((event.duration for event in self.events()), Fraction(0))

    @property
    def ends_section(self) -> bool:
        """Return whether the bar ends with a repeat sign or a double bar line."""
        is_plain = bar_style(self.closing_line) in ("none", "dotted", "regular")
        return bool(self.repeat_ends) or not is_plain
