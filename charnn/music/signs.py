"""What the signs in a line of ABC look like, as patterns.

None has nested repetition over the same characters, so each matches in linear time.
"""

import re
from typing import TypeAlias

Match: TypeAlias = "re.Match[str]"

# ABC 2.1 keeps ~ and H to W for signs above a note and defines a few of them; books use more.
DECORATIONS = frozenset(".~HIJKLMNOPQRSTUVWkuv")
ANNOTATION_PLACES = frozenset("^_<>@")

# Tunes that came by mail may still be quoted-printable: "=3D" is "=", and at the ends of the lines
# it broke, "=" and "=20" are nothing.
MAIL_DEBRIS = re.compile(r"=(?:20)?(?=\s*$)")
SPACE = re.compile(r"[ \t`\\*;?@#$]+")
SPACER = re.compile(r"y[0-9]{0,3}")
PITCH = re.compile(r"(\^\^|\^|__|_|=(?:3D)?)?([A-Ga-g])([',]*)")
LENGTH = re.compile(r"([0-9]{0,4})(/{0,7})([0-9]{0,4})")
BROKEN = re.compile(r">+|<+")
TUPLET = re.compile(r"\(([0-9]{1,3})(?::([0-9]{0,3}))?(?::([0-9]{0,3}))?")
NAMED_DECORATION = re.compile(r"!([^!\s|\[\]]*)!|\+([^+\s|\[\]]*)\+")
OLD_CHORD = re.compile(r"\+(?!f+\+)(?:[=^_]*[A-Ga-g][',]*[0-9/]*){2,}\+")
INLINE_FIELD = re.compile(r"\[([A-Za-z]):([^\]]*)\]")

_NUMBERS = r"[1-9][0-9]?(?:[,-][1-9][0-9]?)*"
ENDING = re.compile(rf"\[{_NUMBERS}")
# A bar line's second half, carried over to the next line.
CARRIED_REPEAT = re.compile(r"[ \t]*:(?![|:])")
CARRIED_ENDING = re.compile(rf"[ \t]*({_NUMBERS})(?![0-9/])")
PASSES = re.compile(r"([0-9]+)(?:-([0-9]+))?")
# A sign (colons, line, colons; or colons alone), and the number of an ending touching it.
BAR_LINE = re.compile(
    r"(?P<sign>\[\|\]|(?P<before>:*)(?:\[?\|[|\]]*|\])(?P<after>:*)|(?P<colons>:{2,}))"
    rf"(?P<ending>{_NUMBERS})?"
)
