"""Chord symbols: `"Am7/G"` is the notes A C E G over a G."""

import re
from dataclasses import dataclass

from charnn.music.tune import SEMITONES

_SIGNS = {"b": -1, "♭": -1, "#": 1, "♯": 1, "+": 1, "": 0}
_SYMBOL = re.compile(
    r"(?P<root>[A-G])(?P<sign>[#b♯♭]?)(?P<kind>6/9|[^\s/(),;|]*)"
    r"(?:/(?P<bass>[A-Ga-g])(?P<bass_sign>[#b♯♭+]?))?"
    r"(?: *[(),;|].*)?"
)
_SILENCE = re.compile(r"n\.?c\.?|no chord|tacet", re.IGNORECASE)

# The kinds of chord, as semitones above the root, by every name they are written with.
_KINDS = {
    " M maj Maj major": (0, 4, 7),
    "m min Min minor mi -": (0, 3, 7),
    "7 dom7 maj(b7)": (0, 4, 7, 10),
    "m7 min7 mi7 -7": (0, 3, 7, 10),
    "maj7 Maj7 M7 ma7 Δ Δ7 j7": (0, 4, 7, 11),
    "mmaj7 mMaj7 mM7 m#7": (0, 3, 7, 11),
    "6 maj6 M6": (0, 4, 7, 9),
    "m6 min6 -6": (0, 3, 7, 9),
    "6/9 69": (0, 4, 7, 9, 14),
    "9": (0, 4, 7, 10, 14),
    "m9 min9 -9": (0, 3, 7, 10, 14),
    "maj9 Maj9 M9": (0, 4, 7, 11, 14),
    "add9 add2 2 9(no7)": (0, 4, 7, 14),
    "madd9 m2": (0, 3, 7, 14),
    "11": (0, 7, 10, 14, 17),
    "m11": (0, 3, 7, 10, 17),
    "13": (0, 4, 10, 14, 21),
    "7b9": (0, 4, 7, 10, 13),
    "7#9": (0, 4, 7, 10, 15),
    "7b5": (0, 4, 6, 10),
    "7#5 7+ +7 aug7": (0, 4, 8, 10),
    "dim o ° mb5": (0, 3, 6),
    "dim7 o7 °7": (0, 3, 6, 9),
    "m7b5 ø ø7 m7-5 -7b5": (0, 3, 6, 10),
    "+ aug #5": (0, 4, 8),
    "sus sus4 4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "7sus4 7sus sus7": (0, 5, 7, 10),
    "9sus4 9sus": (0, 5, 7, 10, 14),
    "5": (0, 7),
}
_INTERVALS = {name: tones for names, tones in _KINDS.items() for name in names.split(" ")}


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

    def up(self, semitones: int) -> "Chord":
        """The same chord so much higher."""
        root, bass = (self.root + semitones) % 12, (self.bass + semitones) % 12
        return Chord(root, bass, tuple((tone + semitones) % 12 for tone in self.tones))


SILENCE = Chord(0, 0, ())


def chord(root: int, kind: str = "") -> Chord:
    """The chord of a kind, `""`, `"m"`, `"7"`, `"dim"` ..., on a root."""
    tones = (0, 4, 7) if kind == "" else _INTERVALS[kind]
    return Chord(root % 12, root % 12, tuple(dict.fromkeys((root + t) % 12 for t in tones)))


def read_chord(symbol: str) -> Chord | None:
    """Read a chord symbol, with or without its quotes; `None` for what is none.

    Of alternatives, as in `"G(Em)"` or `"G;Em"`, the first is taken. A root is a capital letter.
    """
    words = symbol.strip().strip('"').strip()
    if _SILENCE.fullmatch(words):
        return SILENCE
    found = _SYMBOL.fullmatch(words.lstrip("(").strip())
    if found is None:
        return None
    kind = found["kind"].replace("♭", "b").replace("♯", "#")
    if kind and kind not in _INTERVALS:
        return None
    plain = chord(SEMITONES[found["root"]] + _SIGNS[found["sign"]], kind)
    if not found["bass"]:
        return plain
    bass = SEMITONES[found["bass"].upper()] + _SIGNS[found["bass_sign"]]
    return Chord(plain.root, bass % 12, plain.tones)
