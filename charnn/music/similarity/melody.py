"""The melody of a tune as a row of steps that is the same in every key.

`copies.py` compares the melodies of thousands of tunes, so one regular expression finds
the notes of a text, without the reader (`charnn.music.abc.reader`). This search is quick, works on
any text, and is exact enough for a comparison: grace notes, chord symbols, decorations, slurs and
accidentals are skipped, only the first note of a chord counts, and repeats are not played.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from charnn.music.abc.patterns import BROKEN_RHYTHM, NOTE_LENGTH, NOTE_LETTER, OCTAVE_MARKS, QUOTED
from charnn.music.abc.text_escapes import decode_text
from charnn.music.tune.theory import LETTERS, default_tuplet_time

# The interval or degree in steps of the scale (None for a rest), a ratio of lengths, and whether a
# bar begins with the note.
MelodyStep: TypeAlias = tuple[int | None, float, bool]
# The position on the staff (7 steps an octave; None for a rest), the length in whole notes, and
# whether a bar begins with the note.
_StaffNote: TypeAlias = tuple[int | None, float, bool]

_UNIT_LENGTH = 0.125  # where the text has no L:, an eighth; the reader's rule looks at the meter

# Differences from the reader's patterns (`patterns.py`): signs that the reader refuses are skipped
# here, and tuplets have one digit. No alternative matches beyond the bracket or brace that opens
# the next sign, because a line of 100,000 brackets would take quadratic time then.
_MELODY = re.compile(
    rf"""
    ^[A-KM-Za-z]:(?![|:]).*                # a field, but not L:
    | %.*
    | {QUOTED}
    | \{{[^{{}}\n]*\}}                     # grace notes
    | ![^!\s|]*!                           # a named decoration
    | \[[A-KM-Za-z]:[^\[\]\n]*\]           # an inline field, but not L:
    | L:\ *(?P<unit>[0-9]{{1,4}}(?:/[0-9]{{1,4}})?)
    | \[[^\[\]|:\nA-Ga-g]*(?P<chord>{NOTE_LETTER}{OCTAVE_MARKS})(?P<inner>{NOTE_LENGTH})
      [^\[\]|\n]*\](?P<outer>{NOTE_LENGTH})
    | (?P<note>[A-Ga-gzx]{OCTAVE_MARKS})(?P<length>{NOTE_LENGTH})
    | (?P<bar>\[?[|:]+\]?[0-9]?|\[[0-9]|\])
    | (?P<broken>{BROKEN_RHYTHM})
    | \((?P<p>[2-9])(?::(?P<q>[1-9]?))?(?::(?P<r>[0-9]?))?
    """,
    re.MULTILINE | re.VERBOSE,
)
_KEY_LETTER = re.compile(r"(?m)^K: *([A-G])")
_TITLE = re.compile(r"(?m)^T: *(.*)")


@dataclass(frozen=True)
class Melody:
    """The melody of a tune, independent of its key and of its unit length.

    Attributes:
        title: the first T: as it is shown, without escapes; `""` if it is missing.
        intervals: for each note but the first: the steps on the staff from the note before to this
            note, the length of this note divided by the length of the note before, and whether a
            bar begins with this note. Copies in any key have the same intervals, even if K: is
            wrong. One changed note changes two intervals.
        degrees: for each note: the degree of the scale, 0 for the tonic; the length of the note
            divided by the commonest length of the tune; and whether a bar begins with the note. One
            changed note changes one degree.
    """

    title: str
    intervals: tuple[MelodyStep, ...]
    degrees: tuple[MelodyStep, ...]


def extract_melody(text: str) -> Melody:
    """Return the melody of the text of one tune; never raises."""
    key, title = _KEY_LETTER.search(text), _TITLE.search(text)
    tonic = LETTERS.index(key[1]) if key else 0
    notes = _find_notes(text)
    lengths = Counter(length for _, length, _ in notes)
    commonest, *_ = max(lengths.items(), key=lambda item: item[1], default=(1,))
    degrees = tuple(
        (None if step is None else (step - tonic) % 7, round(length / commonest, 3), begins_bar)
        for step, length, begins_bar in notes
    )
    return Melody(decode_text(title[1].strip()) if title else "", tuple(_intervals(notes)), degrees)


def _intervals(notes: Sequence[_StaffNote]) -> Iterator[MelodyStep]:
    last_step = 0  # of the last note; after a rest, the interval counts from the note before it
    for index, (step, length, begins_bar) in enumerate(notes):
        if index:
            ratio = round(length / notes[index - 1][1], 3)
            yield None if step is None else step - last_step, ratio, begins_bar
        last_step = last_step if step is None else step


def _find_notes(text: str) -> list[_StaffNote]:
    """Return the notes and rests of a text, with broken rhythm and tuplets applied."""
    notes: list[_StaffNote] = []
    unit, begins_bar = _UNIT_LENGTH, False
    pending_factor = 1.0  # of a broken rhythm, for the next note
    tuplet_factor, tuplet_left = 1.0, 0
    for found in _MELODY.finditer(text):
        kind = found.lastgroup
        if kind in ("length", "outer"):
            length = unit * pending_factor * _lenient_length(found[kind])
            if kind == "outer":
                length *= _lenient_length(found["inner"])
            if tuplet_left:
                length, tuplet_left = length * tuplet_factor, tuplet_left - 1
            notes.append((_staff_step(found["note"] or found["chord"]), length, begins_bar))
            begins_bar, pending_factor = False, 1.0
        elif kind == "bar":
            begins_bar = True
        elif kind == "broken" and notes and pending_factor == 1.0:  # a second in a row is noise
            short = 0.5 ** len(found["broken"][:3])
            longer_first = "<" not in found[0]
            before, pending_factor = (2 - short, short) if longer_first else (short, 2 - short)
            step, length, note_begins_bar = notes[-1]
            notes[-1] = step, length * before, note_begins_bar
        elif kind in ("p", "q", "r"):
            p = int(found["p"])
            tuplet_factor = int(found["q"] or default_tuplet_time(p, compound=False)) / p
            tuplet_left = int(found["r"] or p)
        elif kind == "unit":
            unit = _lenient_length(found["unit"])
    return notes


@cache
def _staff_step(head: str) -> int | None:
    """Return the position of a note head on the staff, 0 for `C`, 7 for `c`; None for a rest."""
    if head[0] in "zx":
        return None
    octave = head[0].islower() + head.count("'") - head.count(",")
    return LETTERS.index(head[0].upper()) + 7 * octave


@cache
def _lenient_length(text: str) -> float:
    """Return the factor of a written length: 1.5 for `3/2`, 0.25 for `//`.

    Unlike `charnn.music.abc.note_length.parse_length`, this function never fails: a 0 counts as 1.
    """
    top, slashes, bottom = text.partition("/")
    denominator = int(bottom.lstrip("/") or 2) * 2 ** bottom.count("/") if slashes else 1
    return (int(top or 1) or 1) / (denominator or 1)
