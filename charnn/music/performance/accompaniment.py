"""A simple accompaniment of bass notes and short chords, as a session guitarist plays it.

The chords are the chord symbols of the tune, or chords chosen by `harmony`. Bass notes
are played on the strong beats of a bar, chords on the weak beats. The bass notes alternate between
root and fifth. A new chord always begins with its bass note.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, islice, pairwise
from typing import Literal, NamedTuple, TypeAlias

from charnn.errors import TuneError
from charnn.music.performance.harmony import choose_chords
from charnn.music.performance.performance import MAX_SOUNDS, Performance, Sound
from charnn.music.performance.played_bars import PlayedBar
from charnn.music.tune.chord_symbols import Chord
from charnn.music.tune.tune import Key, Meter, Tune
from charnn.music.tune.written_chords import has_chords

Chords: TypeAlias = Literal["off", "written", "auto"]

# The four characters `Z999` are 999 bars, and every bar costs time, with or without notes in it.
MAX_BARS = 1_000
# The lowest pitches of the bass (E2) and of the chords (G3). Each has an octave of its own.
LOWEST_BASS, LOWEST_CHORD = 40, 55
BASS_VELOCITY, CHORD_VELOCITY = 68, 56  # below the softest note of the melody, which has 72
MAX_CHORD_TONES = 4

_StrokeKind: TypeAlias = Literal["root", "fifth", "chord"]


class _Stroke(NamedTuple):
    """A bass note or a chord that is struck at `onset` (in quarter notes)."""

    onset: Fraction
    kind: _StrokeKind


def accompany(tune: Tune, performance: Performance, chords: Chords) -> tuple[Sound, ...]:
    """Return the accompaniment of a performance, sorted by onset, then by pitch.

    No sound of the accompaniment lasts beyond the end of the performance.

    Args:
        tune: the tune that is performed.
        performance: the performance of the tune.
        chords: `"off"` returns no sounds. `"written"` plays the chord symbols of the tune, each
            until the next; symbols that can't be read are skipped. `"auto"` plays the chord symbols
            if any can be read. Otherwise it chooses chords from the key and the notes.

    Raises:
        TuneError: the performance has more than 1,000 bars, or melody and accompaniment together
            have more than 3,000 notes.
    """
    if chords == "off" or not performance.sounds:
        return ()
    bar_count = sum(
        max(bar.duration // (bar.meter.bar or bar.duration), 1) for bar in performance.bars
    )
    if bar_count > MAX_BARS:
        problem = (
            f"the tune has more than {MAX_BARS:,} bars once its repeats are played, "
            "too many for an accompaniment: use --chords off"
        )
        raise TuneError(problem, tune.line, 1, tune.name)
    if chords == "written" or has_chords(tune):
        progression = _written_chords(performance)
    else:
        progression = choose_chords(performance)
    max_sounds = MAX_SOUNDS - len(performance.sounds)
    sounds = list(islice(_sounds(performance, progression), max_sounds + 1))
    if len(sounds) > max_sounds:
        problem = (
            f"the tune has more than {MAX_SOUNDS:,} notes once its repeats and chords are played: "
            "use --chords off"
        )
        raise TuneError(problem, tune.line, 1, tune.name)
    return tuple(sorted(sounds, key=lambda sound: (sound.onset, sound.pitch)))


def _written_chords(performance: Performance) -> list[tuple[Fraction, Chord]]:
    """Return the onset and the chord of each symbol; chords are transposed like notes."""
    keys = [change for change in performance.changes if isinstance(change.value, Key)]
    chords: list[tuple[Fraction, Chord]] = []
    index = 0
    for symbol in performance.chord_symbols:
        while index + 1 < len(keys) and keys[index + 1].onset <= symbol.onset:
            index += 1
        key = keys[index].value
        if isinstance(key, Key):
            chords.append((symbol.onset, symbol.chord.transposed(key.transpose)))
    return chords


def _sounds(performance: Performance, chords: Sequence[tuple[Fraction, Chord]]) -> Iterator[Sound]:
    """Yield the sounds of all strokes; each chord is in force until the next chord begins."""
    strokes = _strokes(performance, chords)
    end_of_tune = _Stroke(performance.duration, "root")  # ends the last stroke, is never played
    index, last_chord = -1, None
    for (onset, kind), (end, _) in pairwise(chain(strokes, [end_of_tune])):
        while index + 1 < len(chords) and chords[index + 1][0] <= onset:
            index += 1
        chord = chords[index][1] if index >= 0 else None
        if chord is not None and chord.tones:  # "N.C." has no tones
            if kind != "chord" or chord != last_chord:
                bass = _fifth(chord) if kind == "fifth" and chord == last_chord else chord.bass
                pitch = _pitch_above(LOWEST_BASS, bass)
                yield Sound(onset, end - onset, pitch, velocity=BASS_VELOCITY)
            if kind == "chord":
                for tone in chord.tones[:MAX_CHORD_TONES]:
                    pitch = _pitch_above(LOWEST_CHORD, tone)
                    yield Sound(onset, (end - onset) / 2, pitch, velocity=CHORD_VELOCITY)
        last_chord = chord


def _fifth(chord: Chord) -> int:
    """Return the alternate bass note of a chord, in semitones above C.

    The alternate bass note is the fifth, or the bass itself if the chord has no perfect fifth or is
    inverted (`C/E`).
    """
    fifth = (chord.root + 7) % 12
    return fifth if fifth in chord.tones and chord.bass == chord.root else chord.bass


def _strokes(
    performance: Performance, chords: Sequence[tuple[Fraction, Chord]]
) -> Iterator[_Stroke]:
    """Yield the strokes from the first chord on."""
    changes = [onset for onset, _ in chords]
    start = changes[0] if changes else performance.duration
    for bar in performance.bars:
        if bar.end <= start:
            continue
        if not bar.meter.bar:  # free meter has no beats: strum at each bar and change of chord
            within = changes[bisect_right(changes, bar.onset) : bisect_left(changes, bar.end)]
            yield from (_Stroke(onset, "chord") for onset in dict.fromkeys([bar.onset, *within]))
            continue
        for stroke in _strokes_in_bar(bar):
            if start <= stroke.onset < performance.duration:
                yield stroke


def _strokes_in_bar(bar: PlayedBar) -> Iterator[_Stroke]:
    pattern = _pattern(bar.meter)
    # From the origin, not the onset: a pick-up has the strokes of the end of a full bar.
    origin = bar.origin
    while origin < bar.end:
        for onset, kind in pattern:
            if bar.onset <= origin + onset < bar.end:
                yield _Stroke(origin + onset, kind)
        origin += bar.meter.bar


def _pattern(meter: Meter) -> list[_Stroke]:
    """Return the strokes of a full bar; their onsets count from the beginning of the bar."""
    unit = Fraction(4, meter.denominator)
    if meter.numerator % 3 == 0 and meter.denominator >= 8:  # jigs: bass, pause, chord
        strokes: list[_Stroke] = []
        for group in range(meter.numerator // 3):
            strokes.append(_Stroke(3 * group * unit, "fifth" if group % 2 else "root"))
            strokes.append(_Stroke((3 * group + 2) * unit, "chord"))
        return strokes
    if meter.bar == 2 and meter.numerator == 2:  # polkas: two eighths to a beat
        unit = Fraction(1, 2)
    elif meter.denominator == 2:  # reels: strokes on quarters, although halves are the beats
        unit = Fraction(1)
    count = int(meter.bar / unit)
    kinds: list[_StrokeKind] = ["chord"] * count
    if count % 2 == 0:
        kinds[::4] = ["root"] * len(kinds[::4])
        kinds[2::4] = ["fifth"] * len(kinds[2::4])
    kinds[0] = "root"
    return [_Stroke(index * unit, kind) for index, kind in enumerate(kinds)]


def _pitch_above(lowest: int, tone: int) -> int:
    """Return the MIDI pitch of a tone (semitones above C) in the octave that starts at `lowest`."""
    return lowest + (tone - lowest) % 12
