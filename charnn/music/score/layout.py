"""The layout of a tune on the staff: the bars as they are written; repeats are not played out.

ABC contains the length of each note and the signs around the note. A score also needs the end of
each bar that has no bar line, the bar numbers, the printed accidentals, the beams, and the
beginning and end of each tuplet, variant ending, tie and slur.
"""

from fractions import Fraction
from typing import NamedTuple

from charnn.errors import TuneError
from charnn.music.abc.tuplet import parse_tuplet
from charnn.music.score.bar_styles import heavier_line
from charnn.music.score.beams import add_beams
from charnn.music.score.chord_places import place_chords
from charnn.music.score.lyrics import find_lyrics
from charnn.music.score.musicxml_signs import BAR_ENDS, WEDGE_STOPS, sign_name
from charnn.music.score.note_values import NoteValue, note_values
from charnn.music.score.score_lines import break_after_bars, find_line_breaks
from charnn.music.score.spans import (
    close_endings,
    find_slurs,
    find_ties,
    find_unpaired_signs,
    number_bars,
)
from charnn.music.score.staff import BarItem, ChordSign, Event, NoteHead, WrittenBar
from charnn.music.tune.playing_order import find_repeats
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import BarLine, Change, Ending, Key, Mark, Meter, Note, Pitch, Tune

MAX_BARS = 1_000  # `Z999` asks for 999 bars with four characters
# A bar that is longer than its meter is divided once it has this many items: a tune without bar
# lines would be a single line that no page can hold. A beamed group may go on a little longer.
MAX_BAR_ITEMS, MAX_JOINED_BAR_ITEMS = 20, 32

_NO_TUPLET = (1, 1)


def lay_out(tune: Tune, bars_per_line: int | None = None) -> list[WrittenBar]:
    """Return the bars of a tune in the order in which they are written; at least one bar.

    Args:
        tune: the tune.
        bars_per_line: the number of bars in a system; None for the lines of the ABC.

    Raises:
        TuneError: the tune has no notes, more than 1,000 bars, or a duration that no note value
            can write.
    """
    bars = _Layout(tune, keeps_lines=bars_per_line is None).bars()
    if not bars:
        raise TuneError("the tune has no notes to engrave", tune.line, 1, tune.name)
    number_bars(bars)
    close_endings(bars)
    add_beams(bars)
    place_chords(bars)
    if bars_per_line is not None:
        break_after_bars(bars, bars_per_line)
    return bars


class _Tuplet(NamedTuple):
    """An open tuplet: its (actual, normal) ratio, its note count, and its notes still to come."""

    ratio: tuple[int, int]
    notes: int
    notes_left: int


