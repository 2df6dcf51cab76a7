"""Chord symbols: `"Am7/G"` is the notes A C E G over a G (ABC 2.1, "Chord symbols")."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from charnn.music.tune.theory import SEMITONES

# The semitones by which a sign raises a note. Books also write Unicode signs, and + for a sharp.
SIGN_ALTERATIONS = {"b": -1, "♭": -1, "#": 1, "♯": 1, "+": 1, "": 0}
# Patterns with two groups: letter, sign. A bass may be a small letter; a root may not, since words
# such as "a" or "dim." are no chords.
ROOT, BASS = "([A-G])([#b♯♭]?)", "([A-Ga-g])([#b♯♭+]?)"
_SYMBOL = re.compile(rf"{ROOT}(6/9|[^\s/(),;|]*)(?:/{BASS})?( *[(),;|].*)?")
# What may follow a known kind, as `#11` follows `maj7` in "Dbmaj7#11".
_ADDITION = re.compile(r"(?:maj|sus|add|alt|omit|no|M|[-+]|[#b]?[0-9]{1,2})+")
_NO_CHORD_WORDS = re.compile(r"n\.?c\.?|no chord|tacet", re.IGNORECASE)


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
    "7 dom7 maj(b7)": ChordKind((0, 4, 7, 10), "dominant"),
    "m7 min7 mi7 -7": ChordKind((0, 3, 7, 10), "minor-seventh"),
    "maj7 Maj7 M7 ma7 Δ Δ7 j7": ChordKind((0, 4, 7, 11), "major-seventh"),
    "mmaj7 mMaj7 mM7 m#7": ChordKind((0, 3, 7, 11), "major-minor"),
    "6 maj6 M6": ChordKind((0, 4, 7, 9), "major-sixth"),
    "m6 min6 -6": ChordKind((0, 3, 7, 9), "minor-sixth"),
    "6/9 69": ChordKind((0, 4, 7, 9, 14), "major-sixth", ("+9",)),
    "9": ChordKind((0, 4, 7, 10, 14), "dominant-ninth"),
    "m9 min9 -9": ChordKind((0, 3, 7, 10, 14), "minor-ninth"),
    "maj9 Maj9 M9": ChordKind((0, 4, 7, 11, 14), "major-ninth"),
    "add9 add2 2 9(no7)": ChordKind((0, 4, 7, 14), "major", ("+9",)),
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
_BY_NAME = {name: kind for names, kind in _KINDS.items() for name in names.split(" ")}


class ParsedChord(NamedTuple):
    """The parts of a chord symbol.

    Attributes:
        root: the letter of the root.
        root_alter: the semitones by which its sign raises the root.
        kind: the kind of chord.
        kind_text: the kind as written.
        bass: the letter of the bass note, `""` if none is named.
        bass_alter: the semitones by which its sign raises the bass note.
        suffix: the text after the chord, such as an alternative in brackets.
    """

    root: str
    root_alter: int
    kind: ChordKind
    kind_text: str
    bass: str
    bass_alter: int
    suffix: str


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord without octaves: pitch classes in semitones above C, 0 to 11.

    Attributes:
        root: the note that names the chord.
        bass: the lowest note.
        tones: all notes of the chord, the root first. They include the bass only if the kind of
            the chord contains it. Silence (`N.C.`) has no tones.
    """

    root: int
    bass: int
    tones: tuple[int, ...]

    def transposed(self, semitones: int) -> "Chord":
        """Return the chord a number of semitones higher."""
        root, bass = (self.root + semitones) % 12, (self.bass + semitones) % 12
        return Chord(root, bass, tuple((tone + semitones) % 12 for tone in self.tones))


NO_CHORD = Chord(0, 0, ())


def make_chord(root: int, kind: str = "") -> Chord:
    """Return a chord whose bass is its root.

    Args:
        root: the root in semitones above C.
        kind: the spelling of a kind of chord: `""`, `"m"`, `"7"`, `"dim"` ...
    """
    tones = _BY_NAME[kind].tones
    return Chord(root % 12, root % 12, tuple(dict.fromkeys((root + t) % 12 for t in tones)))


def parse_chord_symbol(text: str) -> ParsedChord | None:
    """Return the parts of a chord symbol without quotes, None if the text names no chord."""
    found = _SYMBOL.fullmatch(text)
    if found is None:
        return None
    root, root_sign, kind_text, bass, bass_sign, suffix = found.groups("")
    kind = _find_kind(kind_text.replace("♭", "b").replace("♯", "#").replace("º", "°"))
    if kind is None:
        return None
    root_alter, bass_alter = SIGN_ALTERATIONS[root_sign], SIGN_ALTERATIONS[bass_sign]
    return ParsedChord(root, root_alter, kind, kind_text, bass.upper(), bass_alter, suffix)


def means_no_chord(text: str) -> bool:
    """Return whether a chord symbol without quotes asks for silence, as `N.C.` does."""
    return bool(_NO_CHORD_WORDS.fullmatch(text))


def _find_kind(name: str) -> ChordKind | None:
    """Return the kind with a name, or the kind with most of the name and known additions.

    Kinds have unlimited names: `maj7#11` is `maj7` here, and no kind begins with `1` in `A1`.
    """
    for end in range(len(name), 0, -1):
        if name[:end] in _BY_NAME and (end == len(name) or _ADDITION.fullmatch(name[end:])):
            return _BY_NAME[name[:end]]
    return None if name else _BY_NAME[""]


def read_chord(text: str) -> Chord | None:
    """Return the chord of a chord symbol with or without quotes, None if the text names no chord.

    If the symbol has alternatives, as in `"G(Em)"` or `"G;Em"`, the first one counts.
    """
    words = text.strip().strip('"').strip()
    if means_no_chord(words):
        return NO_CHORD
    symbol = parse_chord_symbol(words.lstrip("(").strip())
    if symbol is None:
        return None
    root = SEMITONES[symbol.root] + symbol.root_alter
    bass = SEMITONES[symbol.bass] + symbol.bass_alter if symbol.bass else root
    tones = tuple(dict.fromkeys((root + tone) % 12 for tone in symbol.kind.tones))
    return Chord(root % 12, bass % 12, tones)
