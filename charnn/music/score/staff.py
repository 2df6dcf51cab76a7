"""What stands on a staff: note heads, the columns they stand in, and measures."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from charnn.music.score.note_values import Value
from charnn.music.tune.tune import Change, Mark, Meter


@dataclass(frozen=True, slots=True)
class Head:
    """A note head: `alter` in semitones from the plain letter; `shown` is the accidental that is
    printed, if any."""

    letter: str
    octave: int
    alter: int
    shown: int | None
    tie_stop: bool = False
    tie_start: bool = False


@dataclass(slots=True)
class Event:
    """One column of the staff: a note, a chord, a rest (no heads), or a grace note.

    Attributes:
        heads: from the order written.
        value: how it is written.
        grace: whether it takes no time.
        whole_bar: whether it is a rest for the whole bar.
        hidden: whether it is a rest that is not printed.
        signs: the decorations on it, as in ABC.
        slur_stops, slur_starts: numbers of the slurs.
        tuplet_start, tuplet_stop: whether a tuplet's bracket begins or ends here.
        joined: whether ABC writes it without a space after the one before.
        beams: from the longest beam to the shortest: `"begin"`, `"continue"`, `"end"`,
            `"forward hook"` or `"backward hook"`.
    """

    heads: tuple[Head, ...]
    value: Value
    grace: bool = False
    whole_bar: bool = False
    hidden: bool = False
    signs: tuple[str, ...] = ()
    slur_stops: tuple[int, ...] = ()
    slur_starts: tuple[int, ...] = ()
    tuplet_start: bool = False
    tuplet_stop: bool = False
    joined: bool = False
    beams: list[str] = field(default_factory=list)

    @property
    def duration(self) -> Fraction:
        """Quarter notes it takes; 0 for a grace note."""
        return Fraction(0) if self.grace else self.value.duration


Item: TypeAlias = Event | Change | Mark


@dataclass(slots=True)
class Measure:
    """What stands between two bar lines.

    Attributes:
        meter: in force.
        items: events, and the fields, chord symbols and words between them.
        number: as printed; one that is part of a bar begun before is not counted.
        counted: whether the bars are counted on by it; a pickup and such a part are not.
        starts: repeats that begin here.
        ends: repeats that end here, by their signs.
        back: how many times it is left for the beginning of a repeat.
        line: the bar line that closes it, `""` for none.
        passes: of the ending that begins here.
        ending_stops: the passes of the ending that ends here.
        new_line: whether ABC begins a line here.
    """

    meter: Meter
    items: list[Item] = field(default_factory=list)
    number: str = ""
    counted: bool = True
    starts: int = 0
    ends: int = 0
    back: int = 0
    line: str = ""
    passes: tuple[int, ...] = ()
    ending_stops: tuple[int, ...] = ()
    new_line: bool = False

    def events(self) -> Iterator[Event]:
        """The events alone."""
        return (item for item in self.items if isinstance(item, Event))

    @property
    def duration(self) -> Fraction:
        """Quarter notes, as written."""
        return sum((event.duration for event in self.events()), Fraction(0))

    @property
    def section(self) -> bool:
        """Whether a repeat or a double bar closes it."""
        return bool(self.ends) or self.line not in ("", "|")
