"""Macros (ABC 2.1, "Macros"): with `m:~G3 = G{A}G{F}G`, each `~G3` is a roll that is written out.

In a transposing macro, such as `m:~n3 = n{o}n{m}n`, `n` is any note, and the other letters from
`h` to `z` are notes above and below it by their places in the alphabet.

`~G3` is not a part of `~G32` or `~G3/2`. What a macro has written is not searched for macros. Words
in quotes, decorations, fields and comments stay as they are.
"""

import re
from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass, field, replace
from typing import NamedTuple

from charnn.errors import TuneError
from charnn.music.abc import patterns
from charnn.music.abc.note_head import written_octave
from charnn.music.abc.tunebook import (
    BODY_FIELD,
    HEADER_FIELD,
    MAX_CHARACTERS,
    TuneSource,
    content_lines,
    split_book,
)
from charnn.music.tune.problem import Problem
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import Tune

# The program BarFly, whose macros became the standard's, had the last two limits.
MAX_MACROS, MAX_TARGET, MAX_REPLACEMENT = 100, 31, 200

# The sign between target and replacement; in `m:~=c2 = c2`, the first = is a natural.
_EQUALS = [re.compile(r"\s=\s"), re.compile(r"(?<=[\w,'/!\"+)\]}])\s*="), re.compile("=")]
_TEXT = rf"{patterns.QUOTED}|![^!\s|\[\]]*!|\+[^+\s|\[\]]*\+"
_NOTE_NAME = re.compile(rf"{_TEXT}|(?P<note>n)")
_WRITTEN_NOTE = re.compile(rf"{_TEXT}|(?P<accidental>[_^=]*)(?P<letter>[h-z])")
_HEAD = re.compile(r"([_^=]{0,2})([A-Ga-g])([',]{0,16})")
_ENDS_IN_NOTE = re.compile(r"[A-Ga-gn][',]*[0-9/]*\Z")
_BEGINS_WITH_NOTE = re.compile("[A-Ga-gn]")
_UNTOUCHED = re.compile(
    rf"{patterns.QUOTED}|{patterns.INLINE_FIELD.pattern}|{patterns.NAMED_DECORATION.pattern}"
)
_DEFINITION = re.compile(r"[ \t]*m:")
_LINE = re.compile(r"([^\r\n]*)(\r\n|\r|\n|\Z)")


class _Span(NamedTuple):
    """The place of a replaced text in the new line, and in the old one; all from 0."""

    start: int
    stop: int
    old_start: int
    old_stop: int


@dataclass(slots=True)
class WrittenOut:
    """A tune whose macros are written out.

    Attributes:
        source: the tune; its `m:` lines are comments.
        problems: the macros that were left out.
        spans: the replaced texts of each line, by its number.
    """

    source: TuneSource
    problems: list[Problem] = field(default_factory=list)
    spans: dict[int, list[_Span]] = field(default_factory=lambda: defaultdict(list))

    def column(self, line: int, column: int) -> int:
        """Return the column in the text as it was before, of a place in the new text."""
        spans = self.spans.get(line, [])
        number = bisect_right(spans, column - 1, key=lambda span: span.start)
        if not number:
            return column
        span = spans[number - 1]
        inside = column - 1 < span.stop
        return span.old_start + 1 if inside else column + span.old_stop - span.stop

    def placed(self, tune: Tune) -> Tune:
        """Return a tune that was read from `source`, with its places in the text before."""
        music = tuple(
            replace(element, column=self.column(element.line, element.column))
            if element.line in self.spans
            else element
            for element in tune.music
        )
        problems = {replace(p, column=self.column(p.line, p.column)) for p in tune.problems}
        return replace(
            tune,
            music=music,
            others=tuple(map(self.placed, tune.others)),
            problems=tuple(sorted({*problems, *self.problems}, key=lambda p: (p.line, p.column))),
        )


class _Macro(NamedTuple):
    """A macro: the pattern of its target, with the group `note` if it is transposing."""

    target: str
    pattern: re.Pattern[str]
    replacement: str


class _Macros:
    """The macros that are in force."""

    def __init__(self) -> None:
        self._macros: dict[str, _Macro] = {}
        # Those whose target may begin with a character; where several fit, the first of them holds.
        self._by_first: dict[str, list[_Macro]] = {}

    def define(self, text: str) -> str:
        """Read the text of an m: field; return the problem, `""` without one."""
        equals = next(filter(None, (pattern.search(text) for pattern in _EQUALS)), None)
        target = text[: equals.start()].strip() if equals else ""
        replacement = text[equals.end() :].strip() if equals else ""
        if not target:
            return f"cannot read the macro {text.strip()!r}: write it as in m:~G3 = G{{A}}G{{F}}G"
        if len(target) > MAX_TARGET or len(replacement) > MAX_REPLACEMENT:
            return (
                f"a macro has at most {MAX_TARGET} characters before the = and {MAX_REPLACEMENT} "
                "after it: it is left out"
            )
        if len(self._macros) == MAX_MACROS and target not in self._macros:
            return f"more than {MAX_MACROS} macros in one tune: this one is left out"
        self._macros[target] = _Macro(target, _target_pattern(target), replacement)
        for first in "_^=ABCDEFGabcdefg" if target[0] == "n" else target[0]:
            macros = [each for each in self._macros.values() if each.target[0] in ("n", first)]
            # The longest target holds, and a note before any note.
            macros.sort(key=lambda each: (-len(each.target), "n" in each.target))
            self._by_first[first] = macros
        return ""

    def write_out(self, music: str, space: int) -> tuple[str, list[_Span]]:
        """Return a text without its macros, and the places of what was replaced.

        The text ends after the first macro that makes it longer than `space`.
        """
        pieces, spans, length, done, position = [], list[_Span](), 0, 0, 0
        while position < len(music) and length <= space:
            found, new = self._match(music, position)
            if found:
                length += found.start() - done
                spans.append(_Span(length, length + len(new), found.start(), found.end()))
                pieces += [music[done : found.start()], new]
                length, done = length + len(new), found.end()
            else:
                found = _UNTOUCHED.match(music, position)
            position = max(found.end() if found else 0, position + 1)
        return "".join(pieces) + music[done:], spans

    def _match(self, music: str, position: int) -> "tuple[patterns.Match | None, str]":
        """Return the match of the macro at a position, and what to write in its place."""
        for macro in self._by_first.get(music[position], ()):
            if found := macro.pattern.match(music, position):
                note = found.groupdict().get("note")
                return found, _transposed(macro.replacement, note) if note else macro.replacement
        return None, ""


