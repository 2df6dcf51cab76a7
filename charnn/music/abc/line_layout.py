"""The lines of a tidy tune: four bars each, and a new line where a part begins.

A pick-up does not count as a bar, and a short second ending stays on the line of the first one.
"""

import re
from collections.abc import Container, Iterable
from fractions import Fraction

from charnn.music.abc import patterns
from charnn.music.abc.bar_line import stay_apart
from charnn.music.abc.tuplet import parse_tuplet
from charnn.music.abc.writer import escape_mail_like, with_comment
from charnn.music.tune.tune import BarLine, Change, Ending, Mark, Meter, Note, Tune

BARS_A_LINE = 4
_LONGEST_SECOND_ENDING = 2  # bars that may follow the bars of a full line
# Spaces that only break, continue or justify lines, and reserved characters.
_LINE_SIGNS = re.compile(r"[\\$*;?@#]")
_ACCIDENTALS = ("^", "_", "=")
_PARTS_OF_SIGNS = tuple("0123456789/,'")
# The signs between the note before a tuplet and the tuplet.
_BEFORE_TUPLET = re.compile(
    rf"(?<=[A-Ga-gxzZ0-9/,')\]-])((?:\(|{patterns.QUOTED}|![^!]*!|\{{[^}}]*\}}|[.~H-Wuv])*)\Z"
)
_REACH = 200  # characters, more than the signs before a tuplet ever have


