"""The player of a tune: from the elements as they are written to the sounds as they are heard.

Repeats are played out, ties joined, ornaments and swing applied. Grace notes take their time from
the note that they lead to. In the MIDI files of music21, they have no duration and are inaudible.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

from charnn.errors import TuneError
from charnn.music.performance import accents
from charnn.music.performance.ornaments import play_ornament
from charnn.music.performance.performance import (
    MAX_SOUNDS,
    ChordSymbol,
    Performance,
    SettingChange,
    Sound,
)
from charnn.music.performance.played_bars import PassedBarLine, PlayedBar, played_bars
from charnn.music.performance.swing import EVEN, SWUNG, swung_durations
from charnn.music.tune.chord_symbols import Chord, read_chord
from charnn.music.tune.playing_order import playing_order
from charnn.music.tune.tempo import default_tempo, is_swung
from charnn.music.tune.tune import BarLine, Change, Ending, Key, Mark, Meter, Note, Tempo, Tune

# Quarter notes: the longest grace note, as in abc2midi. All grace notes of a note together take at
# most half of it.
MAX_GRACE = Fraction(1, 8)


def perform(
    tune: Tune,
    *,
    graces: bool = True,
    ornaments: bool = True,
    swing: Fraction | None = None,
    repeats: bool = True,
) -> Performance:
    """Return the performance of a tune.

    Args:
        tune: the tune as it was read.
        graces: whether grace notes sound.
        ornaments: whether trills and rolls are played out as several notes.
        swing: the share of the first note in the time of an even pair, from 1/2, which is not
            swung, to `swing.MAX_SHARE`. None swings only tunes whose R: field is a hornpipe.
        repeats: whether repeats are played. If not, every section is played once with its last
            ending, and every part once.

    Raises:
        TuneError: the tune has more than 3,000 notes once its repeats are played.
    """
    durations: dict[int, Fraction] = {}
    share = swing or (SWUNG if is_swung(tune) else EVEN)
    if share > EVEN:
        durations = swung_durations(tune, share, any_meter=swing is not None)
    player = _Player(tune, graces)
    settings = list(_settings(tune))
    signs: set[str] = set()  # decorations since the last note; they belong to the next one
    expected_index = 0
    for index in playing_order(tune, repeats=repeats):
        element = tune.music[index]
        if index != expected_index:  # a jump back or over an ending counts as a bar line
            player.pass_bar_line(section=not isinstance(tune.music[index - 1], Ending))
        expected_index = index + 1
        if isinstance(element, Note):
            duration = durations.get(index, element.duration)
            player.play(element, duration, signs, settings[index])
            signs = set()
        elif isinstance(element, BarLine):
            player.pass_bar_line(element.section)
        elif isinstance(element, Mark) and element.kind == "decoration" and ornaments:
            signs.add(element.meaning or element.text)
        elif isinstance(element, Mark) and element.kind == "slur":
            signs = set()  # a decoration before a slur belongs to the slur, not to the note
        elif isinstance(element, Mark) and element.kind == "chord symbol":
            player.pass_chord_symbol(element.text)
    return player.result()


class _Setting(NamedTuple):
    """The fields in force at a note; `unit` is the unit length (L:) in quarter notes."""

    key: Key
    meter: Meter
    tempo: Tempo
    unit: Fraction


class _Player:
    """A player that places the notes of a tune one after the other on the time line."""

    def __init__(self, tune: Tune, graces: bool) -> None:
        self._tune, self._graces = tune, graces
        self._setting: _Setting | None = None
        self._now = Fraction(0)  # quarter notes from the beginning
        self._place_in_text = (0, 0)  # of the present note
        self._sounds: list[Sound] = []
        self._changes: list[SettingChange] = []
        self._bar_lines: list[PassedBarLine] = []
        self._chord_symbols: list[ChordSymbol] = []
        self._waiting_chords: list[Chord] = []  # before the next note
        self._tied: dict[int, int] = {}  # MIDI pitch tied to the next note -> index in _sounds
        self._latest: dict[int, int] = {}  # MIDI pitch -> index in _sounds of its latest sound

    def play(self, note: Note, duration: Fraction, signs: set[str], setting: _Setting) -> None:
        """Place a note, chord or rest of `duration` quarter notes, and go to its end."""
        self._change_setting(setting)
        self._place_in_text = (note.line, note.column)
        self._place_chord_symbols(duration)
        end = self._now + duration
        is_struck = not any(pitch.midi in self._tied for pitch in note.pitches)
        # A note that a tie continues is not struck again, so graces before it would break the tie.
        if self._graces and note.graces and is_struck:
            grace_duration = min(MAX_GRACE, duration / (2 * len(note.graces)))
            for grace in note.graces:
                self._append(grace.midi, grace_duration, grace=True)
        ornament = signs and play_ornament(
            note,
            signs,
            end - self._now,
            setting.key,
            setting.unit,
            _quarters_per_minute(setting.tempo),
        )
        for pitch, length in ornament or ():
            self._tied = {pitch: self._append(pitch, length)}
        if not ornament:
            self._play_plainly(note, end - self._now)
        self._tied = {
            pitch.midi: self._tied[pitch.midi]
            for pitch in note.pitches
            if pitch.tied and pitch.midi in self._tied
        }
        self._now = end

    def pass_bar_line(self, section: bool) -> None:
        """Record a bar line, or a jump that counts as one, at the present time."""
        self._place_chord_symbols(Fraction(0))
        self._bar_lines.append(PassedBarLine(self._now, section))

    def pass_chord_symbol(self, text: str) -> None:
        """Keep a chord symbol for the next note; one that names no chord is skipped."""
        chord = read_chord(text)
        if chord is not None:
            self._waiting_chords.append(chord)

    def _place_chord_symbols(self, duration: Fraction) -> None:
        """Record the symbols before a note: `"G""D7"A4` is half of the note G, and half D7."""
        for index, chord in enumerate(self._waiting_chords):
            onset = self._now + duration * index / len(self._waiting_chords)
            self._chord_symbols.append(ChordSymbol(onset, chord))
        self._waiting_chords = []

    def result(self) -> Performance:
        """Return the performance of everything that was played."""
        sounds = sorted(
            (sound for sound in self._sounds if sound.duration > 0),
            key=lambda sound: (sound.onset, sound.pitch),
        )
        meters = [(c.onset, c.value) for c in self._changes if isinstance(c.value, Meter)]
        bars = played_bars(self._bar_lines, meters, self._now)
        return Performance(
            tuple(_with_accents(sounds, bars)),
            tuple(self._changes),
            self._now,
            bars,
            tuple(self._chord_symbols),
        )

    def _change_setting(self, setting: _Setting) -> None:
        before = self._setting
        for value in (setting.key, setting.meter, setting.tempo):
            if before is None or value not in before:
                self._changes.append(SettingChange(self._now, value))
        self._setting = setting

    def _play_plainly(self, note: Note, duration: Fraction) -> None:
        """Place the pitches of a note at the present time.

        If a pitch is tied to the note before, its earlier sound is lengthened instead.
        """
        placed: dict[int, int] = {}
        # Of a unison, the last note sounds.
        for pitch in {pitch.midi: pitch for pitch in note.pitches}.values():
            length = pitch.length * duration / note.pitches[0].length
            index = self._tied.get(pitch.midi)
            if index is not None and self._end(index) == self._now:
                sound = self._sounds[index]
                self._sounds[index] = replace(sound, duration=sound.duration + length)
            else:
                index = self._place(pitch.midi, length)
            placed[pitch.midi] = index
        self._tied = placed

    def _end(self, index: int) -> Fraction:
        return self._sounds[index].onset + self._sounds[index].duration

    def _append(self, pitch: int, duration: Fraction, grace: bool = False) -> int:
        """Place a sound, move to its end, and return its index in `_sounds`."""
        index = self._place(pitch, duration, grace)
        self._now += duration
        return index

    def _place(self, pitch: int, duration: Fraction, grace: bool = False) -> int:
        """Place a sound at the present time and return its index in `_sounds`."""
        if len(self._sounds) == MAX_SOUNDS:
            problem = f"the tune has more than {MAX_SOUNDS:,} notes once its repeats are played"
            raise TuneError(problem, self._tune.line, 1, self._tune.name)
        latest = self._latest.get(pitch)
        if latest is not None and self._end(latest) > self._now:
            # MIDI can't sound one pitch twice at a time on one channel: the new stroke ends the
            # old sound, as on a string.
            before = self._sounds[latest]
            self._sounds[latest] = replace(before, duration=self._now - before.onset)
        self._latest[pitch] = len(self._sounds)
        self._sounds.append(Sound(self._now, duration, pitch, grace, place=self._place_in_text))
        return len(self._sounds) - 1


def _with_accents(sounds: Sequence[Sound], bars: Sequence[PlayedBar]) -> Iterator[Sound]:
    """Yield each sound with the MIDI velocity of its place in the bar.

    `sounds` must be sorted by onset.
    """
    bar_index = 0
    # A note after grace notes begins late, so the onset of its grace notes sets its accent.
    written_onsets: dict[Fraction, Fraction] = {}
    for sound in sounds:
        onset = written_onsets.get(sound.onset, sound.onset)
        if sound.grace:
            written_onsets[sound.onset + sound.duration] = onset
        while bars[bar_index].end <= onset:
            bar_index += 1
        velocity = accents.velocity(onset, bars[bar_index], grace=sound.grace)
        yield replace(sound, velocity=velocity)


def _quarters_per_minute(tempo: Tempo) -> Fraction:
    """Return the tempo in quarter notes a minute for trills; 120 where the tune has no Q: field.

    The customary tempo of the rhythm is a guess, and the number of strokes of a trill should not
    depend on a guess.
    """
    return tempo.beat * tempo.beats if tempo.text else Fraction(120)


def _settings(tune: Tune) -> Iterator[_Setting]:
    """Yield the setting in force at each element of `tune.music`."""
    setting = _Setting(tune.key, tune.meter, default_tempo(tune), tune.unit)
    for element in tune.music:
        if isinstance(element, Change):
            setting = _changed(setting, element.value)
        yield setting


def _changed(setting: _Setting, value: object) -> _Setting:
    match value:
        case Key():
            return setting._replace(key=value)
        case Meter():
            return setting._replace(meter=value)
        case Tempo() if value.beats:  # a Q: field with nothing but words changes no tempo
            return setting._replace(tempo=value)
        case Fraction():
            return setting._replace(unit=value)
    return setting