def write_out_macros(source: TuneSource) -> WrittenOut:
    """Return a tune in which the replacements of its macros stand where the macros stood.

    Each line keeps its number.

    Raises:
        TuneError: typeset text in the tune is never closed, or the tune is longer than 16,384
            characters with its macros written out.
    """
    if not has_macros(source):
        return WrittenOut(source)
    inherited = tuple(each for each in source.file_header if each.letter != "m")
    result = WrittenOut(replace(source, file_header=inherited))
    macros, in_body = _Macros(), False

    def define(text: str, line: int) -> None:
        if problem := macros.define(text):
            result.problems.append(Problem(problem, line, 1, serious=False))

    for each in source.file_header:
        if each.letter == "m":
            define(each.text, each.line)
    lines = source.text.split("\n")
    length = len(source.text)
    for index, content in enumerate(content_lines(source)[: len(lines)]):
        number = source.line + index
        found = (BODY_FIELD if in_body else HEADER_FIELD).match(content)
        if found and found[1] == "m":
            define(found[2], number)
            lines[index] = f"%{lines[index]}"
        elif found:
            in_body = in_body or found[1] == "K"
        elif in_body and content:
            comment = patterns.COMMENT.search(lines[index])
            stop = comment.start() if comment else len(lines[index])
            music = patterns.plain_quotes(patterns.plain_blanks(lines[index][:stop]))
            new, spans = macros.write_out(music, MAX_CHARACTERS - length)
            if spans:
                lines[index] = new + lines[index][stop:]
                result.spans[number] = spans
                length += len(new) - stop
                if length > MAX_CHARACTERS:
                    problem = f"macros make the tune longer than {MAX_CHARACTERS:,} characters"
                    raise TuneError(f"{problem}: split the tune", number, 1, source.name)
    result.source = replace(result.source, text="\n".join(lines))
    return result


def has_macros(source: TuneSource) -> bool:
    """Return whether a tune or its file header defines macros."""
    return any(field.letter == "m" for field in source.file_header) or (
        "m:" in source.text and any(map(_DEFINITION.match, source.text.split("\n")))
    )


def without_macros(text: str) -> str:
    """Return the text of one tune with its macros written out; all else stays, byte for byte.

    Raises:
        TuneError: the macros cannot be written out.
    """
    sources = split_book(text)
    if len(sources) != 1 or not has_macros(sources[0]):
        return text
    source = sources[0]
    pieces = [list(found.groups()) for found in _LINE.finditer(text)]
    for piece in pieces[: source.line - 1]:
        piece[0] = as_comment(piece[0])
    new_lines = write_out_macros(source).source.text.removesuffix("\n").split("\n")
    for index, line in enumerate(new_lines, source.line - 1):
        pieces[index][0] = line
    return "".join(content + end for content, end in pieces)


def as_comment(line: str) -> str:
    """Return the definition of a macro as a comment; any other line as it is."""
    return f"%{line}" if _DEFINITION.match(line) else line


def _target_pattern(target: str) -> re.Pattern[str]:
    """Return the pattern of a macro's target."""
    pattern = re.escape(target)
    for found in _NOTE_NAME.finditer(target):
        if found["note"]:
            before, after = re.escape(target[: found.start()]), re.escape(target[found.end() :])
            pattern = f"{before}(?P<note>{_HEAD.pattern}){after}"
            break
    not_before = "(?<![_^=])" if _BEGINS_WITH_NOTE.match(target) else ""
    not_after = "(?![',0-9/])" if _ENDS_IN_NOTE.search(target) else ""
    return re.compile(f"{not_before}{pattern}{not_after}")


def _transposed(replacement: str, note: str) -> str:
    """Return the replacement of a transposing macro for a note, such as `^g'`."""
    head = _HEAD.match(note)
    if head is None:
        return replacement
    accidental, letter, marks = head.groups()
    step = 7 * written_octave(letter, marks) + LETTERS.index(letter.upper())

    def write(found: patterns.Match) -> str:
        if not found["letter"]:
            return found[0]
        own = accidental if found["letter"] == "n" else ""
        octave, degree = divmod(step + ord(found["letter"]) - ord("n"), 7)
        name = LETTERS[degree] if octave < 5 else LETTERS[degree].lower()
        return (found["accidental"] or own) + name + "'" * (octave - 5) + "," * (4 - octave)

    return _WRITTEN_NOTE.sub(write, replacement)
