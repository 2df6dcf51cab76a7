"""What the signs and chord symbols of ABC are called in MusicXML 4.0."""

import re
from typing import NamedTuple

# Within <notations>: the group that an element belongs to, and its name. By ABC 2.1, 4.14, and, of
# the letters it leaves to the user, what traditional books mean by them.
NOTATIONS = {
    ".": ("articulations", "staccato"),
    "~": ("ornaments", "turn"),
    "H": ("", "fermata"),
    "L": ("articulations", "accent"),
    "M": ("ornaments", "mordent"),
    "P": ("ornaments", "inverted-mordent"),
    "T": ("ornaments", "trill-mark"),
    "u": ("technical", "up-bow"),
    "v": ("technical", "down-bow"),
    "staccato": ("articulations", "staccato"),
    "tenuto": ("articulations", "tenuto"),
    "accent": ("articulations", "accent"),
    "emphasis": ("articulations", "accent"),
    ">": ("articulations", "accent"),
    "wedge": ("articulations", "staccatissimo"),
    "breath": ("articulations", "breath-mark"),
    "marcato": ("articulations", "strong-accent"),
    "fermata": ("", "fermata"),
    "arpeggio": ("", "arpeggiate"),
    "trill": ("ornaments", "trill-mark"),
    "roll": ("ornaments", "turn"),
    "turn": ("ornaments", "turn"),
    "invertedturn": ("ornaments", "inverted-turn"),
    "mordent": ("ornaments", "mordent"),
    "lowermordent": ("ornaments", "mordent"),
    "uppermordent": ("ornaments", "inverted-mordent"),
    "pralltriller": ("ornaments", "inverted-mordent"),
    "upbow": ("technical", "up-bow"),
    "downbow": ("technical", "down-bow"),
    "open": ("technical", "open-string"),
    "thumb": ("technical", "thumb-position"),
    "snap": ("technical", "snap-pizzicato"),
    "plus": ("technical", "stopped"),
}
# Above or below the staff: signs, dynamics and words.
DIRECTIONS = {
    "O": "coda",
    "S": "segno",
    "coda": "coda",
    "segno": "segno",
    **dict.fromkeys(("pppp", "ppp", "pp", "p", "mp", "mf", "f", "ff", "fff", "sfz"), "dynamics"),
    "D.C.": "D.C.",
    "D.S.": "D.S.",
    "D.C.alfine": "D.C. al Fine",
    "D.S.alfine": "D.S. al Fine",
    "D.C.alcoda": "D.C. al Coda",
    "D.S.alcoda": "D.S. al Coda",
    "fine": "Fine",
    "dacapo": "Da Capo",
    "dacoda": "To Coda",
}
# Those that say where the bar leads: what a player of the file is told by <sound>.
BAR_ENDS = {
    **dict.fromkeys(("D.C.", "D.C.alfine", "D.C.alcoda", "dacapo"), ("dacapo", "yes")),
    **dict.fromkeys(("D.S.", "D.S.alfine", "D.S.alcoda"), ("dalsegno", "segno")),
    "fine": ("fine", "yes"),
    "dacoda": ("tocoda", "coda"),
}

_CHORD = re.compile(r"([A-G])([#b♯♭]?)([^\s/]*)(?:/([A-Ga-g])([#b♯♭]?))?")
_ALTER = {"#": 1, "♯": 1, "b": -1, "♭": -1, "": 0}
_KINDS = {
    "major": " M maj Maj major",
    "minor": "m min Min minor mi -",
    "dominant": "7 dom7",
    "minor-seventh": "m7 min7 mi7 -7",
    "major-seventh": "maj7 Maj7 M7 ma7 j7 Δ Δ7",
    "major-minor": "mmaj7 mMaj7 mM7",
    "major-sixth": "6 maj6 M6",
    "minor-sixth": "m6 min6 -6",
    "dominant-ninth": "9",
    "minor-ninth": "m9 min9 -9",
    "major-ninth": "maj9 Maj9 M9",
    "dominant-11th": "11",
    "minor-11th": "m11",
    "dominant-13th": "13",
    "diminished": "dim o °",
    "diminished-seventh": "dim7 o7 °7",
    "half-diminished": "m7b5 ø ø7",
    "augmented": "+ aug",
    "augmented-seventh": "7+ +7 aug7 7#5",
    "suspended-fourth": "sus sus4 4",
    "suspended-second": "sus2",
    "power": "5",
}
_BY_NAME = {name: kind for kind, names in _KINDS.items() for name in names.split(" ")}


class ChordName(NamedTuple):
    """A chord symbol taken apart: letters with semitones up or down, and the kind in both words."""

    root: str
    root_alter: int
    kind: str
    kind_text: str
    bass: str
    bass_alter: int


def chord_name(text: str) -> ChordName | None:
    """Read `Am7/G`; `None` for what MusicXML has no name for, which is printed as words."""
    found = _CHORD.fullmatch(text)
    if found is None or found[3] not in _BY_NAME:
        return None
    return ChordName(
        found[1],
        _ALTER[found[2]],
        _BY_NAME[found[3]],
        found[3],
        (found[4] or "").upper(),
        _ALTER[found[5] or ""],
    )


def sign_name(text: str) -> str:
    """`!trill!` and `+trill+` are `trill`; a letter is itself."""
    return text.strip("!+") or text