class _Layout:
    """A builder of bars: it reads the elements of a tune once and fills bar after bar."""

    def __init__(self, tune: Tune, *, keeps_lines: bool) -> None:
        self._tune = tune
        # The voices of a score have the same bars, so none divides its bars by itself.
        self._has_other_voices = bool(tune.others or tune.voice_id)
        self._line_breaks = find_line_breaks(tune) if keeps_lines else frozenset()
        self._syllables = find_lyrics(tune).syllables
        self._key, self._meter = tune.key, tune.meter
        self._slurs = find_slurs(tune)
        self._ties = find_ties(tune)
        self._finished: list[WrittenBar] = []
        self._bar = WrittenBar(tune.meter)
        self._filled = Fraction(0)  # quarter notes in this bar so far
        # The alterations in force in this bar, (letter, octave) -> semitones. By octave, because a
        # printed accidental holds in its own octave only.
        self._altered: dict[tuple[str, int], int] = {}
        self._signs: list[str] = []  # decorations since the last note; they belong to the next one
        self._bar_end_items: list[BarItem] = []  # printed at the end of the bar, "D.C." for example
        self._tuplet: _Tuplet | None = None
        self._joined = False  # whether ABC has no space before the next note
        self._new_system = False  # whether a line of the score has ended before the next note

    def bars(self) -> list[WrittenBar]:
        """Return all bars of the tune, not yet numbered and without beams."""
        repeats = find_repeats(self._tune)
        unpaired_signs = find_unpaired_signs(self._tune)
        for index, element in enumerate(self._tune.music):
            if index not in unpaired_signs:
                self._add(index, element)
            self._new_system = self._new_system or index in self._line_breaks
            if index in repeats.starts:
                self._finish_bar()
                has_bars = bool(self._finished)
                self._bar.repeat_starts = max(self._bar.repeat_starts, has_bars)
            if index in repeats.ends and self._finished:
                self._finished[-1].times_back = repeats.ends[index]
        if any(self._bar.events()):
            self._finish_bar()
        elif self._finished:
            # Words after the last bar line are printed in the last bar.
            signs = [item for item in self._bar.items if isinstance(item, Mark | ChordSign)]
            self._finished[-1].items += signs
            self._place_bar_end_items()
        if self._finished:
            last = self._finished[-1]
            last.times_back = max(last.times_back, repeats.ends.get(len(self._tune.music), 0))
        return self._finished

    def _add(self, index: int, element: Note | BarLine | Ending | Change | Mark) -> None:
        if isinstance(element, Note):
            self._add_note(index, element)
        elif isinstance(element, BarLine):
            self._add_bar_line(element)
        elif isinstance(element, Ending):
            self._finish_bar()  # an ending always begins a new bar, even in mid-bar
            self._bar.ending_passes = element.passes
        elif isinstance(element, Change):
            self._add_change(element)
        else:
            self._add_mark(element)

    def _place_bar_end_items(self) -> None:
        """Move the items that wait for the end of a bar to the bar that was finished last."""
        self._finished[-1].items += self._bar_end_items
        self._bar_end_items = []

    def _add_mark(self, mark: Mark) -> None:
        if mark.kind == "decoration" and sign_name(mark.meaning or mark.text) in BAR_ENDS:
            # "D.C." before the last note or before the bar line means the same.
            self._bar_end_items.append(mark)
        elif mark.kind == "decoration" and sign_name(mark.meaning or mark.text) in WEDGE_STOPS:
            self._bar.items.append(mark)
        elif mark.kind == "decoration":
            self._signs.append(mark.meaning or mark.text)
        elif mark.kind == "chord symbol":
            self._bar.items.append(ChordSign(mark.text))
        elif mark.kind == "annotation":
            self._bar.items.append(mark)
        elif mark.kind == "tuplet":
            self._open_tuplet(mark.text)
        elif mark.kind in ("line", "space"):  # ` and the like are spaces that part no beam
            self._joined = self._joined and bool(mark.text.strip(" \ty0123456789!$"))
        elif mark.kind == "slur" and self._signs:
            # A roll or trill before a slur belongs to the slur, not to the note.
            self._signs = [sign for sign in self._signs if sign not in "~T"]

    def _add_change(self, change: Change) -> None:
        if isinstance(change.value, Key):
            self._key = change.value
            self._altered = {}
        elif isinstance(change.value, Meter):
            self._meter = change.value
            if not any(self._bar.events()):
                self._bar.meter = change.value
        if change.letter in "MQPT" or isinstance(change.value, Key):
            self._bar.items.append(change)
        self._joined = False

    def _add_bar_line(self, line: BarLine) -> None:
        is_dotted = self._signs[-1:] == ["."]  # `.|`; before a note, the dot would be a staccato
        if is_dotted:
            self._signs.pop()
        self._finish_bar()
        self._altered = {}
        self._bar.repeat_starts = max(self._bar.repeat_starts, line.starts)
        if self._finished:
            self._place_bar_end_items()
            bar = self._finished[-1]
            bar.repeat_ends = max(bar.repeat_ends, line.ends)
            bar.closing_line = heavier_line(bar.closing_line, "." * is_dotted + line.text)

    def _finish_bar(self) -> None:
        """Finish the current bar and begin a new one, if the current bar has notes or rests."""
        self._joined = False
        if not any(self._bar.events()):
            return
        if len(self._finished) >= MAX_BARS:
            problem = f"the tune has more than {MAX_BARS:,} bars, too many for a score"
            raise TuneError(problem, self._tune.line, 1, self._tune.name)
        self._finished.append(self._bar)
        self._place_bar_end_items()
        self._bar = WrittenBar(self._meter)
        self._filled = Fraction(0)

    def _add_note(self, index: int, note: Note) -> None:
        may_divide = self._tuplet is None and not self._has_other_voices
        if may_divide and len(self._bar.items) >= MAX_BAR_ITEMS:
            event_count = sum(1 for _ in self._bar.events())
            is_full = self._filled >= self._bar.meter.bar
            max_events = MAX_JOINED_BAR_ITEMS if self._joined else MAX_BAR_ITEMS
            if is_full and event_count >= max_events:
                self._finish_bar()
        if self._new_system and may_divide:
            self._finish_bar()  # a line may end in mid-bar
        if not any(self._bar.events()):
            self._bar.new_system = self._new_system and bool(self._finished)
            self._new_system = False
        if note.rest in ("Z", "X") and note.rest:
            self._add_bars_of_rest(note)
        elif note.duration > 0:
            self._add_events(index, note)
            self._filled += note.duration
        self._signs = []
        self._joined = True

    def _add_bars_of_rest(self, note: Note) -> None:
        """Add the bars of a multi-bar rest (`Z4`), each with a whole-bar rest."""
        bar_count = int(note.length) if note.length == int(note.length) else 1
        bar_duration = note.duration / bar_count
        for bar in range(bar_count):
            if bar:
                self._bar.closing_line = "|"
                self._finish_bar()
            for value in self._note_values(note, bar_duration)[:1]:
                event = Event((), value, whole_bar=True, hidden=note.rest == "X")
                self._bar.items.append(event)

    def _add_events(self, index: int, note: Note) -> None:
        """Add the events of a note: its grace notes, then its tied note values."""
        for grace in note.graces:
            head = self._note_head(grace, tie_stop=False, tie_start=False)
            self._bar.items.append(Event((head,), _grace_value(note), grace=True))
        ratio, is_first_in_tuplet, is_last_in_tuplet = self._next_in_tuplet()
        values = self._note_values(note, note.duration, ratio)
        tied_in = self._ties.get(index, frozenset())
        tied_on = {pitch.midi for pitch in note.pitches} & self._pitches_tied_from(index)
        for number, value in enumerate(values):
            is_first, is_last = number == 0, number == len(values) - 1
            heads = tuple(
                self._note_head(
                    pitch,
                    tie_stop=pitch.midi in tied_in if is_first else True,
                    tie_start=pitch.tied and pitch.midi in tied_on if is_last else True,
                )
                for pitch in dict.fromkeys(note.pitches)
            )
            event = Event(heads, value, hidden=note.rest == "x")
            if is_first:
                event.joined, event.tuplet_start = self._joined, is_first_in_tuplet
                event.signs = tuple(self._signs)
                event.name = f"n{note.line}-{note.column}" if note.pitches and note.line else ""
                event.slur_starts = self._slurs.get((index, "("), ())
                event.dotted_slur_starts = self._slurs.get((index, ".("), ())
                event.lyrics = self._syllables.get(index, ())
            if is_last:
                event.tuplet_stop = is_last_in_tuplet
                event.slur_stops = self._slurs.get((index, ")"), ())
            self._bar.items.append(event)
        is_alone = not note.pitches and len(list(self._bar.events())) == 1
        if is_alone and note.duration == self._bar.meter.bar:
            next(self._bar.events()).whole_bar = True

    def _pitches_tied_from(self, index: int) -> frozenset[int]:
        """Return the MIDI pitches that are tied from the note at `index` to the next note."""
        music = self._tune.music
        for following in range(index + 1, len(music)):
            if isinstance(music[following], Note):
                return self._ties.get(following, frozenset())
        return frozenset()

    def _note_values(
        self, note: Note, duration: Fraction, ratio: tuple[int, int] = _NO_TUPLET
    ) -> list[NoteValue]:
        try:
            return note_values(duration, ratio, compound=self._meter.compound)
        except ValueError as problem:
            raise TuneError(str(problem), note.line, note.column, self._tune.name) from None

    def _note_head(self, pitch: Pitch, *, tie_stop: bool, tie_start: bool) -> NoteHead:
        """Return the note head of a pitch, and store the alteration for the rest of the bar.

        The alteration is not stored if a tie ends at this head.
        """
        alter = pitch.midi - self._key.transpose - pitch.natural
        octave = pitch.octave + self._key.clef.shown
        position = pitch.letter, octave
        in_key = self._key.alterations[LETTERS.index(pitch.letter)]
        shown = pitch.accidental
        if tie_stop:
            shown = None
        elif self._altered.get(position, in_key) != alter:
            shown = alter
        if not tie_stop:  # an accidental that a tie carries over a bar line ends with the tie
            self._altered[position] = alter
        return NoteHead(pitch.letter, octave, alter, shown, tie_stop, tie_start)

    def _open_tuplet(self, text: str) -> None:
        p, q, r = parse_tuplet(text, compound=self._meter.compound)
        self._tuplet = _Tuplet((p, q), r, r)

    def _next_in_tuplet(self) -> tuple[tuple[int, int], bool, bool]:
        """Return the next note's (tuplet ratio, is first in tuplet, is last); count the note."""
        if self._tuplet is None:
            return _NO_TUPLET, False, False
        ratio, notes, left = self._tuplet
        self._tuplet = _Tuplet(ratio, notes, left - 1) if left > 1 else None
        return ratio, left == notes, left == 1


def _grace_value(note: Note) -> NoteValue:
    """Return an eighth for a single grace note, a sixteenth for several, as is usual in print."""
    return NoteValue(Fraction(1, 2) if len(note.graces) == 1 else Fraction(1, 4))
