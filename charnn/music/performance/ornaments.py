"""How trills and Irish rolls sound.

ABC leaves that to the player; this is abc2midi's way. A trill beats between the note and the one
above it in the key, as fast as an ear can follow. A roll (`~`) on three units is the long
roll: cut it from above, then from below; on any other length there is room for the first cut only.
"""

from fractions import Fraction

from charnn.music.tune.tune import LETTERS, SEMITONES, Key, Note, Pitch

TRILLS = frozenset(("T", "!trill!", "+trill+"))
ROLLS = frozenset(("~", "!roll!", "+roll+"))

_MOST_STROKES = 64  # in one trill
_SHORTEST_STROKE = Fraction(1, 20)  # of a second


def ornament(
    note: Note, signs: set[str], duration: Fraction, key: Key, unit: Fraction, speed: Fraction
) -> list[tuple[int, Fraction]]:
    """What to play instead of a note with these signs: (pitch, quarter notes) in turn, or nothing.

    Args:
        note: as read.
        signs: the decorations written before it.
        duration: how long it lasts, in quarter notes.
        key: the key in force; it says which notes lie beside this one.
        unit: L: in force, in quarter notes.
        speed: quarter notes a minute.
    """
    if len(note.pitches) != 1:
        return []
    pitch = note.pitches[0]
    if signs & TRILLS:
        return _trill(pitch, duration, key, speed)
    if signs & ROLLS:
        return _roll(pitch, duration, key, unit)
    return []


def _trill(
    pitch: Pitch, duration: Fraction, key: Key, speed: Fraction
) -> list[tuple[int, Fraction]]:
    stroke = Fraction(1, 16)
    while stroke * 60 / speed <= _SHORTEST_STROKE:
        stroke *= 2
    strokes = min(duration // stroke, _MOST_STROKES)
    pair = (_beside(pitch, key, 1), pitch.midi)
    return [(pair[turn % 2], duration / strokes) for turn in range(strokes)] if strokes > 1 else []


def _roll(pitch: Pitch, duration: Fraction, key: Key, unit: Fraction) -> list[tuple[int, Fraction]]:
    main, above, below = pitch.midi, _beside(pitch, key, 1), _beside(pitch, key, -1)
    cut = min(unit / 4, duration / 2)
    if duration == 3 * unit:
        rest = unit - cut
        return [(main, unit), (above, cut), (main, rest), (below, cut), (main, rest)]
    return [(above, cut), (main, duration - cut)]


def _beside(pitch: Pitch, key: Key, step: int) -> int:
    """The pitch one step of the key above or below."""
    place = LETTERS.index(pitch.letter) + step
    octave, letter = pitch.octave + place // 7, LETTERS[place % 7]
    return 12 * (octave + 1) + SEMITONES[letter] + key.alterations[place % 7] + key.transpose
