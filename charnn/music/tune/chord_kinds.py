"""The kinds of chords: the spellings of each, its tones, and its name in MusicXML."""

import re
from typing import NamedTuple

# What may follow a known kind, as `#11` follows `maj7` in "Dbmaj7#11".
ADDITION = re.compile(r"(?:maj|sus|add|alt|omit|no|M|[-+]|[#b]?[0-9]{1,2})+")


class ChordKind(NamedTuple):
    """A kind of chord: major, minor, dominant seventh ...

    Attributes:
        tones: semitones above the root.
        name: the value of `kind` in MusicXML 4.0, or the nearest value that MusicXML has.
        degrees: the changes that turn the chord called `name` into this one: `"+4"` and `"+b9"` add
            a degree, `"-3"` omits the third, `"b5"` lowers the fifth.
    """

    tones: tuple[int, ...]
    name: str
    degrees: tuple[str, ...] = ()


# Each key is all spellings of a kind, separated by spaces; the first spelling of major is "".
_KINDS = {
    " M maj Maj major": ChordKind((0, 4, 7), "major"),
    "m min Min minor mi -": ChordKind((0, 3, 7), "minor"),
    "7 dom7 majb7": ChordKind((0, 4, 7, 10), "dominant"),
    "m7 min7 mi7 -7": ChordKind((0, 3, 7, 10), "minor-seventh"),
    "maj7 Maj7 M7 ma7 Δ Δ7 j7": ChordKind((0, 4, 7, 11), "major-seventh"),
    "mmaj7 mMaj7 mM7 m#7": ChordKind((0, 3, 7, 11), "major-minor"),
    "6 maj6 M6": ChordKind((0, 4, 7, 9), "major-sixth"),
    "m6 min6 -6": ChordKind((0, 3, 7, 9), "minor-sixth"),
    "6/9 69": ChordKind((0, 4, 7, 9, 14), "major-sixth", ("+9",)),
    "9": ChordKind((0, 4, 7, 10, 14), "dominant-ninth"),
    "m9 min9 -9": ChordKind((0, 3, 7, 10, 14), "minor-ninth"),
    "maj9 Maj9 M9": ChordKind((0, 4, 7, 11, 14), "major-ninth"),
    "add9 add2 2 9no7": ChordKind((0, 4, 7, 14), "major", ("+9",)),
    "madd9 m2": ChordKind((0, 3, 7, 14), "minor", ("+9",)),
    "11": ChordKind((0, 7, 10, 14, 17), "dominant-11th"),
    "m11": ChordKind((0, 3, 7, 10, 17), "minor-11th"),
    "13": ChordKind((0, 4, 10, 14, 21), "dominant-13th"),
    "7b9": ChordKind((0, 4, 7, 10, 13), "dominant", ("+b9",)),
    "7#9": ChordKind((0, 4, 7, 10, 15), "dominant", ("+#9",)),
    "7b5": ChordKind((0, 4, 6, 10), "dominant", ("b5",)),
    "7#5 7+ +7 aug7": ChordKind((0, 4, 8, 10), "augmented-seventh"),
    "dim o ° mb5": ChordKind((0, 3, 6), "diminished"),
    "dim7 o7 °7": ChordKind((0, 3, 6, 9), "diminished-seventh"),
    "m7b5 ø ø7 m7-5 -7b5": ChordKind((0, 3, 6, 10), "half-diminished"),
    "+ aug #5": ChordKind((0, 4, 8), "augmented"),
    "sus sus4 4": ChordKind((0, 5, 7), "suspended-fourth"),
    "sus2": ChordKind((0, 2, 7), "suspended-second"),
    "7sus4 7sus sus7": ChordKind((0, 5, 7, 10), "dominant", ("+4", "-3")),
    "9sus4 9sus": ChordKind((0, 5, 7, 10, 14), "dominant-ninth", ("+4", "-3")),
    "5": ChordKind((0, 7), "power"),
}
KINDS = {name: kind for names, kind in _KINDS.items() for name in names.split(" ")}

# The kind of `N.C.`, which asks for silence.
NO_CHORD_KIND = ChordKind((), "none")

_LONGEST_NAME = max(map(len, KINDS))
_PLAIN_SIGNS = str.maketrans("♭♯º", "b#°", " ()")


def plain_kind(text: str) -> str:
    """Return the text of a kind with plain signs, without brackets and spaces."""
    return text.translate(_PLAIN_SIGNS)


def find_kind(text: str) -> tuple[ChordKind, str] | None:
    """Return a kind and its name, for a text that is this name or has known additions after it.

    Kinds have unlimited names: `maj7#11` is `maj7` here, and no kind begins with `1` in `A1`.
    Brackets make no difference: `7(b9)` is `7b9`. None is returned for an unknown name.
    """
    name = plain_kind(text)
    for end in range(min(len(name), _LONGEST_NAME), 0, -1):
        if name[:end] in KINDS and (end == len(name) or ADDITION.fullmatch(name[end:])):
            return KINDS[name[:end]], name[:end]
    return None if name else (KINDS[""], "")
