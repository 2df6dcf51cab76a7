"""Chord symbols: `"Am7/G"` is the notes A C E G over a G."""

import re
from dataclasses import dataclass
from typing import NamedTuple

from charnn.music.tune.theory import SEMITONES

SIGN_ALTERATIONS = {"b": -1, "♭": -1, "#": 1, "♯": 1, "+": 1, "": 0}  # semitones up
ROOT, BASS = "([A-G])([#b♯♭]?)", "([A-Ga-g])([#b♯♭+]?)"  # as patterns
_SYMBOL = re.compile(rf"{ROOT}(6/9|[^\s/(),;|]*)(?:/{BASS})?( *[(),;|].*)?")
_SILENCE = re.compile(r"n\.?c\.?|no chord|tacet", re.IGNORECASE)


class ChordKind(NamedTuple):
    """A kind of chord.

    Attributes:
        tones: semitones above the root.
        name: what MusicXML 4.0 calls it, or that which comes nearest.
        degrees: what makes it of that: `"+4"`, `"+b9"` are added, `"-3"` is left out, and `"b5"`
            stands for the fifth.
    """

    tones: tuple[int, ...]
    name: str
    degrees: tuple[str, ...] = ()


# By every name they are written with.
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
    """A chord symbol taken apart: letters, semitones that their signs raise them, and the kind,
    also as it is written; `bass` is `""` where none is named, `rest` what stands behind it all."""

    root: str
    root_alter: int
    kind: ChordKind
    kind_text: str
    bass: str
    bass_alter: int
    suffix: str


@dataclass(frozen=True, slots=True)
class Chord:
    """A chord without its octaves: pitch classes, 0 is C.

    Attributes:
        root: what it is called by.
        bass: its lowest note.
        tones: every pitch class in it, the root first; the bass only if it is the chord's own.
            Empty for silence (`N.C.`).
    """

    root: int
    bass: int
    tones: tuple[int, ...]

    def transposed(self, semitones: int) -> "Chord":
        """The same chord so much higher."""
        root, bass = (self.root + semitones) % 12, (self.bass + semitones) % 12
        return Chord(root, bass, tuple((tone + semitones) % 12 for tone in self.tones))


NO_CHORD = Chord(0, 0, ())


def make_chord(root: int, kind: str = "") -> Chord:
    """The chord of a kind, `""`, `"m"`, `"7"`, `"dim"` ..., on a root."""
    tones = _BY_NAME[kind].tones
    return Chord(root % 12, root % 12, tuple(dict.fromkeys((root + t) % 12 for t in tones)))


def parse_chord_symbol(words: str) -> ParsedChord | None:
    """Take a chord symbol apart, its quotes removed; `None` for what names no chord."""
    found = _SYMBOL.fullmatch(words)
    if found is None:
        return None
    root, sign, written, bass, bass_sign, rest = found.groups("")
    kind = _BY_NAME.get(written.replace("♭", "b").replace("♯", "#"))
    if kind is None:
        return None
    return ParsedChord(
        root, SIGN_ALTERATIONS[sign], kind, written, bass.upper(), SIGN_ALTERATIONS[bass_sign], rest
    )


def read_chord(text: str) -> Chord | None:
    """Read a chord symbol, with or without its quotes; `None` for what is none.

    Of alternatives, as in `"G(Em)"` or `"G;Em"`, the first is taken. A root is a capital letter.
    """
    words = text.strip().strip('"').strip()
    if _SILENCE.fullmatch(words):
        return NO_CHORD
    symbol = parse_chord_symbol(words.lstrip("(").strip())
    if symbol is None:
        return None
    root = SEMITONES[symbol.root] + symbol.root_alter
    bass = SEMITONES[symbol.bass] + symbol.bass_alter if symbol.bass else root
    tones = tuple(dict.fromkeys((root + tone) % 12 for tone in symbol.kind.tones))
    return Chord(root % 12, bass % 12, tones)
