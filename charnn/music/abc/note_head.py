"""Note heads as ABC writes them: an accidental, a letter, octave marks (ABC 2.1, "Pitch")."""

from functools import lru_cache

from charnn.music.abc.note_length import parse_length
from charnn.music.abc.patterns import NOTE
from charnn.music.tune.theory import natural_midi
from charnn.music.tune.tune import Pitch

ALTERATIONS = {"^^": 2, "^": 1, "=": 0, "_": -1, "__": -2}  # semitones
ACCIDENTALS = {alteration: sign for sign, alteration in ALTERATIONS.items()}


def written_octave(letter: str, marks: str) -> int:
    """Return the octave of a letter with its marks: 4 for `C`, 5 for `c`, 6 for `c'`."""
    return 4 + letter.islower() + marks.count("'") - marks.count(",")


# The notes of a whole book come from a few hundred different heads.
@lru_cache(maxsize=4096)
def parse_head(text: str, alteration: int, octave_shift: int, transpose: int) -> Pitch | None:
    """Return the `Pitch` of a written note; the `Pitch` includes the length.

    Args:
        text: the note as written, as `patterns.NOTE` matches it.
        alteration: the semitones by which an accidental, a tie or the key raises the note.
        octave_shift: the octaves that `octave=` of the key adds.
        transpose: the semitones that `transpose=` of the key adds.

    Returns:
        The pitch; None if the length is impossible, or if the MIDI pitch is outside of 0 to 127.
    """
    found = NOTE.fullmatch(text)
    length = parse_length(found[4]) if found else None
    if found is None or length is None:
        return None
    letter, accidental = found[2].upper(), ALTERATIONS[found[1]] if found[1] else None
    octave = written_octave(found[2], found[3]) + octave_shift
    midi = natural_midi(letter, octave) + alteration + transpose
    return Pitch(letter, octave, accidental, midi, length) if 0 <= midi <= 127 else None


@lru_cache(maxsize=1024)
def format_head(letter: str, octave: int, accidental: int | None) -> str:
    """Return the spelling of a note head without its length: `^f'` for F, octave 6, 1."""
    if octave >= 5:
        letter = letter.lower() + "'" * (octave - 5)
    else:
        letter += "," * (4 - octave)
    return letter if accidental is None else ACCIDENTALS[accidental] + letter
