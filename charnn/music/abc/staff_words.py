"""The words of K: and V: that set a staff: its clef, and how far its notes move (ABC 2.1, 4.6).

- `treble-8` and `treble+8` print an 8 at the clef, and the notes sound an octave lower or higher.
  `treble_8` and `treble^8` of abcm2ps move no sound.
- A number after the name is the line of the clef: `bass3`, `alto1`. It moves no sound.
- `octave=` moves sound and print, `transpose=` (or `t=`) only the sound.
- `middle=` (or `m=`) names the note that is printed on the middle line. It moves only the print:
  the standard's own example has `middle=d clef=bass transpose=-24` for a bass who sounds two
  octaves below the letters.

A clef stays until another one is named. abc2midi keeps the octave of `treble-8` after a `treble`,
too; the standard calls the two different clefs, and so does charnn.
"""

import re
from collections.abc import Iterable
from dataclasses import replace

from charnn.music.tune.clef import Clef, ClefSign
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import Key

# The sign and the line of each clef with a name. Treble and percussion staffs have the same lines.
_NAMED: dict[str, tuple[ClefSign, int]] = {
    "treble": ("G", 2),
    "alto": ("C", 3),
    "tenor": ("C", 4),
    "bass": ("F", 4),
    "soprano": ("C", 1),
    "mezzosoprano": ("C", 2),
    "mezzo": ("C", 2),
    "baritone": ("F", 3),
    "perc": ("percussion", 2),
    "none": ("none", 2),
    "g": ("G", 2),
    "c": ("C", 3),
    "f": ("F", 4),
}
# The step of the note on the line of a sign: 7 x octave + index in `LETTERS`, 28 for middle C.
_STEPS: dict[ClefSign, int] = {"G": 32, "C": 28, "F": 24, "percussion": 32, "none": 32}
_MIDDLE_LINE, _LINES = 3, (1, 2, 3, 4, 5)

_NAMES = "treble|alto|tenor|bass|soprano|mezzo(?:-?soprano)?|baritone|perc|none"
_CLEF = re.compile(
    rf"(?:clef=(?P<any>{_NAMES}|[GFC])|(?P<name>{_NAMES})|(?P<sign>[GFC](?=[1-5])))"
    r"(?P<line>[1-5])?(?P<octave>[+^_-](?:8|15))?",
    re.IGNORECASE,
)
_SHIFT = re.compile(r"(octave|transpose|t)=([+-]?[0-9]{1,2})")
_MIDDLE = re.compile(r"(?:middle|m)=([A-Ga-g])([',]{0,4})")
# Words about the looks of a staff or the name of a voice.
_IGNORED = re.compile(
    r"(?:stafflines|staffscale|staffsep|stem|gstem|name|nm|sname|snm|subname|instrument|style|"
    r"strings|brace|bracket|cue|merge|up|down|staves|scale|space|gchords?|dyn(?:amics?)?|lyrics|"
    r'vocal|ornaments?)(?:=(?:"[^"]*"|\S+))?'
)
_SPACED_SIGN = re.compile(r"\b(clef|octave|transpose|middle)\s*=\s*")


def staff_words(text: str) -> list[str]:
    """Return the words of a field; a blank beside `=` or in a quoted name divides no word.

    The end of a quoted name ends a word, as the standard's own `name="Alto"sname="A"` needs it.
    """
    return re.findall(r'[^\s"]*"[^"]*"|[^\s"]+|"', _SPACED_SIGN.sub(r"\1=", text))


def is_staff_word(word: str) -> bool:
    """Return whether a word sets a staff or its looks, and not a key."""
    return sets_staff(word) or _IGNORED.fullmatch(word) is not None


def sets_staff(word: str) -> bool:
    """Return whether a word sets a clef or moves notes."""
    return any(pattern.fullmatch(word) is not None for pattern in (_CLEF, _SHIFT, _MIDDLE))


def moves_notes(word: str) -> bool:
    """Return whether a word has the sign of one that moves notes, such as `octave=x`."""
    return word.startswith(("octave=", "transpose=", "t="))


def with_staff(key: Key, words: Iterable[str]) -> Key:
    """Return a key whose staff is set by some words; other words are ignored."""
    octave, middle, clef = key.octave - key.clef.octave, "", key.clef
    for word in words:
        if found := _CLEF.fullmatch(word):
            clef = _clef(found)
        elif found := _SHIFT.fullmatch(word):
            if found[1] == "octave":
                octave = int(found[2])
            else:
                key = replace(key, transpose=int(found[2]))
        elif found := _MIDDLE.fullmatch(word):
            middle = found[0].partition("=")[2]
    if middle:
        clef = _with_middle(clef, middle)
    return replace(key, octave=octave + clef.octave, clef=clef)


def _clef(found: re.Match[str]) -> Clef:
    name = (found["any"] or found["name"] or found["sign"]).lower().replace("-", "")
    sign, line = _NAMED[name]
    mark = found["octave"] or ""
    octaves = (2 if mark.endswith("15") else 1) if mark else 0
    if mark[:1] in ("-", "_"):
        octaves = -octaves
    moves_sound = mark[:1] in ("+", "-")
    return Clef(sign, int(found["line"] or line), octaves, octaves if moves_sound else 0)


def _with_middle(clef: Clef, middle: str) -> Clef:
    """Return the clef with which a note is printed on the middle line.

    If the note cannot stand there with this sign, because the sign would stand between two lines
    or outside of the staff, the clef keeps its line, and the note is printed in the nearest octave.
    """
    letter, marks = middle[0], middle[1:]
    octave = 4 + letter.islower() + marks.count("'") - marks.count(",")
    step = 7 * octave + LETTERS.index(letter.upper())
    for octaves in (0, -1, 1, -2, 2, -3, 3):
        lines, half = divmod(_STEPS[clef.sign] - step - 7 * octaves, 2)
        if not half and _MIDDLE_LINE + lines in _LINES:
            return replace(clef, line=_MIDDLE_LINE + lines, shown=octaves)
    usual = _STEPS[clef.sign] + 2 * (_MIDDLE_LINE - clef.line)
    return replace(clef, shown=round((usual - step) / 7))
