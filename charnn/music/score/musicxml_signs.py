"""The names that MusicXML 4.0 gives to the signs of ABC."""

# Signs that MusicXML attaches to a note, as children of <notations>: ABC's name -> the group of the
# element (empty for none) and the element. The names are those of ABC 2.1, section 4.14; the
# letters that the standard leaves to the user have the meaning that traditional books give them.
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
    "^": ("articulations", "strong-accent"),
    "wedge": ("articulations", "staccatissimo"),
    "breath": ("articulations", "breath-mark"),
    "shortphrase": ("articulations", "breath-mark"),
    "mediumphrase": ("articulations", "caesura"),
    "longphrase": ("articulations", "caesura"),
    "slide": ("articulations", "scoop"),
    "marcato": ("articulations", "strong-accent"),
    "fermata": ("", "fermata"),
    "invertedfermata": ("", "fermata"),
    "arpeggio": ("", "arpeggiate"),
    "trill": ("ornaments", "trill-mark"),
    "trill(": ("ornaments", "trill-mark"),  # and a wavy line
    "trill)": ("ornaments", "wavy-line"),
    "roll": ("ornaments", "turn"),
    "turn": ("ornaments", "turn"),
    "turnx": ("ornaments", "turn"),
    "invertedturn": ("ornaments", "inverted-turn"),
    "invertedturnx": ("ornaments", "inverted-turn"),
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
    "!+!": ("technical", "stopped"),
    **dict.fromkeys("012345", ("technical", "fingering")),
}
# What distinguishes signs of the same element: attributes, and the text of the element.
ATTRIBUTES = {
    "invertedfermata": {"type": "inverted"},
    "turnx": {"slash": "yes"},
    "invertedturnx": {"slash": "yes"},
    "trill)": {"type": "stop"},
}
TEXTS = {
    "shortphrase": "tick",
    "mediumphrase": "single",
    "longphrase": "normal",
    **{finger: finger for finger in "012345"},
}
_DYNAMICS = (
    "pppp",
    "ppp",
    "pp",
    "p",
    "mp",
    "mf",
    "f",
    "ff",
    "fff",
    "ffff",
    "sfz",
    "sf",
    "fz",
    "fp",
    "sfp",
)
# Hairpins: ABC's name -> the type of the <wedge>.
WEDGES = {
    **dict.fromkeys(("crescendo(", "<("), "crescendo"),
    **dict.fromkeys(("diminuendo(", ">("), "diminuendo"),
    **dict.fromkeys(("crescendo)", "diminuendo)", "<)", ">)"), "stop"),
}
WEDGE_STOPS = frozenset(name for name, kind in WEDGES.items() if kind == "stop")
# Signs with a beginning and an end: ABC's name -> the kind of sign, and True for the beginning.
SPANS = {
    **{name: ("wedge", kind != "stop") for name, kind in WEDGES.items()},
    "trill(": ("trill", True),
    "trill)": ("trill", False),
}
# Signs that MusicXML writes as a <direction> above or below the staff: ABC's name -> the element,
# or the words to print.
DIRECTIONS = {
    "O": "coda",
    "S": "segno",
    "coda": "coda",
    "segno": "segno",
    **dict.fromkeys(_DYNAMICS, "dynamics"),
    **dict.fromkeys(WEDGES, "wedge"),
    "D.C.": "D.C.",
    "D.S.": "D.S.",
    "D.C.alfine": "D.C. al Fine",
    "D.S.alfine": "D.S. al Fine",
    "D.C.alcoda": "D.C. al Coda",
    "D.S.alcoda": "D.S. al Coda",
    "fine": "Fine",
    "dacapo": "Da Capo",
    "dalsegno": "Dal Segno",
    "dacoda": "To Coda",
}
# Directions at the end of a bar that send a player elsewhere: the attribute of <sound> that states
# the jump, and its value.
BAR_ENDS = {
    **dict.fromkeys(("D.C.", "D.C.alfine", "D.C.alcoda", "dacapo"), ("dacapo", "yes")),
    **dict.fromkeys(("D.S.", "D.S.alfine", "D.S.alcoda", "dalsegno"), ("dalsegno", "segno")),
    "fine": ("fine", "yes"),
    "dacoda": ("tocoda", "coda"),
}


def sign_name(text: str) -> str:
    """Return the name of a decoration: `trill` for `!trill!` and `+trill+`, `T` for `T`.

    Capitals, spaces and dots make no difference in long names: `!D.C. al Fine!` is `D.C.alfine`.
    """
    name = text.strip("!+") or text
    return _LONG_NAMES.get(_plain(name), name)


def _plain(name: str) -> str:
    return name.lower().replace(" ", "").replace(".", "")


_LONG_NAMES = {_plain(name): name for name in (*NOTATIONS, *DIRECTIONS) if len(_plain(name)) > 1}
