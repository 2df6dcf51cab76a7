"""The values of the fields that change how notes sound: M: L: Q:.

Each function takes the text after the colon, without comments. K: and the header's P: have their
own files, `key_field.py` and `part_order.py`.
"""

import re
from fractions import Fraction

from charnn.music.abc.note_length import MAX_IN_FRACTION
from charnn.music.tune.tune import Meter, Tempo

# MIDI stores a tempo as microseconds per quarter note in 24 bits, so no tempo is slower than 3.6
# quarter notes a minute.
MIN_QUARTERS_PER_MINUTE, MAX_QUARTERS_PER_MINUTE = 4, 2000

_NUMBER = r"[0-9]{1,3}"
_METER = re.compile(rf"\(?({_NUMBER}(?: *\+ *{_NUMBER})*)\)? */ *({_NUMBER})")
_FRACTION = re.compile(rf"({_NUMBER})(?: */ *({_NUMBER}))?")
_BPM = r"(?:ca?\. *)?([0-9]{1,4}(?:\.[0-9]{1,3})?)(?![0-9])"
_TEMPO_BEATS = re.compile(rf"((?:{_NUMBER} */ *{_NUMBER}[ +]*)+)= *{_BPM}")
_TEMPO_UNITS = re.compile(rf"(?<![A-Za-z])(?:[A-Ga-g]({_NUMBER})?(?:/({_NUMBER}))? *= *){_BPM}")
_TEMPO_BARE = re.compile(rf"{_BPM} *(?:- *[0-9]+)? *(?:bpm)?")


# What the reader does if it can't read the value of a field.
WITHOUT = {
    "M": "bars have no fixed length from here on",
    "L": "the unit length stays as it is",
    "Q": "it is left out",
}


class FieldError(ValueError):
    """The error of a field whose text can't be read.

    The message is a phrase without a position; the reader of the tune adds the line.
    """


def parse_meter(text: str) -> Meter:
    """Return the meter of an M: field: `C`, `C|`, `6/8`, `3+2/8`.

    `none` and an empty text mean free meter, 0/0.

    Raises:
        FieldError: the text is no meter; or its numerator is not in 1..64, or its denominator is
            no power of two up to 64.
    """
    words = text.strip()
    if words.lower() in ("", "none"):
        return Meter(words, 0, 0)
    if words in ("C", "c"):
        return Meter(words, 4, 4)
    if words in ("C|", "c|"):
        return Meter(words, 2, 2)
    found = _METER.fullmatch(words)
    if found is None:
        raise FieldError(f"unknown meter {words!r}")
    numerator, denominator = sum(map(int, found[1].split("+"))), int(found[2])
    if not 1 <= numerator <= MAX_IN_FRACTION or denominator not in (1, 2, 4, 8, 16, 32, 64):
        raise FieldError(f"impossible meter {words!r}")
    return Meter(words, numerator, denominator)


def parse_unit_length(text: str) -> Fraction:
    """Return the unit length of an L: field in quarter notes: 1/2 for `1/8`.

    Raises:
        FieldError: the text is no fraction, or its numerator or denominator is not in 1..64.
    """
    found = _FRACTION.fullmatch(text.strip())
    if found is None:
        raise FieldError(f"unknown unit note length {text.strip()!r}")
    return 4 * _fraction(found[1], found[2])


def default_unit_length(meter: Meter) -> Fraction:
    """Return the unit length of a tune without L:, in quarter notes.

    It is a sixteenth in meters shorter than 3/4, else an eighth (ABC 2.1, "L: - unit note length").
    """
    return Fraction(1, 4) if 0 < meter.bar < 3 else Fraction(1, 2)


def parse_tempo(text: str, unit: Fraction) -> Tempo:
    """Return the tempo of a Q: field; its beats are 0 if the text is only words.

    The forms are `1/4=120`, `1/4 3/8=40`, `"Allegro" 3/8=120`. Words around them are ignored, and
    `120-130` is 120. ABC 2.1, "Outdated information field syntax", adds two forms: `C=120` is 120
    unit notes a minute, and `C3=40` has a beat of three unit notes. A bare `120` means quarter
    notes a minute, as all player programs read it, although the first standard meant unit notes.

    Args:
        text: the text of the field.
        unit: the unit length in quarter notes.

    Raises:
        FieldError: a number in the length of a beat is not in 1..64, or the tempo is not within 4
            to 2,000 quarter notes a minute.
    """
    words = re.sub(r'"[^"]*"', " ", text).strip()
    if found := _TEMPO_BEATS.search(words):
        beats = Fraction(found[2])
        lengths = (4 * _fraction(part[1], part[2]) for part in _FRACTION.finditer(found[1]))
        beat = sum(lengths, Fraction(0))
    elif found := _TEMPO_UNITS.search(words):
        beats = Fraction(found[3])
        beat = unit * _fraction(found[1] or "1", found[2])
    elif found := _TEMPO_BARE.fullmatch(words):
        beats, beat = Fraction(found[1]), Fraction(1)
    else:
        return Tempo(text, Fraction(0), Fraction(0))
    if not MIN_QUARTERS_PER_MINUTE <= beat * beats <= MAX_QUARTERS_PER_MINUTE:
        raise FieldError(
            f"impossible tempo {words!r}: it must be {MIN_QUARTERS_PER_MINUTE} to "
            f"{MAX_QUARTERS_PER_MINUTE} quarter notes a minute"
        )
    return Tempo(text, beat, beats)


def tempo_problem(tempo: Tempo | None) -> str:
    """Return the problem of a tempo without a number; `""` if there is none.

    A tempo may be words in quotes only (ABC 2.1, "Q: - tempo").
    """
    words = "" if tempo is None or tempo.beats else re.sub(r'"[^"]*"', "", tempo.text).strip()
    return words and f"no tempo can be read from {words!r}: write it as in Q:1/4=120"


def _fraction(top: str, bottom: str | None) -> Fraction:
    numerator, denominator = int(top), int(bottom or 1)
    if not (1 <= numerator <= MAX_IN_FRACTION and 1 <= denominator <= MAX_IN_FRACTION):
        raise FieldError(
            f"impossible length {top}/{bottom or 1}: its two numbers must be from 1 to "
            f"{MAX_IN_FRACTION}"
        )
    return Fraction(numerator, denominator)