class LineLayout:
    """A writer of lines that gets the signs of a tune one by one.

    Args:
        tune: the tune.
        repeat_starts: the indices of the bar lines at which a repeat will begin.
        keep_lines: whether to keep the lines as they are; otherwise, they get four bars each.
    """

    def __init__(self, tune: Tune, repeat_starts: Container[int], *, keep_lines: bool) -> None:
        self.lines: list[str] = []
        self._keep_lines = keep_lines
        self._line = ""
        self._last_sign = ""  # the bar line at the end of the line
        self._comments: list[str] = []  # to be written after the line
        self._ending_bars = _ending_bars(tune, repeat_starts)
        self._meter = tune.meter
        self._may_break = False  # whether the next sign begins a new line
        self._bars = 0  # in the line
        self._duration, self._long_rest = Fraction(0), 1
        self._begins_section = True
        self._tuplet_notes, self._after_tuplet = 0, False
        self._free_bars = 0  # the bars to come of a second ending, which are not counted

    def add_text(self, text: str, element: Note | Change | Mark | None) -> None:
        """Write a piece of music that is neither a bar line nor an ending."""
        if isinstance(element, Mark) and element.kind in ("space", "line") and text[:1] != "y":
            self._add_space(text)
            return
        if isinstance(element, Change) and isinstance(element.value, Meter):
            self._meter = element.value
        self._break_if_due()
        meaningless = self._line[-1:] in _ACCIDENTALS or (
            element is None and text[:1] in _PARTS_OF_SIGNS and self._line[-1:] not in ("", " ")
        )
        if meaningless:  # it must not become a part of another sign
            self._line += " "
        self._set_tuplet_apart(text, element)
        self._write(text)
        if isinstance(element, Note):
            self._duration += element.duration
            if self._tuplet_notes:
                self._tuplet_notes -= 1
                self._after_tuplet = not self._tuplet_notes
            if element.rest in ("Z", "X"):
                self._long_rest = int(element.length)

    def _set_tuplet_apart(self, text: str, element: Note | Change | Mark | None) -> None:
        """Write a space before a tuplet and after it, so that its beam has no other notes.

        verovio would take the other notes for notes of the tuplet.
        """
        kind = element.kind if isinstance(element, Mark) else ""
        if kind == "tuplet":
            start = max(0, len(self._line) - _REACH)
            self._line = self._line[:start] + _BEFORE_TUPLET.sub(r" \1", self._line[start:])
            _, _, self._tuplet_notes = parse_tuplet(text, compound=False)
            self._after_tuplet = False
        elif kind == "broken rhythm" and text:
            self._after_tuplet = False
        elif self._after_tuplet and text[:1] not in ("", ")", "-"):
            self._line += " "
            self._after_tuplet = False

    def _add_space(self, text: str) -> None:
        if not self._keep_lines:
            text = " " if text == "!" else _LINE_SIGNS.sub("", text.replace("\t", " "))
            text = re.sub(" +", " ", text)
            # A line neither begins nor ends with a space, and two spaces are one.
            if self._may_break or (text == " " and (not self._line or self._line[-1] == " ")):
                return
        self._line += text
        if text:
            self._last_sign = ""
            self._after_tuplet = False

    def add_ending(self, text: str, ending: Ending, index: int) -> None:
        """Write the beginning of a variant ending.

        Args:
            text: the number, with a bracket unless it follows a bar line.
            ending: the ending.
            index: its index in `Tune.music`.
        """
        bars = self._ending_bars.get(index, 0)
        if 1 not in ending.passes and bars <= _LONGEST_SECOND_ENDING:
            self._may_break, self._free_bars = False, bars
        self._break_if_due()
        if text[0].isdigit() and (not self._line or not self._last_sign):
            text = "[" + text
        self._write(text)

    def add_signs(self, texts: Iterable[str]) -> None:
        """Write bar lines, and the endings and jumps that a voice has from the first one."""
        for text in texts:
            if patterns.BAR_LINE.fullmatch(text):
                self.add_bar_line(text)
            else:
                self.add_text(text, None)

    def add_bar_line(self, text: str) -> None:
        """Write a bar line, after which the line may end."""
        starts_repeat = text.startswith("|:")
        if starts_repeat and self._last_sign and not self._keep_lines:
            self._may_break = bool(self._line)
        if self._may_break and not starts_repeat and not self._duration:
            self._may_break = False  # a second bar line stays beside the first
        self._break_if_due()
        if self._line[-1:] in _ACCIDENTALS or (
            self._last_sign and not stay_apart(self._last_sign, text)
        ):
            self._line += " "
        self._write(text)
        self._last_sign = text
        self._after_tuplet = False
        if self._duration:
            self._count_bar()
        is_section = BarLine(text, text.count(":"), 0, 0, 0).section
        self._begins_section = is_section or (self._begins_section and not self._duration)
        due = (is_section and not starts_repeat) or self._bars >= BARS_A_LINE
        self._may_break = not self._keep_lines and due
        self._duration, self._long_rest = Fraction(0), 1

    def _count_bar(self) -> None:
        if self._free_bars:
            self._free_bars -= 1
        elif not (self._begins_section and self._duration < self._meter.bar):
            self._bars += self._long_rest

    def end_source_line(self, comment: str, *, continued: bool) -> None:
        """End a line of the old text.

        Args:
            comment: its comment with the spaces before it.
            continued: whether the line ends with a backslash.
        """
        if self._keep_lines:
            if text := with_comment(self._line.rstrip(), comment):  # an empty line ends the tune
                self.lines.append(text)
            self._line = self._last_sign = ""
            return
        if comment and self._may_break:
            self.end_line()
            self.lines[-1] += " " + comment.strip()
        elif comment:
            self._comments.append(comment.strip())
        elif self._last_sign:
            if self._line.removesuffix(self._last_sign).endswith(" "):
                self._add_space(" ")  # as before the bar line
        elif not continued:
            self._add_space(" ")

    def add_line(self, text: str) -> None:
        """Write a line of its own: a field, a comment or a directive."""
        self.end_line()
        self.lines.append(text)

    def end_line(self) -> None:
        """End the line, if there is one."""
        if self._line.strip():
            # `X:` at the beginning of a line would begin a new tune.
            indent = " " if self._line.startswith("X:") else ""
            self.lines.append(indent + escape_mail_like(self._line.rstrip()))
        self.lines += self._comments
        self._line = self._last_sign = ""
        self._comments, self._bars, self._may_break = [], 0, False

    def _break_if_due(self) -> None:
        if self._may_break:
            self.end_line()

    def _write(self, text: str) -> None:
        self._line += text
        self._last_sign = ""


def _ending_bars(tune: Tune, repeat_starts: Container[int]) -> dict[int, int]:
    """Return the number of bars of each variant ending, by its index."""
    found: dict[int, int] = {}
    current: int | None = None
    has_notes = False
    for index, element in enumerate(tune.music):
        if isinstance(element, Ending):
            current, has_notes = index, False
        elif isinstance(element, Note):
            has_notes = True
        elif isinstance(element, BarLine) and current is not None and has_notes:
            found[current] = found.get(current, 0) + 1
            has_notes = False
            if element.section or index in repeat_starts:
                current = None
    return found
