"""A tune as rows of symbols, one a note, in which a copy in another key is the same row.

For finding copies among thousands of tunes this must be quick, and it need not be exact: the text
is looked through once for what can be heard as melody. Grace notes, chord symbols, decorations,
slurs and accidentals are passed over, of a chord the first note counts, and repeats stay unplayed.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from typing import TypeAlias

from charnn.music.tune.theory import LETTERS, default_tuplet_time

MelodyStep: TypeAlias = tuple[int | None, float, bool]
# The step of a note on the staff (None: a rest), its length in whole notes, whether a bar begins.
_Note: TypeAlias = tuple[int | None, float, bool]

# Numbers are capped, as in `charnn.music.abc.patterns`: more digits are noise, and no float holds
# them. A bracket does not reach over the next one, so that a line of them is looked through but
# once.
_LENGTH = "[0-9]{0,4}/{0,7}[0-9]{0,4}"
_MUSIC = re.compile(
    rf"""
    ^[A-KM-Za-z]:(?![|:]).* | %.* | "[^"\n]*" | \{{[^{{}}\n]*\}} | ![^!\s|]*!
    | \[[A-KM-Za-z]:[^\[\]\n]*\] | L:\ *(?P<unit>[0-9]{{1,4}}(?:/[0-9]{{1,4}})?)
    | \[[^\[\]|:\nA-Ga-g]*(?P<chord>[A-Ga-g][,']{{0,16}})(?P<inner>{_LENGTH})[^\[\]|\n]*\]
      (?P<outer>{_LENGTH})
    | (?P<note>[A-Ga-gzx][,']{{0,16}})(?P<length>{_LENGTH})
    | (?P<bar>\[?[|:]+\]?[0-9]?|\[[0-9]|\])
    | (?P<broken><+|>+)
    | \((?P<size>[2-9])(?::(?P<time>[1-9]?))?(?::(?P<notes>[0-9]?))?
    """,
    re.MULTILINE | re.VERBOSE,
)
_KEY = re.compile(r"(?m)^K: *([A-G])")
_TITLE = re.compile(r"(?m)^T: *(.*)")


@dataclass(frozen=True)
class Melody:
    """What is heard of a tune, whatever its key and however long its notes are written.

    Attributes:
        title: the first T:, `""` without.
        intervals: for each note but the first, its steps on the staff from the note before, the
            ratio of their lengths, whether a bar begins with it. A copy keeps them whatever key its
            header claims, but one changed note changes two of them.
        degrees: for each note, its degree of the scale, its length in the tune's commonest, whether
            a bar begins with it. One changed note changes one of them.
    """

    title: str
    intervals: tuple[MelodyStep, ...]
    degrees: tuple[MelodyStep, ...]


def extract_melody(text: str) -> Melody:
    """Look through the text of one tune; what is no music is passed over. Never raises."""
    key, title = _KEY.search(text), _TITLE.search(text)
    tonic = LETTERS.index(key[1]) if key else 0
    notes = _notes(text)
    usual = max(Counter(length for _, length, _ in notes).items(), key=lambda n: n[1], default=(1,))
    degrees = tuple(
        (None if step is None else (step - tonic) % 7, round(length / usual[0], 3), bar)
        for step, length, bar in notes
    )
    return Melody(title[1].strip() if title else "", tuple(_intervals(notes)), degrees)


def _intervals(notes: Sequence[_Note]) -> Iterator[MelodyStep]:
    held = 0  # the step of the last note: a rest between two does not part them
    for number, (step, length, bar) in enumerate(notes):
        if number:
            ratio = round(length / notes[number - 1][1], 3)
            yield None if step is None else step - held, ratio, bar
        held = held if step is None else step


def _notes(text: str) -> list[_Note]:
    notes: list[_Note] = []
    unit, bar, pending = 0.125, False, 1.0  # pending: what > or < does to the next note
    tuplet, left = 1.0, 0
    for found in _MUSIC.finditer(text):
        kind = found.lastgroup
        if kind in ("length", "outer"):
            length = unit * pending * _multiplier(found[kind])
            if kind == "outer":
                length *= _multiplier(found["inner"])
            if left:
                length, left = length * tuplet, left - 1
            notes.append((_step(found["note"] or found["chord"]), length, bar))
            bar, pending = False, 1.0
        elif kind == "bar":
            bar = True
        elif kind == "broken" and notes and pending == 1.0:  # a second one in a row is noise
            short = 0.5 ** len(found["broken"][:3])
            before, pending = (2 - short, short) if "<" not in found[0] else (short, 2 - short)
            step, length, begins = notes[-1]
            notes[-1] = step, length * before, begins
        elif kind in ("size", "time", "notes"):
            size = int(found["size"])
            tuplet = int(found["time"] or default_tuplet_time(size, compound=False)) / size
            left = int(found["notes"] or size)
        elif kind == "unit":
            unit = _multiplier(found["unit"])
    return notes


@cache
def _step(note: str) -> int | None:
    """The step of `c'` on the staff; `None` for a rest."""
    if note[0] in "zx":
        return None
    octave = note[0].islower() + note.count("'") - note.count(",")
    return LETTERS.index(note[0].upper()) + 7 * octave


@cache
def _multiplier(length: str) -> float:
    """What the length behind a note says: `3/2`, `2`, `/`, `//`, or nothing."""
    top, slashes, bottom = length.partition("/")
    under = int(bottom.lstrip("/") or 2) * 2 ** bottom.count("/") if slashes else 1
    return (int(top or 1) or 1) / (under or 1)
