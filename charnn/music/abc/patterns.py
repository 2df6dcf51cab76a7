"""What the signs in a line of ABC look like, as patterns.

None has nested repetition over the same characters, so each matches in linear time.
"""

import re
from typing import TypeAlias

Match: TypeAlias = "re.Match[str]"

# ABC 2.1 keeps ~ and H to W for signs above a note and defines a few of them; books use more.
DECORATIONS = frozenset(".~HIJKLMNOPQRSTUVWkuv")
ANNOTATION_PLACES = frozenset("^_<>@")

_MAIL_DEBRIS = re.compile(r"=20(?=\s*$)|=(?=\s*$)|=3D")
_MAIL_MEANING = {"=20": "", "=": "\\", "=3D": "="}
SPACE = re.compile(r"[ \t`\\*;?@#$]+")
SPACER = re.compile(r"y[0-9]{0,3}")
LENGTH = re.compile(r"([0-9]{0,4})(/{0,7})([0-9]{0,4})")
NOTE = re.compile(r"(\^\^|\^|__|_|=)?([A-Ga-g])([',]{0,16})([0-9]{0,4}/{0,7}[0-9]{0,4})")
BROKEN = re.compile(r">+|<+")
TUPLET = re.compile(r"\(([0-9]{1,3})(?::([0-9]{0,3}))?(?::([0-9]{0,3}))?")
_NOTES = r"(?:[=^_]*[A-Ga-g][,']*[0-9/]*){2,}"
# What reads as notes is a short line between two old line ends, unless it is !ff! or louder.
NAMED_DECORATION = re.compile(rf"!(?:(?=f+!)|(?!{_NOTES}!))([^!\s|\[\]]*)!|\+([^+\s|\[\]]*)\+")
OLD_CHORD = re.compile(rf"\+(?!f+\+){_NOTES}\+")
INLINE_FIELD = re.compile(r"\[([A-Za-z]):([^\]]*)\]")

_NUMBERS = r"[1-9][0-9]?(?:[,.-][1-9][0-9]?)*"
# In quotes it might be the fingering of a chord, if a bracket closes it before any blank or bar.
ENDING = re.compile(rf'\[(?:{_NUMBERS}|"{_NUMBERS}[.,]?"(?![^\]|\s]{{0,99}}\]))')
# A bar line's second half, carried over to the next line.
CARRIED_REPEAT = re.compile(r"[ \t]*:(?![|:])")
CARRIED_ENDING = re.compile(rf"[ \t]*({_NUMBERS})(?![0-9/])")
PASSES = re.compile(r"([0-9]+)(?:-([0-9]+))?")
# A sign (colons, line, colons; or colons alone), and the number of an ending touching it.
BAR_LINE = re.compile(
    r"(?P<sign>\[\|\]|(?P<before>:*)(?:\[?\|[|\]]*|\])(?P<after>:*)|(?P<colons>:{2,}))"
    rf"(?P<ending>{_NUMBERS})?"
)


def without_mail_debris(line: str) -> str:
    """The line as it was before it went by mail, quoted-printable: `=3D` is `=`.

    At the end of a line `=20` is a blank, and `=` is a line that mail broke, as `\\` does in ABC.
    """
    return _MAIL_DEBRIS.sub(lambda match: _MAIL_MEANING[match[0]], line)
