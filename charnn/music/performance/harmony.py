"""Chords for a tune without chord symbols: a few chords of its mode, fitted to its notes.

Every span of the tune (half a bar, a bar or, in slip jigs, a beat) gets one chord. The sequence of
chords with the highest total score is found with the Viterbi algorithm (Viterbi 1967, IEEE Trans.
Inf. Theory 13(2)): dynamic programming over the spans, with one state for each candidate chord and
back-pointers to the best predecessor.

The notes of a span give a chord its score. Notes that belong to the chord raise the score, other
notes lower it, each by its duration; notes on a beat have a higher weight. The rarer chords of a
mode have a penalty. Every change of chord lowers the total score, and a change inside a bar lowers
it more than a change at a bar line. The total score is higher if the last chord of a part of the
tune is the tonic, and higher still if the dominant or the seventh degree leads to this tonic.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import inf
from typing import NamedTuple

from charnn.music.performance.performance import Performance, Sound
from charnn.music.performance.played_bars import PlayedBar, beat_of
from charnn.music.tune.chord_symbols import Chord, make_chord
from charnn.music.tune.theory import SEMITONES
from charnn.music.tune.tune import Key, Meter

# The chords of each mode: semitones from the tonic up to the root, kind of chord, penalty. The
# tonic chord comes first and has no penalty; rarer chords have a higher one.
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
_HARMONIC_DOMINANT = (7, "", 0.2)  # for a minor key whose signature includes the leading note

# The amount that a sounding note adds to the score of a chord, per unit of weighted time.
_ROOT, _THIRD, _FIFTH = 1.1, 1.0, 0.95
_FOREIGN_NOTE = -0.9
# Weights of a note that begins with the span or on another beat; any other note weighs 1.
_SPAN_START_WEIGHT, _BEAT_WEIGHT = 2.0, 1.4
# Costs of a change of chord, on the same scale as the score of a span (about -0.9 to 1.1).
_CHANGE_AT_BAR, _CHANGE_WITHIN_BAR = 0.3, 0.7
# Bonuses for the tonic at the end of a part, and for a cadence that leads to that tonic.
_FINAL_TONIC, _CADENCE = 0.6, 0.6
_LEADING_ROOTS = (7, 10)  # semitones from the tonic: dominant and seventh degree


@dataclass(frozen=True, slots=True)
class _Span:
    """A span of time that gets one chord; times are in quarter notes.

    Attributes:
        onset: the beginning.
        end: the end, which is the beginning of the next span.
        beat: the length of a beat.
        starts_bar: True if the span is the first of its bar.
        in_last_bar: True if a part of the tune ends in the span's bar.
        ends_part: True if a part of the tune ends with the span.
    """

    onset: Fraction
    end: Fraction
    beat: Fraction
    starts_bar: bool
    in_last_bar: bool
    ends_part: bool


class _Candidate(NamedTuple):
    """A chord that a span could get, and its penalty (0 for the tonic)."""

    chord: Chord
    penalty: float


class _BestPath(NamedTuple):
    """The best sequence of chords that ends with a certain candidate.

    `score` is the total score of the sequence. `previous` is the index of the candidate that the
    sequence contains for the preceding span.
    """

    score: float
    previous: int


def choose_chords(performance: Performance) -> list[tuple[Fraction, Chord]]:
    """Return chords that suit a melody, each with the onset (in quarter notes) of the chord.

    The pickup at the beginning of the tune gets no chord.
    """
    spans = [span for bar in performance.bars if bar.origin == bar.onset for span in _spans_of(bar)]
    if not spans:
        return []
    sounds = [sound for sound in performance.sounds if not sound.grace]
    paths: list[list[_BestPath]] = []  # for each span, one path for each of its candidates
    candidates: list[list[_Candidate]] = []
    for span, span_sounds, key in zip(
        spans, _sounds_in_spans(spans, sounds), _keys_in_spans(spans, performance), strict=True
    ):
        options = _candidates(key, performance)
        # The tonic is a candidate twice. The second one is the state "tonic reached by a cadence in
        # the last bar of a part": a separate state lets the bonus depend on two preceding chords.
        options.append(options[0])
        scores = [_fit(option.chord, span, span_sounds) - option.penalty for option in options]
        if span.ends_part:
            scores[0] += _FINAL_TONIC
            scores[-1] += _FINAL_TONIC + _CADENCE
        span_paths = [
            _best_path(paths, candidates, option.chord, span, score)
            for option, score in zip(options[:-1], scores, strict=False)
        ]
        span_paths.append(_best_cadence(paths, candidates, options[-1].chord, span, scores[-1]))
        paths.append(span_paths)
        candidates.append(options)
    return _chord_changes(spans, candidates, paths)


def _spans_of(bar: PlayedBar) -> list[_Span]:
    """Return the spans of a bar.

    A bar of two or four beats has two spans, a bar of three dotted beats has three, and any other
    bar is one span.
    """
    length, beat = _span_and_beat(bar.meter, bar.duration)
    spans: list[_Span] = []
    onset = bar.onset
    while onset < bar.end:
        end = min(onset + length, bar.end)
        starts_bar = not bar.meter.bar or (onset - bar.onset) % bar.meter.bar == 0
        ends_part = bar.closes and end == bar.end
        spans.append(_Span(onset, end, beat, starts_bar, bar.closes, ends_part))
        onset = end
    return spans


def _span_and_beat(meter: Meter, duration: Fraction) -> tuple[Fraction, Fraction]:
    """Return the length of a span and the length of a beat in a meter, in quarter notes."""
    if not meter.bar:
        return duration, Fraction(1)
    beat = beat_of(meter)
    beats = meter.bar / beat
    if beats == 3 and meter.compound:
        return beat, beat
    return (meter.bar / 2 if beats in (2, 4) else meter.bar), beat


def _sounds_in_spans(spans: Sequence[_Span], sounds: Sequence[Sound]) -> list[list[Sound]]:
    """Return, for each span, the sounds that are heard in it; both arguments are sorted by time."""
    heard: list[list[Sound]] = [[] for _ in spans]
    first = 0
    for sound in sounds:
        while first < len(spans) and spans[first].end <= sound.onset:
            first += 1
        index = first
        while index < len(spans) and spans[index].onset < sound.onset + sound.duration:
            heard[index].append(sound)
            index += 1
    return heard


def _keys_in_spans(spans: Sequence[_Span], performance: Performance) -> list[Key]:
    """Return the key in force at the beginning of each span."""
    changes = [
        (change.onset, change.value)
        for change in performance.changes
        if isinstance(change.value, Key)
    ]
    keys: list[Key] = []
    index = 0
    for span in spans:
        while index + 1 < len(changes) and changes[index + 1][0] <= span.onset:
            index += 1
        keys.append(changes[index][1])
    return keys


def _candidates(key: Key, performance: Performance) -> list[_Candidate]:
    """Return the candidate chords of a key, the tonic chord first.

    The chords are transposed by `key.transpose`, like the notes of the tune.
    """
    tonic, mode = _tonic_and_mode(key, performance)
    table = _CHORDS[mode]
    if mode == "minor" and (tonic + 11) % 12 in key.scale:
        table = (*_MINOR[:-1], _HARMONIC_DOMINANT)
    return [
        _Candidate(make_chord(tonic + semitones + key.transpose, kind), penalty)
        for semitones, kind, penalty in table
    ]


def _tonic_and_mode(key: Key, performance: Performance) -> tuple[int, str]:
    """Return the written tonic, in semitones above C (0 to 11), and the mode.

    Where the K: field names no tonic, the last note of the tune is the tonic, and the signature
    determines the mode.
    """
    if key.mode == "pipes":
        return SEMITONES["A"], "pipes"
    tonic = key.semitones if key.tonic else performance.sounds[-1].pitch - key.transpose
    if key.mode in _CHORDS:
        return tonic % 12, key.mode
    if (tonic + 4) % 12 in key.scale:
        return tonic % 12, "major" if (tonic + 11) % 12 in key.scale else "mixolydian"
    return tonic % 12, "dorian" if (tonic + 9) % 12 in key.scale else "minor"


def _fit(candidate: Chord, span: _Span, sounds: Sequence[Sound]) -> float:
    """Return the score of a chord in a span: about 1 if the chord contains all sounds."""
    worth = dict(zip(candidate.tones, (_ROOT, _THIRD, _FIFTH), strict=False))
    score = total = 0.0
    for sound in sounds:
        start, end = max(sound.onset, span.onset), min(sound.onset + sound.duration, span.end)
        weight = float(end - start)
        if start == span.onset:
            weight *= _SPAN_START_WEIGHT
        elif (start - span.onset) % span.beat == 0:
            weight *= _BEAT_WEIGHT
        score += weight * worth.get(sound.pitch % 12, _FOREIGN_NOTE)
        total += weight
    return score / total if total else 0.0


def _best_path(
    paths: Sequence[Sequence[_BestPath]],
    candidates: Sequence[Sequence[_Candidate]],
    chosen: Chord,
    span: _Span,
    score: float,
) -> _BestPath:
    """Return the best path that ends with the chord `chosen` in `span`.

    `score` is the score of `chosen` in `span`. `paths` and `candidates` belong to the spans before
    `span`.
    """
    if not paths:
        return _BestPath(score, 0)
    change = _CHANGE_AT_BAR if span.starts_bar else _CHANGE_WITHIN_BAR
    # The index is negated, so that the earlier of two equally good candidates wins.
    best, negative_index = max(
        (path.score if previous.chord == chosen else path.score - change, -index)
        for index, (path, previous) in enumerate(zip(paths[-1], candidates[-1], strict=True))
    )
    return _BestPath(best + score, -negative_index)


def _best_cadence(
    paths: Sequence[Sequence[_BestPath]],
    candidates: Sequence[Sequence[_Candidate]],
    tonic: Chord,
    span: _Span,
    score: float,
) -> _BestPath:
    """Return the best path that ends in `span` with the tonic of a cadence.

    In the span before, the path has the dominant or the seventh degree. Inside a bar, it may also
    have the tonic of a cadence already, which is the last candidate of the span before. Outside the
    last bar of a part, there is no such path, and the score is -inf.
    """
    if not paths or not span.in_last_bar:
        return _BestPath(-inf, 0)
    change = _CHANGE_AT_BAR if span.starts_bar else _CHANGE_WITHIN_BAR
    cadences = [
        (path.score - change, -index)
        for index, (path, previous) in enumerate(zip(paths[-1], candidates[-1], strict=True))
        if (previous.chord.root - tonic.root) % 12 in _LEADING_ROOTS
    ]
    if not span.starts_bar and candidates[-1][-1].chord == tonic:
        cadences.append((paths[-1][-1].score, 1 - len(paths[-1])))
    best, negative_index = max(cadences, default=(-inf, 0))
    return _BestPath(best + score, -negative_index)


def _chord_changes(
    spans: Sequence[_Span],
    candidates: Sequence[Sequence[_Candidate]],
    paths: Sequence[Sequence[_BestPath]],
) -> list[tuple[Fraction, Chord]]:
    """Return the changes of chord along the best path, each with its onset in quarter notes.

    The function follows the path from its end to its beginning.
    """
    last_paths = paths[-1]
    index = max(range(len(last_paths)), key=lambda i: last_paths[i].score)
    chords: list[Chord] = []
    for options, span_paths in zip(reversed(candidates), reversed(paths), strict=True):
        chords.append(options[index].chord)
        index = span_paths[index].previous
    chords.reverse()
    return [
        (span.onset, now)
        for span, now, before in zip(spans, chords, [None, *chords], strict=False)
        if now != before
    ]
