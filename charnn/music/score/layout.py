"""A tune laid out as it stands on the staff: measures of note values, nothing unrolled.

ABC says how long a note sounds and what is written around it; a score also needs to know where a
measure ends that has no bar line, what it is numbered, which accidentals must be shown, which notes
share a beam, and where brackets, ties and slurs begin and end.
"""

import re
from fractions import Fraction

from charnn.errors import TuneError
from charnn.music.abc.patterns import TUPLET
from charnn.music.score.beams import beam
from charnn.music.score.musicxml_signs import BAR_ENDS, sign_name
from charnn.music.score.note_values import Value, values
from charnn.music.score.spans import close_endings, number, slurs, ties
from charnn.music.score.staff import Event, Head, Item, Measure
from charnn.music.tune.playing_order import repeats_of
from charnn.music.tune.tune import (
    LETTERS,
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

MOST_MEASURES = 1_000
ROOM, MOST_ROOM = 20, 32  # columns in a measure, before one that is over-full is parted


def lay_out(tune: Tune) -> list[Measure]:
    """The measures of a tune, in the order written; at least one.

    Raises:
        TuneError: there are no notes, more than 1,000 measures, or a note that no value can say.
    """
    measures = _Layout(tune).measures()
    if not measures:
        raise TuneError("it has no notes to engrave", tune.line, 1, tune.name)
    number(measures)
    close_endings(measures)
    beam(measures)
    return measures


class _Layout:
    """Walks through a tune once, from measure to measure."""

    def __init__(self, tune: Tune) -> None:
        self._tune = tune
        self._key, self._meter = tune.key, tune.meter
        self._slurs = slurs(tune)
        self._held = ties(tune)
        self._done: list[Measure] = []
        self._now = Measure(tune.meter)
        self._filled = Fraction(0)  # quarter notes in this measure so far
        self._altered: dict[tuple[str, int], int] = {}  # as a reader of the staff would think
        self._signs: list[str] = []
        self._at_end: list[Item] = []  # what stands at the end of the bar
        self._tuplet: tuple[tuple[int, int], int, int] | None = None  # ratio, notes, notes left
        self._joined = False
        self._new_line = False

    def measures(self) -> list[Measure]:
        repeats = repeats_of(self._tune)
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
            if place in repeats.starts:
                self._close()
                self._now.starts = max(self._now.starts, bool(self._done))
            if place in repeats.ends and self._done:
                self._done[-1].back = repeats.ends[place]
        if any(self._now.events()):
            self._close()
        elif self._done:
            self._done[-1].items += [i for i in self._now.items if isinstance(i, Mark)]
            self._end_bar()
        if self._done:
            self._done[-1].back = max(
                self._done[-1].back, repeats.ends.get(len(self._tune.music), 0)
            )
        return self._done

    def _end_bar(self) -> None:
        """Write what stands at the end of the bar that was closed last."""
        self._done[-1].items += self._at_end
        self._at_end = []

    def _mark(self, mark: Mark) -> None:
        if mark.kind == "decoration" and sign_name(mark.meaning or mark.text) in BAR_ENDS:
            self._at_end.append(mark)  # before its last note or its bar line, it means the same
        elif mark.kind == "decoration":
            self._signs.append(mark.meaning or mark.text)
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
            self._end_bar()
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
        self._end_bar()
        self._now = Measure(self._meter)
        self._filled = Fraction(0)

    def _note(self, place: int, note: Note) -> None:
        if self._tuplet is None and len(self._now.items) >= ROOM:
            count = sum(1 for _ in self._now.events())
            full = self._filled >= self._now.meter.bar
            if full and count >= (MOST_ROOM if self._joined else ROOM):
                self._close()  # nothing could be read if it all stood on one line
        if not any(self._now.events()):
            self._now.new_line = self._new_line and bool(self._done)
        self._new_line = False
        if note.rest in ("Z", "X") and note.rest:
            self._rest_for_bars(note)
        elif note.duration > 0:
            self._play(place, note)
            self._filled += note.duration
        self._signs = []
        self._joined = True

    def _rest_for_bars(self, note: Note) -> None:
        bars = int(note.length) if note.length == int(note.length) else 1
        each = note.duration / bars
        for bar in range(bars):
            if bar:
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
        alter = pitch.midi - self._key.transpose - pitch.natural
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


def display_title(title: str) -> str:
    """A title as it is spoken: `"Butterfly, The"` is `"The Butterfly"`."""
    found = re.fullmatch(r"(.+), (The|An?|Da)", title.strip())
    return f"{found[2]} {found[1]}" if found else title.strip()
