"""Music that no tune contains: an empty line ends a tune, and the next X: is still to come.

ABC 2.1, "Empty lines and line-breaking", skips such lines as free text. In tunes copied from web
pages they are often further parts, so a reader should not lose them without a word.
"""

import re
from collections.abc import Sequence

from charnn.music.abc.patterns import FIELD, plain_blanks

_WORDS_AND_FIELDS = re.compile(r'"[^"]*"|![^!]*!|\[[A-Za-z]:[^\]\[]*\]|%.*')
_MUSIC = re.compile(r"""[A-Ga-gxyzXZ0-9,'/^_=()<>{}~.|:\[\]\s\\HLMOPSTuv*$&+`"!-]+""")
_NOTE = re.compile("[A-Ga-g]")


def find_lost_music(lines: Sequence[str], start: int) -> int | None:
    """Return the index of the first line of music before the next tune; None without any.

    Args:
        lines: the lines of a text.
        start: the index of the line that ended a tune.
    """
    for index in range(start, len(lines)):
        line = plain_blanks(lines[index]).strip()
        if line.startswith(("X:", "T:", "K:")):
            return None
        if "|" in line and not FIELD.match(line) and _is_music(line):
            return index
    return None


def _is_music(line: str) -> bool:
    bare = _WORDS_AND_FIELDS.sub("", line)
    return bool(_MUSIC.fullmatch(bare) and _NOTE.search(bare))
