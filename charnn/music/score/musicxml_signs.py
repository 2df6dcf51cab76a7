"""What the signs of ABC are called in MusicXML 4.0."""

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


def sign_name(text: str) -> str:
    """`!trill!` and `+trill+` are `trill`; a letter is itself."""
    return text.strip("!+") or text
