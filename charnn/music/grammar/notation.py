"""The characters of ABC notation that the grammar of tunes accepts, and the lengths of notes."""

from functools import cache

from charnn.music.abc.note_length import parse_length
from charnn.music.tune.theory import default_tuplet_time

UPPER_NOTES = "ABCDEFG"
LOWER_NOTES = "abcdefg"
TONICS = "Cc"  # of coded tunes (`charnn.music.coding.tonic`)
RESTS = "zx"
STACCATO = "."  # abc2midi drops the tie of a note with a dot
# The fermata (H) is missing: other programs play a note with a fermata longer than written. (In
# music21's books, 4.7 % of the tunes without a mistake have a fermata.)
DECORATIONS = ".~LMOPTuv"
ACCIDENTALS = "^_="
# Signs of notes that are not the tonic, or may be another note.
OTHER_NOTES = frozenset(UPPER_NOTES + LOWER_NOTES + RESTS + ACCIDENTALS + "[") - set(TONICS)

# The members of a group are accepted in the same places, so the first one represents all of them.
GROUPS = (UPPER_NOTES, LOWER_NOTES, RESTS, DECORATIONS)
KIND = {character: group[0] for group in GROUPS for character in group}

# A tuplet is p notes in the time of q (ABC 2.1, 4.13). This dictionary maps p to q. 5, 7 and 9 are
# missing because their q depends on the meter, and 8 is missing because it is rare.
TUPLETS = {notes: default_tuplet_time(notes, compound=False) for notes in (2, 3, 4, 6)}

# The finest position of a note in a bar: a quarter of the unit length. Every length below is a
# multiple of it, so after any notes, one of the lengths fills the rest of the bar.
NOTES_PER_UNIT = 4

# Lengths as written, in units. Only odd numbers are divided: 4/2 would be another spelling of 2.
LENGTHS = {
    top + bottom: length
    for top in ("", *map(str, range(1, 10)), "10", "12", "16")
    for bottom in ("", "/", "//", "/2", "/4")
    if not bottom or not top or (top != "1" and int(top) % 2)
    if (length := parse_length(top + bottom)) is not None
}


@cache
def written_ticks(length: str, unit_ticks: int) -> int:
    """Return the ticks of a length as written (`3/2`); 0 if they are not a whole number."""
    ticks = unit_ticks * LENGTHS.get(length, 0)
    return int(ticks) if ticks == int(ticks) else 0
