"""The tables of music theory that readers, writers, players and engravers of tunes share.

A letter is one of `LETTERS`. Octaves are counted as in scientific pitch notation: octave 4 begins
at middle C, which is MIDI pitch 60. Sharps of a key signature are positive, flats negative.
"""

LETTERS = "CDEFGAB"  # octaves begin at C
SEMITONES = {"C": 0, "D": 2, "E": 4, "F": 5, "G": 7, "A": 9, "B": 11}  # above C
# The line of fifths: a signature adds its sharps in this order, its flats in the opposite one.
SHARP_ORDER = "FCGDAEB"

# The number of notes in whose time a tuplet is played if the text does not state it (ABC 2.1,
# "Duplets, triplets, quadruplets, etc."). The time of 5, 7 and 9 notes depends on the meter.
_TUPLET_TIMES = {1: 1, 2: 3, 3: 2, 4: 3, 6: 2, 8: 3}


def natural_midi(letter: str, octave: int) -> int:
    """Return the MIDI pitch of a letter without accidental: 60 for C in octave 4."""
    return 12 * (octave + 1) + SEMITONES[letter]


def major_key_sharps(letter: str) -> int:
    """Return the number of sharps of the major key on a letter: 2 for D, -1 for F."""
    return SHARP_ORDER.index(letter) - 1


def signature_alterations(sharps: int) -> tuple[int, ...]:
    """Return the semitones by which a signature of -7 to 7 sharps raises each of `LETTERS`."""
    altered = SHARP_ORDER[:sharps] if sharps >= 0 else SHARP_ORDER[sharps:]
    alteration = 1 if sharps > 0 else -1
    return tuple(alteration if letter in altered else 0 for letter in LETTERS)


def default_tuplet_time(notes: int, *, compound: bool) -> int:
    """Return the number of notes in whose time a tuplet is played: 2 for a triplet.

    The standard ends at 9 notes. Above, it is the next smaller power of two: 8 for 11 notes.

    Args:
        notes: the number written after the bracket.
        compound: whether the meter is compound, as 6/8 is. Only 5, 7 and 9 notes depend on this.
    """
    if notes > 9:
        return 1 << (notes - 1).bit_length() - 1
    return _TUPLET_TIMES.get(notes, 3 if compound else 2)
