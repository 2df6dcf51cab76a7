"""A tune as it sounds: every note with its onset and length, repeats played, ties joined.

Times are exact fractions of a quarter note from the beginning. Grace notes take their time from
the note they lead to. Hornpipes may be swung: they are written even or dotted and played neither.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from fractions import Fraction

from charnn.errors import TuneError
from charnn.music.ornaments import ornament
from charnn.music.swing import is_swung, swung_durations
from charnn.music.tune import Change, Key, Mark, Meter, Note, Tempo, Tune
from charnn.music.unrolling import playing_order

MOST_SOUNDS = 10_000
GRACE = Fraction(1, 8)  # of a quarter note, and all together at most half of their note


@dataclass(frozen=True, slots=True)
class Sound:
    """One pitch that sounds: `pitch` is 60 at middle C, times are in quarter notes."""

    onset: Fraction
    duration: Fraction
    pitch: int
    grace: bool = False


@dataclass(frozen=True, slots=True)
class Turn:
    """A key, meter or tempo that counts from `onset` on."""

    onset: Fraction
    value: Key | Meter | Tempo


@dataclass(frozen=True, slots=True)
class Performance:
    """What is heard: `sounds` by onset and pitch, the `turns` by onset, the whole `duration`."""

    sounds: tuple[Sound, ...]
    turns: tuple[Turn, ...]
    duration: Fraction


def perform(
    tune: Tune, *, graces: bool = True, ornaments: bool = True, swing: bool = True
) -> Performance:
    """Play a tune.

    Args:
        tune: as read.
        graces: whether grace notes sound.
        ornaments: whether trills and rolls are played out.
        swing: whether hornpipes (by R:) are swung: pairs of even notes and of dotted ones come out
            as two thirds and one third of their beat.

    Raises:
        TuneError: played out, it has more than 10,000 notes.
    """
    durations = swung_durations(tune) if swing and is_swung(tune) else {}
    player = _Player(tune, graces)
    state = list(_states(tune))
    signs: set[str] = set()  # those before the next note
    for place in playing_order(tune):
        element = tune.music[place]
        if isinstance(element, Note):
            player.turn_to(state[place])
            player.play(element, durations.get(place, element.duration), signs)
            signs = set()
        elif isinstance(element, Mark) and element.kind == "decoration" and ornaments:
            signs.add(element.text)
        elif isinstance(element, Mark) and element.kind == "slur":
            signs = set()  # a sign before a slur is the slur's, not the note's
    return player.result()


class _Player:
    """Lays notes one after the other."""

    def __init__(self, tune: Tune, graces: bool) -> None:
        self._tune, self._graces = tune, graces
        self._now = Fraction(0)
        self._sounds: list[Sound] = []
        self._turns: list[Turn] = []
        self._state: dict[type, Key | Meter | Tempo] = {}
        self._held: dict[int, int] = {}  # pitch tied on -> where in sounds it is
        self._ringing: dict[int, int] = {}  # pitch -> where in sounds it was last

    def turn_to(self, state: tuple[Key | Meter | Tempo, ...]) -> None:
        for value in state:
            if self._state.get(type(value)) != value:
                self._state[type(value)] = value
                self._turns.append(Turn(self._now, value))

    def play(self, note: Note, duration: Fraction, signs: set[str]) -> None:
        end = self._now + duration
        struck = not any(pitch.midi in self._held for pitch in note.pitches)
        if self._graces and note.graces and struck:  # not into a note that is tied on
            step = min(GRACE, duration / (2 * len(note.graces)))
            for grace in note.graces:
                self._sound(grace.midi, step, grace=True)
        played = signs and ornament(note, signs, end - self._now, *self._feel())
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

    def _feel(self) -> tuple[Key, Fraction, Fraction]:
        """Key, unit length and quarter notes a minute at this moment."""
        key, tempo = self._state.get(Key), self._state.get(Tempo)
        speed = tempo.beat * tempo.beats if isinstance(tempo, Tempo) else Fraction(0)
        return (
            key if isinstance(key, Key) else self._tune.key,
            self._tune.unit,
            speed or Fraction(120),
        )

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
        return Performance(tuple(sounds), tuple(self._turns), self._now)


def _states(tune: Tune) -> Iterator[tuple[Key | Meter | Tempo, ...]]:
    """For each element, what is in force there."""
    state: dict[type, Key | Meter | Tempo] = {Key: tune.key, Meter: tune.meter}
    if tune.tempo:
        state[Tempo] = tune.tempo
    now = tuple(state.values())
    for element in tune.music:
        if isinstance(element, Change) and isinstance(element.value, Key | Meter | Tempo):
            state[type(element.value)] = element.value
            now = tuple(state.values())
        yield now
