"""Chords for a tune that has none: a few of its mode, each held as long as the notes allow.

Every slot, half a bar, a bar or, in slip jigs, a beat, gets one chord; the path through all slots
with the highest score is found by dynamic programming (Viterbi). A chord earns what its notes
sound, counted by length and by the weight of the beat they fall on, and loses what sounds beside
it; the less usual chords of a mode and each change, above all inside a bar, cost something; a part
of the tune likes to end on the tonic, after the dominant or the seventh degree in its last bar or
just before that.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf

from charnn.music.performance.performance import Performance, Sound
from charnn.music.performance.played_bars import PlayedBar, beat_of
from charnn.music.tune.chord_symbols import Chord, chord
from charnn.music.tune.tune import SEMITONES, Key, Meter

# The chords of each mode: semitones above the tonic, kind, and how gladly it is played (0: most).
_MAJOR = ((0, "", 0.0), (5, "", 0.15), (7, "", 0.1), (9, "m", 0.4), (2, "m", 0.45))
_MIXOLYDIAN = ((0, "", 0.0), (10, "", 0.05), (5, "", 0.2), (7, "m", 0.6), (2, "m", 0.5))
_DORIAN = ((0, "m", 0.0), (10, "", 0.05), (3, "", 0.4), (5, "", 0.3), (7, "m", 0.45))
_MINOR = ((0, "m", 0.0), (10, "", 0.1), (8, "", 0.3), (3, "", 0.3), (5, "m", 0.3), (7, "m", 0.4))
_CHORDS = {
    "major": _MAJOR,
    "lydian": ((0, "", 0.0), (2, "", 0.15), (7, "", 0.2), (9, "m", 0.35)),
    "mixolydian": _MIXOLYDIAN,
    "pipes": _MIXOLYDIAN,
    "dorian": _DORIAN,
    "minor": _MINOR,
    "phrygian": ((0, "m", 0.0), (1, "", 0.15), (10, "m", 0.3), (3, "", 0.3)),
    "locrian": ((0, "m", 0.0), (10, "m", 0.2), (3, "m", 0.3)),
}
_HARMONIC = (7, "", 0.2)  # the dominant of a minor key with a leading tone in its signature

_BESIDE = 0.9  # what a sound that is not in the chord costs, beside one for a sound that is
_ROOT, _THIRD, _FIFTH = 1.1, 1.0, 0.95
_ON_SLOT, _ON_BEAT = 2.0, 1.4  # weight of what begins there, beside one elsewhere
_CHANGE, _CHANGE_WITHIN = 0.3, 0.7  # in slots' worth of sound
_CLOSE, _CADENCE = 0.6, 0.6


@dataclass(frozen=True, slots=True)
class Slot:
    """A stretch that one chord is chosen for: the `first` of its bar; in the bar `ending` a part;
    the `close` of it."""

    onset: Fraction
    end: Fraction
    beat: Fraction
    first: bool
    ending: bool
    close: bool


def choose_chords(performance: Performance) -> list[tuple[Fraction, Chord]]:
    """The chords that suit a melody, each with the onset it counts from; changes alone.

    A pickup gets none.
    """
    found = [slot for bar in performance.measures if bar.origin == bar.onset for slot in slots(bar)]
    if not found:
        return []
    sounds = [sound for sound in performance.sounds if not sound.grace]
    heard = _sounds_in(found, sounds)
    keys = _keys(performance, found)
    best: list[list[tuple[float, int]]] = []  # for each slot and chord: score so far, chord before
    choices: list[list[tuple[Chord, float]]] = []
    for slot, here, key in zip(found, heard, keys, strict=True):
        options = _options(key, performance)
        options.append(options[0])  # the tonic, in the last bar of a part and after a dominant
        scores = [_suits(one, slot, here) - dislike for one, dislike in options]
        if slot.close:
            scores[0] += _CLOSE
            scores[-1] += _CLOSE + _CADENCE
        before = [
            _best_before(best, choices, one, slot, score)
            for (one, _), score in zip(options[:-1], scores, strict=False)
        ]
        before.append(_best_cadence(best, choices, options[-1][0], slot, scores[-1]))
        best.append(before)
        choices.append(options)
    return _changes(found, choices, best)


def slots(bar: PlayedBar) -> list[Slot]:
    """The stretches of a bar: its halves where it has two or four beats, its beats where it has
    three that each fall in three, else the whole."""
    length, beat = _slot_length(bar.meter, bar.duration)
    found: list[Slot] = []
    onset = bar.onset
    while onset < bar.end:
        end = min(onset + length, bar.end)
        first = not bar.meter.bar or (onset - bar.onset) % bar.meter.bar == 0
        found.append(Slot(onset, end, beat, first, bar.closes, bar.closes and end == bar.end))
        onset = end
    return found


def _slot_length(meter: Meter, duration: Fraction) -> tuple[Fraction, Fraction]:
    """How long a slot and a beat are in a meter, in quarter notes."""
    if not meter.bar:
        return duration, Fraction(1)
    beat = beat_of(meter)
    beats = meter.bar / beat
    if beats == 3 and meter.compound:
        return beat, beat
    return (meter.bar / 2 if beats in (2, 4) else meter.bar), beat


def _sounds_in(found: Sequence[Slot], sounds: Sequence[Sound]) -> list[list[Sound]]:
    """For each slot, what sounds in it; both in order of time."""
    heard: list[list[Sound]] = [[] for _ in found]
    place = 0
    for sound in sounds:
        while place < len(found) and found[place].end <= sound.onset:
            place += 1
        reached = place
        while reached < len(found) and found[reached].onset < sound.onset + sound.duration:
            heard[reached].append(sound)
            reached += 1
    return heard


def _keys(performance: Performance, found: Sequence[Slot]) -> list[Key]:
    """The key in force in each slot."""
    turns = [(turn.onset, turn.value) for turn in performance.turns if isinstance(turn.value, Key)]
    keys: list[Key] = []
    place = 0
    for slot in found:
        while place + 1 < len(turns) and turns[place + 1][0] <= slot.onset:
            place += 1
        keys.append(turns[place][1])
    return keys


def _options(key: Key, performance: Performance) -> list[tuple[Chord, float]]:
    """The chords of a key, the tonic's first, each with what it costs."""
    tonic, mode = _tonic(key, performance)
    table = _CHORDS[mode]
    if mode == "minor" and (tonic + 11) % 12 in key.scale:
        table = (*_MINOR[:-1], _HARMONIC)
    return [(chord(tonic + above + key.transpose, kind), dislike) for above, kind, dislike in table]


