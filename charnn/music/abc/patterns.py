"""The shared patterns of ABC notation.

Five parts of charnn work with ABC text, each for its own purpose:

- the reader (`reader.py`) gives every character a meaning, or refuses the text;
- the cleaner (`cleaning.py`, `clean_lines.py`) drops noise and keeps all else as it is spelled;
- the tokenizer (`tokenizer.py`) cuts any text into tokens and must not lose a character;
- the comparison of melodies (`charnn.music.similarity.melody`) skips all but notes and bar lines;
- the tune grammar (`charnn.music.grammar`) writes a small, unambiguous part of ABC, letter by
  letter, and so needs no patterns.

This module contains the patterns that have one meaning for several of these parts. A pattern that
differs on purpose stands in the file of its part, with the reason beside it.

No pattern nests repetitions of the same characters, so each matches in linear time. Digits, slashes
and octave marks are capped: any text may be read, and Python refuses to convert a number of more
than 4,300 digits.
"""

import re
from typing import TypeAlias

Match: TypeAlias = "re.Match[str]"

# Parts of patterns, to be joined with f-strings. They contain no groups, so the pattern that uses
# them can number or name its own groups.
ACCIDENTAL = r"\^\^|\^|__|_|="
NOTE_LETTER = "[A-Ga-g]"
OCTAVE_MARKS = "[',]{0,16}"
NOTE_LENGTH = "[0-9]{0,4}/{0,7}[0-9]{0,4}"
BROKEN_RHYTHM = ">+|<+"
QUOTED = r'"[^"\n]*"'  # a chord symbol, or an annotation, on one line

# A field on its own line. `A:|` and `A::` at the beginning of a line are music.
FIELD = re.compile(r"([A-Za-z]):(?![|:])(.*)")
INLINE_FIELD = re.compile(r"\[([A-Za-z]):([^\]]*)\]")
KEY_TONIC = re.compile(rf"({NOTE_LETTER})([#b]?)")
KEY_ACCIDENTAL = re.compile(rf"({ACCIDENTAL})({NOTE_LETTER})")

# ABC 2.1, "Redefinable symbols", reserves ~ and H to W for signs above a note and defines a
# few of them; tune books use more.
DECORATIONS = frozenset(".~HIJKLMNOPQRSTUVWkuv")
ANNOTATION_PLACES = frozenset("^_<>@")

# Characters between notes without a sound: ` separates notes under one beam (ABC 2.1, "Beams"), \
# continues a line, $ breaks it, and the standard reserves # * ; ? @.
SPACE_CHARACTERS = " \t`\\*;?@#$"
SPACE = re.compile(rf"[{re.escape(SPACE_CHARACTERS)}]+")
SPACER = re.compile(r"y[0-9]{0,3}")
LENGTH = re.compile(r"([0-9]{0,4})(/{0,7})([0-9]{0,4})")
NOTE = re.compile(rf"({ACCIDENTAL})?({NOTE_LETTER})({OCTAVE_MARKS})({NOTE_LENGTH})")
BROKEN = re.compile(BROKEN_RHYTHM)
TUPLET = re.compile(r"\(([0-9]{1,3})(?::([0-9]{0,3}))?(?::([0-9]{0,3}))?")

_NOTES = rf"(?:[=^_]*{NOTE_LETTER}[,']*[0-9/]*){{2,}}"
# Before ABC 1.6 a ! was a line break, so the text between two of them may be a short line of music.
# If the text reads as notes, it is music, except for !ff! and louder dynamics.
NAMED_DECORATION = re.compile(rf"!(?:(?=f+!)|(?!{_NOTES}!))([^!\s|\[\]]*)!|\+([^+\s|\[\]]*)\+")
OLD_CHORD = re.compile(rf"\+(?!f+\+){_NOTES}\+")

_ENDING_NUMBERS = r"[1-9][0-9]?(?:[,.-][1-9][0-9]?)*"
# A number in quotes after a bracket is an ending, unless it is the fingering of a chord: then a
# bracket closes the chord before any space or bar line.
ENDING = re.compile(rf'\[(?:{_ENDING_NUMBERS}|"{_ENDING_NUMBERS}[.,]?"(?![^\]|\s]{{0,99}}\]))')
# Second halves of bar lines whose first half ends the line before.
CARRIED_REPEAT = re.compile(r"[ \t]*:(?![|:])")
CARRIED_ENDING = re.compile(rf"[ \t]*({_ENDING_NUMBERS})(?![0-9/])")
PASSES = re.compile(r"([0-9]+)(?:-([0-9]+))?")
# A bar line is colons, lines, colons, or colons alone; the number of an ending may touch it.
# ABC 2.1, "Repeat/bar symbols", asks parsers to be liberal: books have `||:`, `|:|` and `:]`.
BAR_LINE = re.compile(
    r"(?P<sign>\[\|\]|(?P<before>:*)(?:\[?\|[|\]]*|\])(?P<after>:*)|(?P<colons>:{2,}))"
    rf"(?P<ending>{_ENDING_NUMBERS})?"
)

_MAIL_DEBRIS = re.compile(r"=20(?=\s*$)|=(?=\s*$)|=3D")
_MAIL_REPLACEMENTS = {"=20": "", "=": "\\", "=3D": "="}


def undo_quoted_printable(line: str) -> str:
    """Return a line without the traces of quoted-printable mail: `=3D` becomes `=`.

    At the end of a line, `=20` is a space and is removed; `=` is a soft line break and becomes
    `\\`, with which ABC continues a line. Fourteen tunes of Ryan's Mammoth Collection contain such
    traces.
    """
    return _MAIL_DEBRIS.sub(lambda found: _MAIL_REPLACEMENTS[found[0]], line)
