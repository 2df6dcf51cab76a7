"""Writing a `Tune` as ABC: what is read again is the same tune, and mostly the same letters.

What the reader passes over is not written: comments, signs inside chords and graces, blanks around
the words of a field. Lengths have one spelling (`/` for a half, `3/2` with its bottom), graces
stand before the signs of their note, a tie right behind its own. Where two signs would run together
because nothing is left between them, empty graces, `{}`, keep them apart: they mean nothing.
"""

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction
from functools import lru_cache

from charnn.music.abc.patterns import BAR_LINE, NAMED_DECORATION
from charnn.music.tune.theory import LETTERS
from charnn.music.tune.tune import (
    BarLine,
    Change,
    Element,
    Ending,
    Key,
    Mark,
    Note,
    Pitch,
    Tune,
)

_NOTHING = "{}"
_ACCIDENTALS = {None: "", 2: "^^", 1: "^", 0: "=", -1: "_", -2: "__"}
# What would be taken for a trace of mail: see `signs.undo_quoted_printable`.
_MAIL_LIKE = re.compile(r"=(?=$|20$|3D)", re.MULTILINE)


def write_tune(tune: Tune) -> str:
    """Write a tune as a complete ABC text, line ends `\\n`, the last one included.

    The fields of the header come in the order they were read in.
    """
    header = "".join(f"{letter}:{text}\n" for letter, text in tune.fields)
    # U: and V: of the header stand at the beginning of the music as well.
    repeated = sum(letter in ("U", "V") for letter, _ in tune.fields)
    text = header + _Body(tune.key).write(tune.music[repeated:])
    return _MAIL_LIKE.sub("=3D", text) if "=" in text else text


class _Body:
    """Puts one element behind the other."""

    def __init__(self, key: Key) -> None:
        self._key = key
        self._out: list[str] = []
        self._signs: int | None = None  # where in out the signs right before the next note begin
        self._line: int | None = None  # where in out the first bar line or key after a note is
        self._key_there = key
        self._tie: int | None = None  # where in out the last note's tie is
        self._carried = ""  # a bar line's colon that stands on the next line
        self._breaks: list[int] = []  # where in out the old line ends are

    def write(self, music: Sequence[Element]) -> str:
        out = self._out
        before: Element | None = None
        for place, element in enumerate(music):
            if _goes_on(before) and before is not None and element.line > before.line:
                out.append("\n")
            if isinstance(element, Note):
                if element.graces:
                    self._graces(element, music, place)
                self._note(element)
            elif isinstance(element, Mark):
                self._mark(element, before)
            elif isinstance(element, BarLine):
                self._bar_line(element, before)
            elif isinstance(element, Ending):
                out.append(element.text or "[" + ",".join(map(str, element.passes)))
            else:
                self._change(element)
            before = element
        self._keep_breaks()
        if out and not out[-1].endswith("\n"):
            out.append("\n")
        return "".join(out)

    def _graces(self, note: Note, music: Sequence[Element], place: int) -> None:
        """Write graces before the signs of their note, or before the line they lead over."""
        signs = len(self._out) if self._signs is None else self._signs
        count = 0
        if self._line is not None:
            count = _count_before(note.graces, music[place:], self._key, self._key_there)
        if count < len(note.graces):
            self._out.insert(signs, self._braced(note.graces[count:], self._key))
        if count and self._line is not None:
            self._out.insert(self._line, self._braced(note.graces[:count], self._key_there))

    def _braced(self, graces: Sequence[Pitch], key: Key) -> str:
        # Old line ends, `!`, must not find a partner: no sign's name has a blank in it.
        text = "{ " if self._breaks else "{"
        return text + "".join([_head(p, key.octave) + _length(p.length) for p in graces]) + "}"

    def _note(self, note: Note) -> None:
        out, octave = self._out, self._key.octave
        pitches = note.pitches
        self._tie = self._signs = self._line = None
        if not pitches:
            out.append(note.rest + _length(note.length))
        elif len(pitches) == 1 and (
            pitches[0].length is note.length or pitches[0].length == note.length
        ):
            out.append(_head(pitches[0], octave) + _length(note.length))
            if pitches[0].tied:
                self._tie = len(out)
                out.append("-")
        else:
            self._chord(note)

    def _chord(self, note: Note) -> None:
        out, octave = self._out, self._key.octave
        tied = all(pitch.tied for pitch in note.pitches)
        out.append("[")
        for pitch in note.pitches:
            one = "-" if pitch.tied and not tied else ""
            out.append(_head(pitch, octave) + _length(pitch.length) + one)
        out.append("]" + _length(note.length))
        if tied:
            self._tie = len(out)
            out.append("-")

    def _mark(self, mark: Mark, before: Element | None) -> None:
        out, text = self._out, mark.text
        if mark.kind not in ("decoration", "tuplet"):
            self._signs = None
        elif self._signs is None:
            self._signs = len(out)
        if mark.kind == "line" and not text:
            self._end_line(before)
            return
        if mark.kind == "line":
            self._breaks.append(len(out))
        elif _blank(mark) and _blank(before):
            self._part()
        elif mark.kind == "decoration" and not (text.isalpha() or text[0] in ".~!+"):
            out.append(_NOTHING)  # a digit or so, that U: has made a sign
        out.append(text)

    def _end_line(self, before: Element | None) -> None:
        out = self._out
        if not out or out[-1].endswith("\n"):
            out.append(_NOTHING)  # an empty line would be none
        elif _blank(before):
            self._part()
        out.append("\n" + self._carried)
        self._carried = ""

    def _part(self) -> None:
        """Keep two blanks apart by what stood between them: a tie, most likely."""
        if self._tie is None:
            self._out.append(_NOTHING)
        else:
            self._out[self._tie] = ""
            self._tie = len(self._out)
            self._out.append("-")

    def _bar_line(self, bar: BarLine, before: Element | None) -> None:
        out, text = self._out, bar.text
        if not _means(text, bar.ends, bar.starts):
            text, self._carried = text[:-1], ":"
        self._draw_line()
        if isinstance(before, BarLine):
            if not _apart(before.text, text):
                out.append(_NOTHING)
        elif isinstance(before, Mark) and before.kind == "tuplet" and text[0] == ":":
            out.append(_NOTHING)
        elif text[:2] in (":[", ":]") and (
            not out or out[-1].endswith("\n") or len(out) < 2 or out[-2].endswith("\n")
        ):
            out.append(_NOTHING)  # `A:]` would be a field
        out.append(text)

    def _draw_line(self, before_end: bool = False) -> None:
        """Remember the place, or that before the line end there: accidentals end here."""
        self._signs = None
        ended = bool(self._out) and self._out[-1] == "\n"
        if self._line is None and (ended or not before_end):
            self._line, self._key_there = len(self._out) - before_end, self._key

    def _change(self, change: Change) -> None:
        out = self._out
        self._signs = None
        if isinstance(change.value, Key):
            self._draw_line(before_end=not change.inline)
            self._key = change.value
        if change.inline:
            out.append(f"[{change.letter}:{change.text}]")
            return
        if out and not out[-1].endswith("\n"):
            out.append("\n")
        out.append(f"{change.letter}:{change.text}\n")

    def _keep_breaks(self) -> None:
        """See that no old line end has become the beginning of a sign's name."""
        for place in self._breaks:
            following = "".join(self._out[place : place + 80])
            if NAMED_DECORATION.match(following):
                self._out[place] += "{ }"


