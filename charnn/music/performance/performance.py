"""A tune as it sounds: every note with its onset and length, repeats played, ties joined.

Times are exact fractions of a quarter note from the beginning. Grace notes take their time from
the note they lead to. Hornpipes are swung: they are written even or dotted and played neither.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import NamedTuple

from charnn.errors import TuneError, UsageError
from charnn.music.abc.fields import FASTEST, SLOWEST
from charnn.music.performance import accents
from charnn.music.performance.ornaments import ornament
from charnn.music.performance.played_bars import Line, PlayedBar, measures
from charnn.music.performance.swing import is_swung, swung_durations
from charnn.music.tune.playing_order import playing_order
from charnn.music.tune.tempo import default_tempo
from charnn.music.tune.tune import BarLine, Change, Ending, Key, Mark, Meter, Note, Tempo, Tune

MOST_SOUNDS = 3_000  # the longest tune of the folk corpus has 1,182
GRACE = Fraction(1, 8)  # of a quarter note, and all together at most half of their note


@dataclass(frozen=True, slots=True)
class Sound:
    """One pitch that sounds: `pitch` is 60 at middle C, times are in quarter notes.

    `velocity` is how hard it is struck, 1 to 127.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    grace: bool = False
    velocity: int = accents.BEAT


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A key, meter or tempo that counts from `onset` on."""

    onset: Fraction
    value: Key | Meter | Tempo


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """A chord symbol that counts from `onset` on, its quotes removed."""

    onset: Fraction
    text: str


@dataclass(frozen=True, slots=True)
class Performance:
    """What is heard, everything by onset.

    Attributes:
        sounds: the notes, by onset and pitch.
        turns: keys, meters and tempos; those at the beginning are turns at onset 0.
        duration: of it all, in quarter notes.
        measures: the bars as played, the first at 0.
        symbols: the chord symbols passed.
    """

    sounds: tuple[Sound, ...]
    turns: tuple[SettingChange, ...]
    duration: Fraction
    measures: tuple[PlayedBar, ...] = ()
    symbols: tuple[ChordSymbol, ...] = ()


def perform(
    tune: Tune,
    *,
    graces: bool = True,
    ornaments: bool = True,
    swing: bool | None = None,
    repeats: bool = True,
) -> Performance:
    """Play a tune.

    Args:
        tune: as read.
        graces: whether grace notes sound.
        ornaments: whether trills and rolls are played out.
        swing: whether pairs of even notes and of dotted ones come out as two thirds and one third
            of their beat; `None`: in hornpipes (by R:) alone.
        repeats: whether they are played; without, every section sounds once, with the ending of
            its last time, and every part once.

    Raises:
        TuneError: played out, it has more than 3,000 notes.
    """
    durations: dict[int, Fraction] = {}
    if swing or (swing is None and is_swung(tune)):
        durations = swung_durations(tune, any_meter=swing is True)
    player = _Player(tune, graces)
    settings = list(_settings(tune))
    signs: set[str] = set()  # those before the next note
    expected = 0
    for place in playing_order(tune, repeats=repeats):
        element = tune.music[place]
        if place != expected:
            player.pass_line(section=not isinstance(tune.music[place - 1], Ending))
        expected = place + 1
        if isinstance(element, Note):
            duration = durations.get(place, element.duration)
            player.play(element, duration, signs, settings[place])
            signs = set()
        elif isinstance(element, BarLine):
            player.pass_line(element.section)
        elif isinstance(element, Mark) and element.kind == "decoration" and ornaments:
            signs.add(element.meaning or element.text)
        elif isinstance(element, Mark) and element.kind == "slur":
            signs = set()  # a sign before a slur is the slur's, not the note's
        elif isinstance(element, Mark) and element.kind == "chord symbol":
            player.pass_symbol(element.text)
    return player.result()


def at_tempo(performance: Performance, tempo: float | None) -> Performance:
    """The same at another tempo: beats a minute in place of the first, the others in proportion.

    The beat stays the tune's: that of its Q:, else of its rhythm or meter (half notes in a reel,
    dotted quarters in a jig). `None` changes nothing.

    Raises:
        UsageError: it is slower than 4 or faster than 2,000 quarter notes a minute.
    """
    if tempo is None:
        return performance
    start = next(turn.value for turn in performance.turns if isinstance(turn.value, Tempo))
    lowest, highest = float(SLOWEST / start.beat), float(FASTEST / start.beat)
    if not lowest <= tempo <= highest:
        raise UsageError(
            f"the tempo is {tempo:g} beats a minute, but it must lie between "
            f"{lowest:g} and {highest:g} for this tune"
        )
    faster = Fraction(tempo) / start.beats
    turns = tuple(
        replace(turn, value=_scaled(turn.value, faster)) if isinstance(turn.value, Tempo) else turn
        for turn in performance.turns
    )
    return replace(performance, turns=turns)


def _scaled(tempo: Tempo, faster: Fraction) -> Tempo:
    """A tempo so many times faster, as far as MIDI goes."""
    quarters = min(max(tempo.beat * tempo.beats * faster, Fraction(SLOWEST)), Fraction(FASTEST))
    return replace(tempo, beats=quarters / tempo.beat)


class _Setting(NamedTuple):
    """What is in force at a note; `unit` is L: in quarter notes."""

    key: Key
    meter: Meter
    tempo: Tempo
    unit: Fraction


class _Player:
    """Lays notes one after the other."""

    def __init__(self, tune: Tune, graces: bool) -> None:
        self._tune, self._graces = tune, graces
        self._setting: _Setting | None = None
        self._now = Fraction(0)
        self._sounds: list[Sound] = []
        self._turns: list[SettingChange] = []
        self._lines: list[Line] = []
        self._symbols: list[ChordSymbol] = []
        self._held: dict[int, int] = {}  # pitch tied on -> where in sounds it is
        self._ringing: dict[int, int] = {}  # pitch -> where in sounds it was last

    def play(self, note: Note, duration: Fraction, signs: set[str], setting: _Setting) -> None:
        self._turn_to(setting)
        end = self._now + duration
        struck = not any(pitch.midi in self._held for pitch in note.pitches)
        if self._graces and note.graces and struck:  # not into a note that is tied on
            step = min(GRACE, duration / (2 * len(note.graces)))
            for grace in note.graces:
                self._sound(grace.midi, step, grace=True)
        played = signs and ornament(
            note,
            signs,
            end - self._now,
            setting.key,
            setting.unit,
            _speed(setting.tempo),
        )
        for pitch, length in played or ():
            self._held = {pitch: self._sound(pitch, length)}
        if not played:
            self._play_plainly(note, end - self._now)
        self._held = {
            pitch.midi: self._held[pitch.midi]
            for pitch in note.pitches
            if pitch.tied and pitch.midi in self._held
        }
        self._now = end

    def pass_line(self, section: bool) -> None:
        """Go past a bar line, or jump as if there were one."""
        self._lines.append(Line(self._now, section))

    def pass_symbol(self, text: str) -> None:
        """Go past a chord symbol."""
        self._symbols.append(ChordSymbol(self._now, text.strip('"')))

    def _turn_to(self, setting: _Setting) -> None:
        before = self._setting
        for value in (setting.key, setting.meter, setting.tempo):
            if before is None or value not in before:
                self._turns.append(SettingChange(self._now, value))
        self._setting = setting

    def _play_plainly(self, note: Note, duration: Fraction) -> None:
        held: dict[int, int] = {}
        for pitch in dict.fromkeys(note.pitches):
            length = pitch.length * duration / note.pitches[0].length
            place = self._held.get(pitch.midi)
            if place is not None and self._ends(place) == self._now:
                sound = self._sounds[place]
                self._sounds[place] = replace(sound, duration=sound.duration + length)
            else:
                place = self._lay(pitch.midi, length)
            held[pitch.midi] = place
        self._held = held

    def _ends(self, place: int) -> Fraction:
        return self._sounds[place].onset + self._sounds[place].duration

    def _sound(self, pitch: int, duration: Fraction, grace: bool = False) -> int:
        """Lay a note and go on to its end."""
        place = self._lay(pitch, duration, grace)
        self._now += duration
        return place

    def _lay(self, pitch: int, duration: Fraction, grace: bool = False) -> int:
        onset = self._now
        if len(self._sounds) == MOST_SOUNDS:
            problem = f"played out, it has more than {MOST_SOUNDS:,} notes"
            raise TuneError(problem, self._tune.line, 1, self._tune.name)
        ringing = self._ringing.get(pitch)
        if ringing is not None and self._ends(ringing) > onset:  # a string is struck again
            before = self._sounds[ringing]
            self._sounds[ringing] = replace(before, duration=onset - before.onset)
        self._ringing[pitch] = len(self._sounds)
        self._sounds.append(Sound(onset, duration, pitch, grace))
        return len(self._sounds) - 1

    def result(self) -> Performance:
        sounds = sorted(
            (sound for sound in self._sounds if sound.duration > 0),
            key=lambda sound: (sound.onset, sound.pitch),
        )
        meters = [(t.onset, t.value) for t in self._turns if isinstance(t.value, Meter)]
        bars = measures(self._lines, meters, self._now)
        return Performance(
            tuple(_accented(sounds, bars)),
            tuple(self._turns),
            self._now,
            bars,
            tuple(self._symbols),
        )


def _accented(sounds: Sequence[Sound], bars: Sequence[PlayedBar]) -> Iterator[Sound]:
    """The notes, by onset, struck as their place in the bar asks for."""
    place = 0
    written: dict[Fraction, Fraction] = {}  # when a note begins behind its graces -> when with them
    for sound in sounds:
        onset = written.get(sound.onset, sound.onset)
        if sound.grace:
            written[sound.onset + sound.duration] = onset
        while bars[place].end <= onset:
            place += 1
        yield replace(sound, velocity=accents.velocity(onset, bars[place], grace=sound.grace))


def _speed(tempo: Tempo) -> Fraction:
    """Quarter notes a minute, for trills: as written, else the usual 120, not what is customary.

    How many strokes a trill has should not hang on a guess at the speed.
    """
    return tempo.beat * tempo.beats if tempo.text else Fraction(120)


def _settings(tune: Tune) -> Iterator[_Setting]:
    """For each element, what is in force there."""
    now = _Setting(tune.key, tune.meter, default_tempo(tune), tune.unit)
    for element in tune.music:
        if isinstance(element, Change):
            now = _changed(now, element.value)
        yield now


def _changed(setting: _Setting, value: object) -> _Setting:
    match value:
        case Key():
            return setting._replace(key=value)
        case Meter():
            return setting._replace(meter=value)
        case Tempo() if value.beats:  # words alone change nothing
            return setting._replace(tempo=value)
        case Fraction():
            return setting._replace(unit=value)
    return setting
