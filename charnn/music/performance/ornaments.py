"""Trills and Irish rolls as several notes.

The ABC standard does not define how ornaments sound, so this module plays them as abc2midi does. A
trill alternates between the next higher note of the key and the written note, as fast as a
listener can follow. A roll (`~`) on a note of three unit lengths is the long roll of Irish music:
the note, a cut (a short note) from above, the note, a cut from below, the note. A roll on a note of
another length is a cut from above and the note.
"""

from fractions import Fraction

from charnn.music.tune.ornament_signs import ROLLS, TRILLS
from charnn.music.tune.theory import LETTERS, natural_midi
from charnn.music.tune.tune import Key, Note, Pitch

_MAX_STROKES = 64  # of one trill; a trill over a very long note would fill the file
_MIN_STROKE_SECONDS = Fraction(1, 20)


def play_ornament(
    note: Note,
    signs: set[str],
    duration: Fraction,
    key: Key,
    unit: Fraction,
    quarters_per_minute: Fraction,
) -> list[tuple[int, Fraction]]:
    """Return the notes that replace an ornamented note, as pairs (MIDI pitch, quarter notes).

    The list is empty if the note is played as it is written. Such a note is a rest, a chord, a note
    without a trill or roll among its signs, or a note that is too short for its trill.

    Args:
        note: the note as it was read.
        signs: the decorations written before the note.
        duration: the length of the note in quarter notes.
        key: the key in force, which determines the neighbouring notes.
        unit: the unit length (L:) in force, in quarter notes.
        quarters_per_minute: the tempo, in quarter notes a minute.
    """
    if len(note.pitches) != 1:
        return []
    pitch = note.pitches[0]
    if signs & TRILLS:
        return _trill(pitch, duration, key, quarters_per_minute)
    if signs & ROLLS:
        return _roll(pitch, duration, key, unit)
    return []


def _trill(
    pitch: Pitch, duration: Fraction, key: Key, quarters_per_minute: Fraction
) -> list[tuple[int, Fraction]]:
    # Start at 1/16 of a quarter note, and double the stroke until it is long enough to be heard.
    stroke = Fraction(1, 16)
    while stroke * 60 / quarters_per_minute <= _MIN_STROKE_SECONDS:
        stroke *= 2
    strokes = min(duration // stroke, _MAX_STROKES)
    if strokes <= 1:
        return []
    upper_and_main = (_neighbour(pitch, key, 1), pitch.midi)
    return [(upper_and_main[turn % 2], duration / strokes) for turn in range(strokes)]


def _roll(pitch: Pitch, duration: Fraction, key: Key, unit: Fraction) -> list[tuple[int, Fraction]]:
    main, above, below = pitch.midi, _neighbour(pitch, key, 1), _neighbour(pitch, key, -1)
    cut = min(unit / 4, duration / 2)  # at most half of a note that is very short
    if duration == 3 * unit:
        rest = unit - cut
        return [(main, unit), (above, cut), (main, rest), (below, cut), (main, rest)]
    return [(above, cut), (main, duration - cut)]


def _neighbour(pitch: Pitch, key: Key, steps: int) -> int:
    """Return the MIDI pitch `steps` steps of the key's scale above `pitch` (below if negative)."""
    index = LETTERS.index(pitch.letter) + steps
    # Floor division and modulo also lead from C down to B of the octave below.
    octave, letter = pitch.octave + index // 7, LETTERS[index % 7]
    return natural_midi(letter, octave) + key.alterations[index % 7] + key.transpose
