"""The fourth layer of the body reader: lines of music, bar lines, fields.

`BodyReader` walks over each line. It looks up the character at its position in `_READERS` and calls
the method that reads this sign. `mark_reader.py` reads marks, `note_reader.py` reads notes, and
`chord_reader.py` reads chords. Every method moves the position forward, so the time is linear in
the length of the text. All numbers and counts have limits, so the time is also bounded.
"""

from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction
from functools import partial
from typing import TypeVar

from charnn.music.abc import fields, patterns
from charnn.music.abc.bar_line import count_repeats
from charnn.music.abc.chord_reader import ChordReader
from charnn.music.abc.key_field import read_key
from charnn.music.abc.staff_words import with_staff
from charnn.music.abc.voice_field import VoiceField
from charnn.music.tune.tune import BarLine, Change, Element, Ending, Key, Mark, Meter, Tempo

MAX_REPEATS = 8  # the most repeats at a bar line, the highest number of an ending
_Value = TypeVar("_Value")


class BodyReader(ChordReader):
    """A `ChordReader` that reads the lines of a body into `elements`.

    The arguments are those of `NoteReader`.
    """

    def __init__(self, name: str, key: Key, meter: Meter, unit: Fraction) -> None:
        super().__init__(name, key, meter, unit)
        # The index of the last bar line, None once an ending or a field follows it.
        self._bar_line_index: int | None = None

    def read_line(self, text: str, line_number: int, start: int = 0) -> None:
        """Read one line of music, from the position `start` on.

        Raises:
            TuneError: the line contains a sign that can't be read.
        """
        text = patterns.plain_quotes(text)
        self._line_number, self._text, self._position = line_number, text, start
        self._unknown_letters = set()
        self._complete_bar_line()
        while self._position < len(text):
            sign = text[self._position]
            read = _READERS.get(sign)
            if read is not None:
                read(self)
            elif found := patterns.BARE_FIELD.match(text, self._position):
                self._report(
                    f"a field in a line of music has brackets: write [{found[0]}]; it is left out",
                    self._position,
                    serious=True,
                )
                self._position = found.end()
            elif self._is_decoration(sign):
                self._read_short_decoration()
            else:
                self._leave_out_letter()
        if not text.endswith("\\"):  # ABC 2.1, "Continuation of input lines"
            self.elements.append(Mark("line", "", line_number, len(text) + 1))

    def finish(self) -> tuple[Element, ...]:
        """Return all elements; those after an overlay mark are simultaneous with their bar."""
        self._undo_broken_rhythm()
        return tuple(self.elements)

    def change(
        self, letter: str, text: str, line_number: int, column: int, inline: bool = False
    ) -> None:
        """Read a field (`K:`, `M:`, ...), which is in force from here on.

        What can't be read of K:, M:, L: and Q: is left out, and becomes a problem of the tune.
        """
        self._line_number = line_number
        words = text.strip()
        # Problems have the place of the text of the field: after `K:` or `[K:`.
        value = self._read_value(letter, words, column + (2 if inline else 1))
        self._bar_line_index = None
        self.elements.append(Change(letter, words, value, inline, line_number, column))

    def _read_value(
        self, letter: str, words: str, position: int
    ) -> Key | Meter | Fraction | Tempo | str:
        """Bring the text of a field into force, and return its value."""
        if letter == "K":
            key, unknown = read_key(words, self._key)
            for word in unknown:
                self._report(word.message, position, serious=word.serious)
            self._set_key(key)
            return key
        if letter == "V" and (staff := VoiceField(words).staff):
            self._set_key(with_staff(self._key, staff))
            return self._key
        if letter == "U":
            self._user_signs[words[:1]] = words[1:].lstrip(" =").strip()
        elif letter == "M":
            free = Meter(words, 0, 0)
            self._meter = self._parse("M", fields.parse_meter, words, free, position)
            return self._meter
        elif letter == "L":
            unit = self._unit
            self._unit = self._parse("L", fields.parse_unit_length, words, unit, position)
            return self._unit
        elif letter == "Q":
            parse_tempo = partial(fields.parse_tempo, unit=self._unit)
            no_tempo = Tempo("", Fraction(0), Fraction(0))
            tempo = self._parse("Q", parse_tempo, words, no_tempo, position)
            if problem := fields.tempo_problem(tempo):
                self._report(problem, position)
            return tempo
        return words

    def _parse(
        self,
        letter: str,
        parse: Callable[[str], _Value],
        words: str,
        default: _Value,
        position: int,
    ) -> _Value:
        """Return the parsed text of a field; `default` and a problem if it can't be read."""
        try:
            return parse(words)
        except fields.FieldError as error:
            self._report(f"{error}; {fields.WITHOUT[letter]}", position, serious=True)
            return default

    def _read_bar_line(self) -> None:
        found = patterns.BAR_LINE.match(self._text, self._position)
        repeats = count_repeats(found["sign"]) if found else None
        if found is None or repeats is None:
            sign = self._text[self._position]
            self.fail(f"{sign!r} is no bar line: write |, or remove the sign", self._position)
        ends, starts = repeats
        if max(ends, starts) > MAX_REPEATS:
            self.fail(
                f"too many repeats: a bar line has at most {MAX_REPEATS} colons on a side",
                self._position,
            )
        if found["sign"] == ":":
            problem = "a single : is read as a bar line: write |: or :| for a repeat"
            self._report(problem, self._position, serious=True)
        self._bar_line_index = len(self.elements)
        self.elements.append(
            BarLine(found["sign"], ends, starts, self._line_number, self._position + 1)
        )
        self._bar_alterations = {}
        self._position = found.end("sign")
        if found["ending"]:
            self._add_ending(found["ending"])

    def _complete_bar_line(self) -> None:
        """Read a `:` or an ending's number that continues the bar line at the end of the last line.

        Some books break a line inside of such a sign, after `|\\` for example.
        """
        if self._bar_line_index is None or (
            self._last_note_index is not None and self._last_note_index > self._bar_line_index
        ):
            return
        bar_line = self.elements[self._bar_line_index]
        if (found := patterns.CARRIED_REPEAT.match(self._text)) and isinstance(bar_line, BarLine):
            completed = replace(bar_line, text=bar_line.text + ":", starts=1)
            self.elements[self._bar_line_index] = completed
            self._position = found.end()
        elif found := patterns.CARRIED_ENDING.match(self._text):
            self._position = found.start(1)
            self._add_ending(found[1])

    def _add_ending(self, text: str) -> None:
        """Append the variant ending whose text stands at the position, and move past the text."""
        start = self._position
        self._position += len(text)
        passes: list[int] = []
        for first, last in patterns.PASSES.findall(text):
            if not 1 <= int(first) <= int(last or first) <= MAX_REPEATS:
                self.fail(
                    f"impossible ending {text}: its numbers must be from 1 to {MAX_REPEATS}", start
                )
            passes += range(int(first), int(last or first) + 1)
        self._bar_line_index = None
        self.elements.append(Ending(tuple(passes), self._line_number, start + 1, text))

    def _read_bracket(self) -> None:
        """Read an inline field, an ending, a bar line or a chord: all four begin with `[`."""
        if found := patterns.INLINE_FIELD.match(self._text, self._position):
            column = self._position + 1
            self._position = found.end()
            self.change(found[1], found[2], self._line_number, column, inline=True)
        elif found := patterns.ENDING.match(self._text, self._position):
            self._add_ending(found[0])
        elif patterns.BAR_LINE.match(self._text, self._position):
            self._read_bar_line()
        elif self._is_stray_bracket():
            self._leave_out("[", "this [ opens neither a chord nor an ending")
        else:
            self._read_chord()

    def _is_stray_bracket(self) -> bool:
        """Return whether the bracket at the position belongs to a bar line, as in `||[ A`.

        The bracket of a chord is closed, or notes directly follow it. That of a field has a colon.
        """
        if patterns.NOT_STRAY_BRACKET.match(self._text, self._position):
            return False
        after_bar_line = bool(self.elements) and isinstance(self.elements[-1], BarLine)
        return after_bar_line or self._text[self._position + 1 :][:1] in ("", " ", "[")

    def _read_overlay(self) -> None:
        """Read the `&` of an overlay: what follows sounds at the same time as the music before."""
        found = patterns.OVERLAY.match(self._text, self._position)
        self._begin_overlay()
        self._add_mark("overlay", found[0] if found else "&")

    def _read_round_bracket(self) -> None:
        """Read `(`: the bracket of an overlay, a tuplet or a slur."""
        if self._text.startswith("(&", self._position):
            self._read_overlay()
        else:
            self._read_tuplet_or_slur()


# The method for each character that begins a sign; decorations are looked up last, since U: may
# define further ones. A character that is no sign at all is left out.
_READERS: dict[str, Callable[[BodyReader], None]] = {
    **dict.fromkeys("ABCDEFGabcdefg^_=", BodyReader._read_note),
    **dict.fromkeys("zxZX", BodyReader._read_rest),
    **dict.fromkeys(patterns.SPACE_CHARACTERS, BodyReader._read_space),
    **dict.fromkeys("|:]", BodyReader._read_bar_line),
    "!": BodyReader._read_exclamation_or_plus,
    "+": BodyReader._read_plus,
    **dict.fromkeys("<>", BodyReader._read_broken_rhythm),
    "(": BodyReader._read_round_bracket,
    ")": BodyReader._read_slur,
    "[": BodyReader._read_bracket,
    "{": BodyReader._read_graces,
    '"': BodyReader._read_quoted,
    "-": BodyReader._read_tie,
    "y": BodyReader._read_spacer,
    "&": BodyReader._read_overlay,
}