def _count_before(graces: Sequence[Pitch], following: Sequence[Element], key: Key, old: Key) -> int:
    """How many graces stood before a bar line or key: those that would sound wrong behind it.

    Args:
        graces: of the first note behind it.
        following: that note and all that comes then.
        key: in force there.
        old: the key before.
    """
    letters = {grace.letter for grace in graces}
    bar = [pitch for pitch in _first_bar(following) if pitch.letter in letters]
    count = 0
    while count < len(graces) and not _sound_right([*graces[count:], *bar], key):
        count += 1
    # Those that would sound right on both sides stay with the others.
    while 0 < count < len(graces) and _sound_right([graces[count]], old):
        count += 1
    return count


def _sound_right(pitches: Sequence[Pitch], key: Key) -> bool:
    """Whether pitches that begin a bar sound as they are written."""
    altered: dict[str, int] = {}
    for pitch in pitches:
        expected = pitch.accidental
        if expected is None:
            in_key = key.alterations[LETTERS.index(pitch.letter)]
            expected = altered.get(pitch.letter, in_key)
        if _alteration(pitch, key) != expected:
            return False
        altered[pitch.letter] = expected
    return True


def _first_bar(music: Sequence[Element]) -> Iterator[Pitch]:
    """The heads up to the next bar line or key, without the first note's graces."""
    for place, element in enumerate(music):
        if isinstance(element, BarLine) or (
            isinstance(element, Change) and isinstance(element.value, Key)
        ):
            return
        if isinstance(element, Note):
            yield from element.graces if place else ()
            yield from element.pitches


def _alteration(pitch: Pitch, key: Key) -> int:
    return pitch.midi - key.transpose - pitch.natural


def _blank(element: Element | None) -> bool:
    """Whether it is a space other than `y`, and would swallow one that touches it."""
    return isinstance(element, Mark) and element.kind == "space" and element.text[0] != "y"


def _goes_on(before: Element | None) -> bool:
    """Whether a `\\` may lead on to the next line."""
    return isinstance(before, Mark) and before.kind == "space" and before.text[-1] == "\\"


def _head(pitch: Pitch, octave: int) -> str:
    """A pitch without its length, in a key that sounds so many octaves higher than written."""
    return _spelled(pitch.letter, pitch.octave - octave, pitch.accidental)


@lru_cache(maxsize=1024)
def _spelled(letter: str, octave: int, accidental: int | None) -> str:
    if octave >= 5:
        letter = letter.lower() + "'" * (octave - 5)
    else:
        letter += "," * (4 - octave)
    return _ACCIDENTALS[accidental] + letter


def _length(length: Fraction) -> str:
    return _fraction(length.numerator, length.denominator)


@lru_cache(maxsize=1024)
def _fraction(top: int, bottom: int) -> str:
    over = "" if top == 1 else str(top)
    if bottom == 1:
        return over
    return over + ("/" if (top, bottom) == (1, 2) else f"/{bottom}")


@lru_cache(maxsize=1024)
def _means(text: str, ends: int, starts: int) -> bool:
    """Whether a bar line's text alone says what it does, rather than with the next line's colon."""
    found = BAR_LINE.fullmatch(text)
    if found is None:
        return False
    before, after = len(found["before"] or ""), len(found["after"] or "")
    if found["colons"]:
        after = len(found["colons"]) // 2
        before = len(found["colons"]) - after
    return (before, after) == (ends, starts)


@lru_cache(maxsize=1024)
def _apart(first: str, second: str) -> bool:
    """Whether two bar lines stay two when nothing stands between them."""
    found = BAR_LINE.match(first + second)
    return found is not None and found.end("sign") == len(first)
