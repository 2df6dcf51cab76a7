"""Reading the music of a tune: one pass over its lines, one element after the other.

`line.py` reads what needs no memory, `notes.py` what takes time; here are bar lines, fields and the
table that says who reads what. Every step moves on in the line, so the time is linear in the text;
numbers and counts are limited, so it is also bounded.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

from charnn.music.abc import fields, patterns
from charnn.music.abc.note_reader import NoteReader
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Key, Mark, Meter, Tempo

MAX_REPEATS = 8


class BodyReader(NoteReader):
    """Reads body lines into `elements`; start it with what the header says."""

    def __init__(self, name: str, key: Key, meter: Meter, unit: Fraction) -> None:
        super().__init__(name, key, meter, unit)
        self._user_signs: dict[str, str] = {}  # what U: makes of a letter
        self._voice: str | None = None
        self._bar: int | None = None  # where the last bar line is, until an ending or field

    def read_line(self, text: str, line: int) -> None:
        """Read one line of music; `line` is its number for messages.

        Raises:
            TuneError: something in it can't be read.
        """
        self._line, self._text, self._place = line, text, 0
        self._carry_over()
        while self._place < len(text):
            sign = text[self._place]
            read = _READERS.get(sign)
            if read is not None:
                read(self)
            elif sign in patterns.DECORATIONS or sign in self._user_signs:
                self._mark("decoration", sign, self._user_signs.get(sign, ""))
            else:
                self.fail(f"{sign!r} means nothing here", self._place)
        if not text.endswith("\\"):
            self.elements.append(Mark("line", "", line, len(text) + 1))

    def finish(self) -> tuple[Element, ...]:
        """The elements read, once nothing is left half said.

        Raises:
            TuneError: a `>` or `<` still waits for its second note.
        """
        if self._pending is not None:
            self.fail("a > or < with no note after it", self._place - 1)
        return tuple(self.elements)

    def change(self, letter: str, text: str, line: int, column: int, inline: bool = False) -> None:
        """Take a field (`K:`, `M:`, ...) and let it count from here on.

        Raises:
            TuneError: its words can't be read, or it opens a second voice.
        """
        self._line = line
        words = text.strip()
        value: Key | Meter | Fraction | Tempo | str = words
        try:
            if letter == "K":
                value = fields.parse_key(words, self._key)
                self._turn_to(value)
            elif letter == "M":
                value = self._meter = fields.parse_meter(words)
            elif letter == "L":
                value = self._unit = fields.parse_unit_length(words)
            elif letter == "Q":
                value = fields.parse_tempo(words, self._unit)
            elif letter == "U":
                self._user_signs[words[:1]] = words[1:].lstrip(" =").strip()
            elif letter == "V":
                self._hold_one_voice(words, column)
        except fields.FieldError as error:
            self.fail(str(error), column + (2 if inline else 1))  # where the words begin
        self._bar = None
        self.elements.append(Change(letter, words, value, inline, line, column))

    def _hold_one_voice(self, words: str, column: int) -> None:
        voice = words.split()[0] if words else ""
        if self._voice not in (None, voice):
            self.fail("more than one voice (V:) is not supported", column - 1)
        self._voice = voice

    def _bar_line(self) -> None:
        found = patterns.BAR_LINE.match(self._text, self._place)
        if found is None:
            self.fail(f"{self._text[self._place]!r} is no bar line", self._place)
        before, after = len(found["before"] or ""), len(found["after"] or "")
        if found["colons"]:  # "::" is ":|:", the colons shared out
            after = len(found["colons"]) // 2
            before = len(found["colons"]) - after
        if max(before, after) > MAX_REPEATS:
            self.fail("too many repeats", self._place)
        self._bar = len(self.elements)
        self.elements.append(BarLine(found["sign"], before, after, self._line, self._place + 1))
        self._altered = {}
        self._place = found.end("sign")
        if found["ending"]:
            self._ending(found["ending"])

    def _carry_over(self) -> None:
        """Join a bar line at the last line's end and a `:` or the number of an ending here."""
        if self._bar is None or (self._last is not None and self._last > self._bar):
            return
        before = self.elements[self._bar]
        if (found := patterns.CARRIED_REPEAT.match(self._text)) and isinstance(before, BarLine):
            self.elements[self._bar] = replace(before, text=before.text + ":", starts=1)
            self._place = found.end()
        elif found := patterns.CARRIED_ENDING.match(self._text):
            self._place = found.start(1)
            self._ending(found[1])

    def _ending(self, text: str) -> None:
        start = self._place
        self._place += len(text)
        passes: list[int] = []
        for first, last in patterns.PASSES.findall(text):
            if not 1 <= int(first) <= int(last or first) <= MAX_REPEATS:
                self.fail("impossible ending", start)
            passes += range(int(first), int(last or first) + 1)
        self._bar = None
        self.elements.append(Ending(tuple(passes), self._line, start + 1, text))

    def _bracket(self) -> None:
        if found := patterns.INLINE_FIELD.match(self._text, self._place):
            column = self._place + 1
            self._place = found.end()
            self.change(found[1], found[2], self._line, column, inline=True)
        elif found := patterns.ENDING.match(self._text, self._place):
            self._ending(found[0])
        elif patterns.BAR_LINE.match(self._text, self._place):
            self._bar_line()
        else:
            self._chord()

    def _overlay(self) -> None:
        self.fail("more than one voice (&) is not supported", self._place)


_READERS: dict[str, Callable[[BodyReader], None]] = {
    **dict.fromkeys("ABCDEFGabcdefg^_=", BodyReader._note),
    **dict.fromkeys("zxZX", BodyReader._rest),
    **dict.fromkeys(" \t`\\*;?@#$", BodyReader._space),
    **dict.fromkeys("|:]", BodyReader._bar_line),
    **dict.fromkeys("!+", BodyReader._exclamation),
    **dict.fromkeys("<>", BodyReader._broken),
    "(": BodyReader._opening,
    ")": BodyReader._slur,
    "[": BodyReader._bracket,
    "{": BodyReader._grace,
    '"': BodyReader._quoted,
    "-": BodyReader._tie,
    "y": BodyReader._spacer,
    "&": BodyReader._overlay,
}
