"""A tune laid out as it stands on the staff: measures of note values, nothing unrolled.

ABC says how long a note sounds and what is written around it; a score also needs to know where a
measure ends that has no bar line, what it is numbered, which accidentals must be shown, which notes
share a beam, and where brackets, ties and slurs begin and end.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TypeAlias

from charnn.errors import TuneError
from charnn.music.signs import TUPLET
from charnn.music.tune import (
    LETTERS,
    SEMITONES,
    BarLine,
    Change,
    Ending,
    Key,
    Mark,
    Meter,
    Note,
    Pitch,
    Tune,
)
from charnn.music.values import Value, values

MOST_MEASURES = 1_000
MOST_SLURS = 6  # inside one another, as MusicXML numbers them


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
        ends: repeats that end here.
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


def lay_out(tune: Tune) -> list[Measure]:
    """The measures of a tune, in the order written; at least one.

    Raises:
        TuneError: there are no notes, more than 1,000 measures, or a note that no value can say.
    """
    measures = _Layout(tune).measures()
    if not measures:
        raise TuneError("it has no notes to engrave", tune.line, 1, tune.name)
    _number(measures)
    _close_endings(measures)
    spaced = any(
        not event.joined
        for measure in measures
        for event in list(measure.events())[1:]
        if event.value.flags and not event.grace
    )
    for place, measure in enumerate(measures):
        _beam(measure, spaced, first=place == 0)
    return measures


class _Layout:
    """Walks through a tune once, from measure to measure."""

    def __init__(self, tune: Tune) -> None:
        self._tune = tune
        self._key, self._meter = tune.key, tune.meter
        self._slurs = _slurs(tune)
        self._held = _ties(tune)
        self._done: list[Measure] = []
        self._now = Measure(tune.meter)
        self._altered: dict[tuple[str, int], int] = {}  # as a reader of the staff would think
        self._signs: list[str] = []
        self._tuplet: tuple[tuple[int, int], int, int] | None = None  # ratio, notes, notes left
        self._joined = False
        self._new_line = False

    def measures(self) -> list[Measure]:
        for place, element in enumerate(self._tune.music):
            if isinstance(element, Note):
                self._note(place, element)
            elif isinstance(element, BarLine):
                self._bar_line(element)
            elif isinstance(element, Ending):
                self._close()  # in the middle of a bar, too
                self._now.passes = element.passes
            elif isinstance(element, Change):
                self._change(element)
            else:
                self._mark(element)
        if any(self._now.events()):
            self._close()
        elif self._done:
            self._done[-1].items += [i for i in self._now.items if isinstance(i, Mark)]
        return self._done

    def _mark(self, mark: Mark) -> None:
        if mark.kind == "decoration":
            self._signs.append(mark.text)
        elif mark.kind in ("chord symbol", "annotation"):
            self._now.items.append(mark)
        elif mark.kind == "tuplet":
            self._open_tuplet(mark.text)
        elif mark.kind == "line":
            self._new_line, self._joined = True, False
        elif mark.kind == "space" and not mark.text.strip(" \ty0123456789"):
            self._joined = False
        elif mark.kind == "slur" and self._signs:  # what stands before a slur is the slur's
            self._signs = [sign for sign in self._signs if sign not in "~T"]

    def _change(self, change: Change) -> None:
        if isinstance(change.value, Key):
            self._key = change.value
            self._altered = {}
        elif isinstance(change.value, Meter):
            self._meter = change.value
            if not any(self._now.events()):
                self._now.meter = change.value
        if change.letter in "KMQPT":
            self._now.items.append(change)
        self._joined = False

    def _bar_line(self, line: BarLine) -> None:
        self._close()
        self._altered = {}
        self._now.starts = max(self._now.starts, line.starts)
        if self._done:
            before = self._done[-1]
            before.ends = max(before.ends, line.ends)
            before.line = max(before.line, line.text.strip(":."), key=len)

    def _close(self) -> None:
        """Begin another measure, if there are notes in this one."""
        self._joined = False
        if not any(self._now.events()):
            return
        if len(self._done) >= MOST_MEASURES:
            problem = f"more than {MOST_MEASURES:,} bars"
            raise TuneError(problem, self._tune.line, 1, self._tune.name)
        self._done.append(self._now)
        self._now = Measure(self._meter)

    def _note(self, place: int, note: Note) -> None:
        if not any(self._now.events()):
            self._now.new_line = self._new_line and bool(self._done)
        self._new_line = False
        if note.rest in ("Z", "X") and note.rest:
            self._rest_for_bars(note)
        elif note.duration > 0:
            self._play(place, note)
        self._signs = []
        self._joined = True

    def _rest_for_bars(self, note: Note) -> None:
        bars = int(note.length) if note.length == int(note.length) else 1
        each = note.duration / bars
        for number in range(bars):
            if number:
                self._now.line = "|"
                self._close()
            for value in self._values(note, each)[:1]:
                event = Event((), value, whole_bar=True, hidden=note.rest == "X")
                self._now.items.append(event)

    def _play(self, place: int, note: Note) -> None:
        for grace in note.graces:
            written = self._grace_value(note)
            self._now.items.append(Event((self._head(grace, False, False),), written, grace=True))
        ratio, first, last = self._tuplet_step()
        parts = self._values(note, note.duration, ratio)
        held = self._held.get(place, frozenset())
        leads = {pitch.midi for pitch in note.pitches} & self._held_after(place)
        for index, value in enumerate(parts):
            begin, end = index == 0, index == len(parts) - 1
            heads = tuple(
                self._head(
                    pitch,
                    pitch.midi in held if begin else True,
                    pitch.tied and pitch.midi in leads if end else True,
                )
                for pitch in dict.fromkeys(note.pitches)
            )
            event = Event(heads, value, hidden=note.rest == "x")
            if begin:
                event.joined, event.tuplet_start = self._joined, first
                event.signs = tuple(self._signs)
                event.slur_starts = self._slurs.get((place, "("), ())
            if end:
                event.tuplet_stop = last
                event.slur_stops = self._slurs.get((place, ")"), ())
            self._now.items.append(event)
        alone = not note.pitches and len(list(self._now.events())) == 1
        if alone and note.duration == self._now.meter.bar:
            next(self._now.events()).whole_bar = True

    def _grace_value(self, note: Note) -> Value:
        return Value(Fraction(1, 2) if len(note.graces) == 1 else Fraction(1, 4))

    def _held_after(self, place: int) -> frozenset[int]:
        """The pitches that the next note takes over."""
        music = self._tune.music
        for following in range(place + 1, len(music)):
            if isinstance(music[following], Note):
                return self._held.get(following, frozenset())
        return frozenset()

    def _values(
        self, note: Note, duration: Fraction, ratio: tuple[int, int] = (1, 1)
    ) -> list[Value]:
        try:
            return values(duration, ratio, compound=self._meter.compound)
        except ValueError as problem:
            raise TuneError(str(problem), note.line, note.column, self._tune.name) from None

    def _head(self, pitch: Pitch, tie_stop: bool, tie_start: bool) -> Head:
        natural = 12 * (pitch.octave + 1) + SEMITONES[pitch.letter] + self._key.transpose
        alter = pitch.midi - natural
        place = pitch.letter, pitch.octave
        in_key = self._key.alterations[LETTERS.index(pitch.letter)]
        thought = self._altered.get(place, in_key)
        shown = pitch.accidental
        if tie_stop:
            shown = None
        elif thought != alter:
            shown = alter
        if not tie_stop:
            self._altered[place] = alter
        return Head(pitch.letter, pitch.octave, alter, shown, tie_stop, tie_start)

    def _open_tuplet(self, text: str) -> None:
        found = TUPLET.match(text)
        p, q, r = (int(n) if n else 0 for n in found.groups()) if found else (3, 2, 3)
        by_custom = {2: 3, 3: 2, 4: 3, 6: 2, 8: 3}.get(p, 3 if self._meter.compound else 2)
        self._tuplet = (p, q or by_custom), r or p, r or p

    def _tuplet_step(self) -> tuple[tuple[int, int], bool, bool]:
        """The ratio of the next note, and whether it is the first or the last of its tuplet."""
        if self._tuplet is None:
            return (1, 1), False, False
        ratio, count, left = self._tuplet
        self._tuplet = (ratio, count, left - 1) if left > 1 else None
        return ratio, left == count, left == 1


def _slurs(tune: Tune) -> dict[tuple[int, str], tuple[int, ...]]:
    """The numbers of the slurs that begin (`"("`) or end (`")"`) at a note, by its place.

    One that is never closed, or spans one note, is left out.
    """
    found: dict[tuple[int, str], tuple[int, ...]] = {}
    opened: list[int | None] = []  # the place of the first note; None until it comes
    last: int | None = None
    for place, element in enumerate(tune.music):
        if isinstance(element, Note) and element.pitches:
            opened = [place if first is None else first for first in opened]
            last = place
        elif isinstance(element, Mark) and element.kind == "slur":
            if element.text == "(":
                opened.append(None)
            elif opened:
                first = opened.pop()
                number = len(opened) + 1
                spans = first is not None and last is not None and first != last
                if spans and number <= MOST_SLURS:
                    found[first, "("] = (*found.get((first, "("), ()), number)
                    found[last, ")"] = (*found.get((last, ")"), ()), number)
    return found


def _ties(tune: Tune) -> dict[int, frozenset[int]]:
    """The pitches of each note, by its place, that are held over from the note before."""
    found: dict[int, frozenset[int]] = {}
    tied: frozenset[int] = frozenset()
    for place, element in enumerate(tune.music):
        if isinstance(element, Note):
            found[place] = tied & {pitch.midi for pitch in element.pitches}
            tied = frozenset(pitch.midi for pitch in element.pitches if pitch.tied)
    return found


def _number(measures: list[Measure]) -> None:
    """Count the bars; a pickup is 0, and the second part of a bar that a repeat cuts has none."""
    count = 0
    before: Measure | None = None
    for measure in measures:
        bar, length = measure.meter.bar, measure.duration
        if before is None:
            measure.counted = not length < bar
        elif before.counted and measure.passes[:1] <= (1,):  # a second ending begins anew
            cut = before.section or measure.starts or measure.passes or not before.line
            completes = before.duration < bar and before.duration + length == bar
            measure.counted = not (cut and completes)
        count += measure.counted
        measure.number = str(count) if measure.counted or not count else f"X{count}"
        before = measure


def _close_endings(measures: list[Measure]) -> None:
    """Find where each ending stops: at a repeat or double bar, or where the next one begins.

    Where a later repeat is what comes next, the last ending is as long as the one before it.
    """
    length, stop = 0, -1  # of the ending before: its measures, and the last of them
    for place, measure in enumerate(measures):
        if not measure.passes:
            continue
        last = place
        while (
            not measures[last].section
            and last + 1 < len(measures)
            and not (measures[last + 1].passes or measures[last + 1].starts)
        ):
            last += 1
        follows = stop == place - 1 and length
        if follows and measures[last].ends and last - place + 1 > length:
            last = place + length - 1
        measures[last].ending_stops = measure.passes
        length, stop = last - place + 1, last


def _beam(measure: Measure, spaced: bool, first: bool) -> None:
    """Join the notes of a measure by beams, as ABC joins them; by beats, if it never spaces any."""
    beat = _beat(measure.meter)
    onset = measure.meter.bar - measure.duration if first else Fraction(0)
    onset = max(onset, Fraction(0))
    group: list[Event] = []
    graces: list[Event] = []
    for event in measure.events():
        if event.grace:
            graces.append(event)
            continue
        _join(graces)
        graces = []
        apart = not event.joined if spaced else onset % beat == 0 or _beats(group, onset, beat)
        if apart or not event.heads or not event.value.flags:
            _join(group)
            group = []
        if event.heads and event.value.flags:
            group.append(event)
        onset += event.duration
    _join(group)


def _beats(group: list[Event], onset: Fraction, beat: Fraction) -> bool:
    """Whether a beat begins between the first of the group and this onset."""
    start = onset - sum((event.duration for event in group), Fraction(0))
    return start // beat != onset // beat


def _beat(meter: Meter) -> Fraction:
    """How much goes under one beam where nothing else says so, in quarter notes."""
    if not meter.bar:
        return Fraction(1)
    if meter.compound or (meter.numerator == 3 and meter.denominator == 8):
        return Fraction(12, meter.denominator)
    return Fraction(2) if meter.bar == 4 else Fraction(1)


def _join(group: list[Event]) -> None:
    """Give the notes of one group their beams."""
    if len(group) < 2:
        return
    flags = [event.value.flags for event in group]
    for place, event in enumerate(group):
        before = flags[place - 1] if place else 0
        after = flags[place + 1] if place + 1 < len(group) else 0
        for level in range(1, flags[place] + 1):
            left, right = before >= level, after >= level
            if left or right:
                event.beams.append("continue" if left and right else "end" if left else "begin")
            else:
                event.beams.append("backward hook" if place else "forward hook")


def display_title(title: str) -> str:
    """A title as it is spoken: `"Butterfly, The"` is `"The Butterfly"`."""
    found = re.fullmatch(r"(.+), (The|An?|Da)", title.strip())
    return f"{found[2]} {found[1]}" if found else title.strip()