def _tonic(key: Key, performance: Performance) -> tuple[int, str]:
    """The written tonic and the mode; where the key has no name, the tune ends on its tonic."""
    if key.mode == "pipes":
        return SEMITONES["A"], "pipes"
    tonic = key.semitones if key.tonic else performance.sounds[-1].pitch - key.transpose
    if key.mode in _CHORDS:
        return tonic % 12, key.mode
    if (tonic + 4) % 12 in key.scale:
        return tonic % 12, "major" if (tonic + 11) % 12 in key.scale else "mixolydian"
    return tonic % 12, "dorian" if (tonic + 9) % 12 in key.scale else "minor"


def _suits(one: Chord, slot: Slot, sounds: Sequence[Sound]) -> float:
    """How well a chord goes with what sounds: 1 for its own notes all along, in slots' worth."""
    worth = dict(zip(one.tones, (_ROOT, _THIRD, _FIFTH), strict=False))
    score = total = 0.0
    for sound in sounds:
        start, end = max(sound.onset, slot.onset), min(sound.onset + sound.duration, slot.end)
        weight = float(end - start)
        if start == slot.onset:
            weight *= _ON_SLOT
        elif (start - slot.onset) % slot.beat == 0:
            weight *= _ON_BEAT
        score += weight * worth.get(sound.pitch % 12, -_BESIDE)
        total += weight
    return score / total if total else 0.0


def _best_before(
    best: Sequence[Sequence[tuple[float, int]]],
    choices: Sequence[Sequence[tuple[Chord, float]]],
    one: Chord,
    slot: Slot,
    score: float,
) -> tuple[float, int]:
    """The highest score that ends with this chord, and the place of the chord before it."""
    if not best:
        return score, 0
    change = _CHANGE if slot.first else _CHANGE_WITHIN
    highest, place = max(
        (before if last == one else before - change, -place)
        for place, ((before, _), (last, _)) in enumerate(zip(best[-1], choices[-1], strict=True))
    )
    return highest + score, -place


def _best_cadence(
    best: Sequence[Sequence[tuple[float, int]]],
    choices: Sequence[Sequence[tuple[Chord, float]]],
    tonic: Chord,
    slot: Slot,
    score: float,
) -> tuple[float, int]:
    """The same for a tonic that a cadence led to within the last bar of a part: the chord before is
    the dominant or the seventh degree or, in that bar, such a tonic (the last of the choices)."""
    if not best or not slot.ending:
        return -inf, 0
    change = _CHANGE if slot.first else _CHANGE_WITHIN
    found = [
        (before - change, -place)
        for place, ((before, _), (last, _)) in enumerate(zip(best[-1], choices[-1], strict=True))
        if (last.root - tonic.root) % 12 in (7, 10)
    ]
    if not slot.first and choices[-1][-1][0] == tonic:
        found.append((best[-1][-1][0], 1 - len(best[-1])))
    highest, place = max(found, default=(-inf, 0))
    return highest + score, -place


def _changes(
    found: Sequence[Slot],
    choices: Sequence[Sequence[tuple[Chord, float]]],
    best: Sequence[Sequence[tuple[float, int]]],
) -> list[tuple[Fraction, Chord]]:
    """The best path, walked back from its end."""
    place = max(range(len(best[-1])), key=lambda one: best[-1][one][0])
    path: list[Chord] = []
    for options, before in zip(reversed(choices), reversed(best), strict=True):
        path.append(options[place][0])
        place = before[place][1]
    path.reverse()
    return [
        (slot.onset, one)
        for slot, one, last in zip(found, path, [None, *path], strict=False)
        if one != last
    ]
