"""The text of a prime: header fields, and the music that a tune begins with.

What a model cannot begin with is left out, and listed, so that the user can be told: fields such as
C: or w:, words in quotes, and signs that change no note.
"""

import re
from itertools import groupby
from typing import NamedTuple

from charnn.errors import UsageError
from charnn.music.abc.clean_lines import clean_music, dropped_signs
from charnn.music.abc.patterns import COMMENT, FIELD, INLINE_FIELD, LINE_END, SINGLE_BAR_LINE

STAR = "*"  # stands for a bar or note that the model fills in
_USED = "TRMLK"
_SILENT = "X"  # a new tune gets a number of its own
_NOTE_CHANGES = {"K": "key", "M": "meter", "L": "unit length", "V": "voice"}
_BAR_LINE_END = re.compile(r"[|:]\]?$")
# The text of a prime is decoded already, so its encoding means nothing to a tune.
_CHARSET = re.compile(r"(?:%%|I:)[ \t]*abc-charset\b", re.I)
_BAR_LINE = re.compile(r"\[?\|\]?")
# A thick or invisible bar line before the first note; of `[|:`, the repeat stays.
_OPENING_BAR_LINE = re.compile(r"\[(?=\|:)|\[\|\]?")
_FERMATA = "H"
_WORDS_AND_FIELDS = re.compile(r'("[^"]*"|\[[A-Za-z]:[^\]]*\])|H')


class Prime(NamedTuple):
    """The parts of a prime.

    Attributes:
        fields: the text of T: R: M: L: and K:; `""` for a missing one.
        opening: the music, as training tunes are written; it may contain stars.
        left_out: the fields and signs that are not used, each with its line.
    """

    fields: dict[str, str]
    opening: str
    left_out: tuple[str, ...]


def read_prime(text: str, *, strict: bool) -> Prime:
    """Return the parts of a prime.

    Raises:
        UsageError: whole bars are wanted, and the key, meter, unit length or voice changes in the
            music.
    """
    fields = dict.fromkeys(_USED, "")
    music: list[str] = []
    left_out: list[str] = []
    in_header = True
    for number, line in enumerate(LINE_END.split(text), 1):
        if _CHARSET.match(line):
            continue
        is_directive = line.startswith("%%")
        line = line.strip() if is_directive else COMMENT.sub("", line).strip()
        found = FIELD.match(line)
        if in_header and found and found[1] in _USED and not fields[found[1]]:
            fields[found[1]] = found[2].strip()
        elif found and (in_header or found[1] not in "KLMV"):
            left_out += [f"{line} (line {number})"] if found[1] != _SILENT else []
        elif is_directive:
            left_out.append(f"{line} (line {number})")
        elif line:
            in_header = False
            if strict and (change := found or _note_change(line)):
                raise UsageError(
                    f"line {number} of --prime changes the {_NOTE_CHANGES[change[1]]} "
                    f"({change[0].strip()}), which whole bars cannot follow: end the opening "
                    "before it, or use --bars off"
                )
            if signs := dict.fromkeys([*dropped_signs(line), *_fermatas(line)]):
                left_out.append(f"{' '.join(signs)} (line {number})")
            if cleaned := line if found else clean_music(_without_fermatas(line), STAR):
                # Stars are shown as they were typed.
                is_first = not music and STAR not in text
                music.append(_without_opening_bar_line(cleaned) if is_first else cleaned)
    return Prime(fields, _joined(music) if strict else "\n".join(music), tuple(left_out))


def without_stars(opening: str) -> str:
    """Return the longest piece of an opening without a star, in whole bars if there is one."""
    if STAR not in opening:
        return opening
    bars = [bar for bar in _BAR_LINE.split(opening) if bar.strip()]
    runs = ("|".join(group) + "|" for clean, group in groupby(bars, _is_plain) if clean)
    longest = max(runs, key=len, default="")
    return longest.strip(" \n") or bars[0].partition(STAR)[0].strip(": \n")


def _is_plain(bar: str) -> bool:
    return not any(sign in bar for sign in (STAR, ":", "[1", "[2"))


def _without_opening_bar_line(line: str) -> str:
    found = _OPENING_BAR_LINE.match(line)
    return line[found.end() :].lstrip() if found else line


def _note_change(line: str) -> "re.Match[str] | None":
    changes = (found for found in INLINE_FIELD.finditer(line) if found[1] in _NOTE_CHANGES)
    return next(changes, None)


def _fermatas(line: str) -> list[str]:
    return [_FERMATA for found in _WORDS_AND_FIELDS.finditer(line) if not found[1]]


def _without_fermatas(line: str) -> str:
    return _WORDS_AND_FIELDS.sub(lambda found: found[1] or "", line)


def _joined(lines: list[str]) -> str:
    """Return lines of music as one text; those that end inside a bar are joined."""
    text = ""
    for line in lines:
        at_start = not text or _BAR_LINE_END.search(text) is not None
        if SINGLE_BAR_LINE.match(line):
            text += "" if at_start else "|"
            line, at_start = line[1:].lstrip(), True
        joint = "" if not text or not line else "\n" if at_start else " "
        text += joint + line
    return text
