"""A performance: a tune as it sounds, with repeats played out and ties joined.

All times are exact fractions of a quarter note, counted from the beginning of the performance.
`charnn.music.performance.player.perform` makes a performance from a tune.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from math import isfinite

from charnn.errors import UsageError
from charnn.music.abc.fields import MAX_QUARTERS_PER_MINUTE, MIN_QUARTERS_PER_MINUTE
from charnn.music.performance import accents
from charnn.music.performance.played_bars import PlayedBar
from charnn.music.tune.chord_symbols import Chord
from charnn.music.tune.tune import Key, Meter, Tempo

# The longest tune of the folk corpus has 1,182 sounds; without a limit, a few characters of
# repeats could ask for millions.
MAX_SOUNDS = 3_000


@dataclass(frozen=True, slots=True)
class Sound:
    """One sounding pitch; a chord is several sounds with the same onset.

    Attributes:
        onset: quarter notes from the beginning of the performance.
        duration: length in quarter notes, always above 0.
        pitch: MIDI pitch, 60 for middle C.
        grace: True for a grace note.
        velocity: MIDI velocity, 1 (softest) to 127.
        place: line and column of the written note; (0, 0) in an accompaniment. Sounds that differ
            only by their places are equal.
    """

    onset: Fraction
    duration: Fraction
    pitch: int
    grace: bool = False
    velocity: int = accents.BEAT
    place: tuple[int, int] = field(default=(0, 0), compare=False)


@dataclass(frozen=True, slots=True)
class SettingChange:
    """A key, meter or tempo that is in force from `onset` (in quarter notes) on."""

    onset: Fraction
    value: Key | Meter | Tempo


@dataclass(frozen=True, slots=True)
class ChordSymbol:
    """A chord that is in force from `onset` (in quarter notes) on."""

    onset: Fraction
    chord: Chord


@dataclass(frozen=True, slots=True)
class Performance:
    """A tune as it sounds; every tuple is sorted by onset.

    Attributes:
        sounds: the sounding notes, by onset, then by pitch.
        changes: keys, meters and tempos; the tune's initial ones are changes at onset 0.
        duration: length of the whole performance in quarter notes.
        bars: the bars as they are played; the first begins at 0.
        chord_symbols: the chords that are written; one in a repeated section occurs repeatedly.
    """

    sounds: tuple[Sound, ...]
    changes: tuple[SettingChange, ...]
    duration: Fraction
    bars: tuple[PlayedBar, ...] = ()
    chord_symbols: tuple[ChordSymbol, ...] = ()


def join_tempos(voices: Sequence[Performance]) -> Performance:
    """Return the first of several simultaneous voices, with the tempo changes of all of them."""
    first, *others = voices
    # Every voice begins with the tempo of the header.
    tempos = {
        (change.onset, change.value): change
        for voice in others
        for change in voice.changes
        if isinstance(change.value, Tempo) and change.onset and change not in first.changes
    }
    changes = sorted((*first.changes, *tempos.values()), key=lambda change: change.onset)
    return replace(first, changes=tuple(changes))


def at_tempo(
    performance: Performance, tempo: float | None, speed: Fraction = Fraction(1)
) -> Performance:
    """Return the performance with its first tempo set to `tempo` beats a minute, times `speed`.

    Later tempos change by the same factor. The length of a beat does not change. The Q: field
    determines this length, or else the rhythm or meter (a half note in a reel, a dotted quarter in
    a jig).

    Args:
        performance: the performance.
        tempo: beats a minute; None keeps the tempo of the tune.
        speed: the factor of the tempo, below 1 for practice.

    Raises:
        UsageError: the tempo is below 4 or above 2,000 quarter notes a minute.
    """
    if tempo is None and speed == 1:
        return performance
    first = next(change.value for change in performance.changes if isinstance(change.value, Tempo))
    given = first.beats if tempo is None else Fraction(tempo) if isfinite(tempo) else Fraction(0)
    lowest, highest = (
        float(MIN_QUARTERS_PER_MINUTE / first.beat),
        float(MAX_QUARTERS_PER_MINUTE / first.beat),
    )
    if not lowest <= given * speed <= highest:
        shown = f"{float(100 * speed):g}%" if tempo is None else f"{tempo:g}"
        raise UsageError(
            f"--tempo {shown} is out of range for this tune: "
            f"choose {lowest:g} to {highest:g} beats a minute"
        )
    # A factor keeps the proportion between the tempos of a tune that changes tempo.
    factor = given * speed / first.beats
    changes = tuple(
        replace(change, value=_scaled(change.value, factor))
        if isinstance(change.value, Tempo)
        else change
        for change in performance.changes
    )
    return replace(performance, changes=changes)


def _scaled(tempo: Tempo, factor: Fraction) -> Tempo:
    """Return the tempo times `factor`, limited to the tempos that ABC and MIDI files allow."""
    # A MIDI file stores a tempo as microseconds per quarter note in 24 bits, so the slowest tempo
    # is 3.6 quarter notes a minute.
    quarters = min(
        max(tempo.beat * tempo.beats * factor, Fraction(MIN_QUARTERS_PER_MINUTE)),
        Fraction(MAX_QUARTERS_PER_MINUTE),
    )
    return replace(tempo, beats=quarters / tempo.beat)
