"""A simple accompaniment, as a guitarist gives it in a session: bass notes and short chords.

It plays the chord symbols of a tune, or chords chosen for it. In each bar the bass comes on
the strong beats, root and fifth by turns, and the chord on the weak ones; a new chord always comes
with its root.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from fractions import Fraction
from itertools import chain, islice, pairwise
from typing import Literal, NamedTuple, TypeAlias

from charnn.errors import TuneError
from charnn.music.performance.harmony import choose_chords
from charnn.music.performance.performance import MOST_SOUNDS, Performance, Sound
from charnn.music.performance.played_bars import PlayedBar
from charnn.music.tune.chord_symbols import Chord, read_chord
from charnn.music.tune.tune import Key, Mark, Meter, Tune

Chords: TypeAlias = Literal["off", "written", "auto"]

MOST_BARS = 1_000
LOWEST_BASS, LOWEST_CHORD = 40, 55  # E and, above it, g: the bass and the chord have an octave each
BASS, CHORD = 68, 56  # velocities, below the melody's

_Hand: TypeAlias = Literal["root", "fifth", "chord"]


class _Stroke(NamedTuple):
    """What the hand does at `onset`: a bass note or the chord."""

    onset: Fraction
    hand: _Hand


def has_chords(tune: Tune) -> bool:
    """Whether a tune has chord symbols that can be played."""
    return any(
        isinstance(element, Mark)
        and element.kind == "chord symbol"
        and read_chord(element.text) is not None
        for element in tune.music
    )


def accompany(tune: Tune, performance: Performance, how: Chords) -> tuple[Sound, ...]:
    """What is played below a tune, by onset and pitch; all within the performance.

    Args:
        tune: what is performed.
        performance: made of the tune by `perform`.
        how: `"off"`: nothing. `"written"`: the tune's chord symbols, each until the next; one that
            cannot be read is passed over. `"auto"`: these, or, where a tune has none, chords chosen
            from its key and its notes.

    Raises:
        TuneError: played out, the tune has more than 1,000 bars, or more than 3,000 notes with its
            chords.
    """
    if how == "off" or not performance.sounds:
        return ()
    bars = sum(
        max(bar.duration // (bar.meter.bar or bar.duration), 1) for bar in performance.measures
    )
    if bars > MOST_BARS:
        problem = f"played out, it has more than {MOST_BARS:,} bars, too many to accompany"
        raise TuneError(problem, tune.line, 1, tune.name)
    if how == "written" or has_chords(tune):
        chords = _written(performance)
    else:
        chords = choose_chords(performance)
    room = MOST_SOUNDS - len(performance.sounds)
    found = list(islice(_sounds(performance, chords), room + 1))
    if len(found) > room:
        problem = f"played out with its chords, it has more than {MOST_SOUNDS:,} notes"
        raise TuneError(problem, tune.line, 1, tune.name)
    return tuple(sorted(found, key=lambda sound: (sound.onset, sound.pitch)))


def _written(performance: Performance) -> list[tuple[Fraction, Chord]]:
    """The chord symbols, sounding as far from where they are written as the notes do."""
    keys = [turn for turn in performance.turns if isinstance(turn.value, Key)]
    chords: list[tuple[Fraction, Chord]] = []
    place = 0
    for symbol in performance.symbols:
        while place + 1 < len(keys) and keys[place + 1].onset <= symbol.onset:
            place += 1
        key = keys[place].value
        one = read_chord(symbol.text)
        if one is not None and isinstance(key, Key):
            chords.append((symbol.onset, one.up(key.transpose)))
    return chords


def _sounds(performance: Performance, chords: Sequence[tuple[Fraction, Chord]]) -> Iterator[Sound]:
    """The strokes of all bars; each chord is in force until the next begins."""
    strokes = _strokes(performance, chords)
    last_stroke = _Stroke(performance.duration, "root")  # never played
    place, last = -1, None
    for (onset, hand), (end, _) in pairwise(chain(strokes, [last_stroke])):
        while place + 1 < len(chords) and chords[place + 1][0] <= onset:
            place += 1
        now = chords[place][1] if place >= 0 else None
        if now is not None and now.tones:
            if hand != "chord" or now != last:
                bass = _fifth(now) if hand == "fifth" and now == last else now.bass
                yield Sound(onset, end - onset, _above(LOWEST_BASS, bass), velocity=BASS)
            if hand == "chord":
                for tone in now.tones[:4]:
                    pitch = _above(LOWEST_CHORD, tone)
                    yield Sound(onset, (end - onset) / 2, pitch, velocity=CHORD)
        last = now


def _fifth(one: Chord) -> int:
    """The other bass note of a chord: its fifth, where it has one and its bass is its root."""
    fifth = (one.root + 7) % 12
    return fifth if fifth in one.tones and one.bass == one.root else one.bass


def _strokes(
    performance: Performance, chords: Sequence[tuple[Fraction, Chord]]
) -> Iterator[_Stroke]:
    """When the hand moves, from the first chord on."""
    changes = [onset for onset, _ in chords]
    start = changes[0] if changes else performance.duration
    for bar in performance.measures:
        if bar.end <= start:
            continue
        if not bar.meter.bar:  # nothing to count by: strum where the chord changes, and in each bar
            within = changes[bisect_right(changes, bar.onset) : bisect_left(changes, bar.end)]
            yield from (_Stroke(onset, "chord") for onset in dict.fromkeys([bar.onset, *within]))
            continue
        for stroke in _in_bar(bar):
            if start <= stroke.onset < performance.duration:
                yield stroke


def _in_bar(bar: PlayedBar) -> Iterator[_Stroke]:
    pattern = _pattern(bar.meter)
    begin = bar.origin
    while begin < bar.end:
        for onset, hand in pattern:
            if bar.onset <= begin + onset < bar.end:
                yield _Stroke(begin + onset, hand)
        begin += bar.meter.bar


def _pattern(meter: Meter) -> list[_Stroke]:
    """What the hand does in a full bar."""
    unit = Fraction(4, meter.denominator)
    if meter.numerator % 3 == 0 and meter.denominator >= 8:  # jigs: bass . chord
        strokes: list[_Stroke] = []
        for group in range(meter.numerator // 3):
            strokes.append(_Stroke(3 * group * unit, "fifth" if group % 2 else "root"))
            strokes.append(_Stroke((3 * group + 2) * unit, "chord"))
        return strokes
    if meter.bar == 2 and meter.numerator == 2:  # polkas: two eighths to a beat
        unit = Fraction(1, 2)
    elif meter.denominator == 2:  # reels: quarters, though they are counted in halves
        unit = Fraction(1)
    count = int(meter.bar / unit)
    hands: list[_Hand] = ["chord"] * count
    if count % 2 == 0:
        hands[::4] = ["root"] * len(hands[::4])
        hands[2::4] = ["fifth"] * len(hands[2::4])
    hands[0] = "root"
    return [_Stroke(place * unit, hand) for place, hand in enumerate(hands)]


def _above(lowest: int, tone: int) -> int:
    """The pitch of a tone in the octave that begins at `lowest`."""
    return lowest + (tone - lowest) % 12
