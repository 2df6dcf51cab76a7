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

LINE_END = re.compile(r"\r\n|\r|\n")
# What a line of music contains besides notes, so that their letters and lengths can be counted.
WITHOUT_NOTES = re.compile(r'"[^"]*"|\{[^{}]*\}|\[[A-Za-z]:[^\]]*\]')
COMMENT = re.compile(r"(?<!\\)%.*")
# A bar line without a repeat, a second stroke or an ending.
SINGLE_BAR_LINE = re.compile(r"\|(?![|:\]\[\d])")
# A field on its own line. `A:|` and `A::` at the beginning of a line are music.
FIELD = re.compile(r"([A-Za-z]):(?![|:])(.*)")
INLINE_FIELD = re.compile(r"\[([A-Za-z]):([^\]]*)\]")
# A field without brackets in a line of music, such as `A4|M:3/4 A3`.
BARE_FIELD = re.compile(r"[KLMPQV]:(?![|:\]\s])[^\s|\[\]\"]+")
KEY_TONIC = re.compile(rf"({NOTE_LETTER})([#b]?)")
KEY_ACCIDENTAL = re.compile(rf"({ACCIDENTAL})({NOTE_LETTER})")

# ABC 2.1, "Redefinable symbols", reserves ~ and H to W for signs above a note and defines a
# few of them; tune books use more.
DECORATIONS = frozenset(".~HIJKLMNOPQRSTUVWkuv")
ANNOTATION_PLACES = frozenset("^_<>@")

# Characters between notes without a sound: ` separates notes under one beam (ABC 2.1, "Beams"), \
# continues a line, $ breaks it, and the standard reserves # * ; ? @.
SPACE_CHARACTERS = " \t`\\*;?@#$"
# The backslash of `\%` is no space: without it, the rest of the line would be a comment.
SPACE = re.compile(rf"(?:(?!\\%)[{re.escape(SPACE_CHARACTERS)}])+")
# `&&` goes back by two bars, `(&` and `&)` enclose the overlay of several bars.
OVERLAY = re.compile(r"\(&|&\)|&{1,99}")
# ABC 2.1, "Ties and slurs": a dot before `(` or `-` makes the curve dotted, and may precede the `)`
# of a dotted slur. `.(3` is a tuplet whose first note is staccato.
DOTTED_CURVE = re.compile(r"\.(?:\((?![1-9&])|[)-])")
SPACER = re.compile(r"y[0-9]{0,3}")
# Blanks that web pages and word processors put in place of a space. Then, in music, the typographic
# forms of the quotes around chord symbols and of the octave mark.
_BLANKS = dict.fromkeys(map(ord, "\xa0\u1680\u202f\u205f\u3000\u2060\ufeff"), " ")
_BLANKS |= dict.fromkeys(range(0x2000, 0x200C), " ")
_QUOTES = dict.fromkeys(map(ord, "\u201c\u201d\u201e\u201f"), '"')
_QUOTES |= dict.fromkeys(map(ord, "\u2018\u2019\u2032"), "'")
LENGTH = re.compile(r"([0-9]{0,4})(/{0,7})([0-9]{0,4})")
ACCIDENTAL_SIGN = re.compile(ACCIDENTAL)
NOTE = re.compile(rf"({ACCIDENTAL})?({NOTE_LETTER})({OCTAVE_MARKS})({NOTE_LENGTH})")
BROKEN = re.compile(BROKEN_RHYTHM)
TUPLET = re.compile(r"\(([1-9][0-9]{0,2})(?::([0-9]{0,3}))?(?::([0-9]{0,3}))?")

_NOTES = rf"(?:[=^_]*{NOTE_LETTER}[,']*[0-9/]*){{2,}}"
# Before ABC 1.6 a ! was a line break, so the text between two of them may be a short line of music.
# If the text reads as notes, it is music, except for !ff! and louder dynamics.
# Words with blanks (`!D.C. al Fine!`) are a decoration if they have a letter that music has not.
NAMED_DECORATION = re.compile(
    rf"!(?:(?=f+!)|(?!{_NOTES}!))([^!\s|\[\]]*)!|\+([^+\s|\[\]]*)\+"
    r"|!(?=[^!|\[\]]*[i-oq-tw])([A-Za-z.() ]+)!"
)
# A chord in the notation of ABC 1.3.
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
# ABC 2.1, "Repeat/bar symbols", asks parsers to be liberal: books have `||:`, `|:|`, `:]`, `[:`,
# `||[` and a single `:`. `[]` is an invisible bar line for abcm2ps, as `[|]` is.
BAR_LINE = re.compile(
    r"(?P<sign>\[\|?\](?!:+(?![|\]:]))"  # in `[|]:|`, the colon belongs to the second bar line
    r"|(?P<before>:*)(?:\[?\|[|\]]*|\[?\]|\[(?=:))(?P<after>:*)|(?P<colons>:+))"
    rf"(?P<ending>{_ENDING_NUMBERS})?"
)
# A bracket of a field, or one that is closed before the next bar line, as that of a chord is.
NOT_STRAY_BRACKET = re.compile(r'\[(?:[A-Za-z]:|(?:"[^"\n]*"|[^"|\[\]\n])*\])')


def plain_blanks(text: str) -> str:
    """Return a text with a space in place of each blank of another kind."""
    return text if text.isascii() else text.translate(_BLANKS)


def plain_quotes(music: str) -> str:
    """Return a line of music with `"` and `'` in place of their typographic forms."""
    return music if music.isascii() else music.translate(_QUOTES)


_MAIL_DEBRIS = re.compile(r"=20(?=\s*$)|=(?=\s*$)|=3D")
# Fields whose text may contain all that traces of mail consist of, such as `Q:1/4=20` or an address
# in `F:`. Before `:|` and `::`, most letters are music.
_TEXT_OF_FIELD = re.compile(r"[ \t]*(?:[wWsT+]:|[A-JN-QS-Za-z]:(?![|:]))")
_MAIL_REPLACEMENTS = {"=20": "", "=": "\\", "=3D": "="}


def may_have_mail_debris(line: str) -> bool:
    """Return whether `=20`, `=3D` or a final `=` in a line is a trace of mail, not a text."""
    return "=" in line and not _TEXT_OF_FIELD.match(line)


def undo_quoted_printable(line: str) -> str:
    """Return a line without the traces of quoted-printable mail: `=3D` becomes `=`.

    At the end of a line, `=20` is a space and is removed; `=` is a soft line break and becomes
    `\\`, with which ABC continues a line. Fourteen tunes of Ryan's Mammoth Collection contain such
    traces. A field stays as it is, unless its text is a key, a meter, a unit length or a type.
    """
    if not may_have_mail_debris(line):
        return line
    return _MAIL_DEBRIS.sub(lambda found: _MAIL_REPLACEMENTS[found[0]], line)
