"""Written note values: a duration as one note, with dots, or as several tied notes."""

from dataclasses import dataclass
from fractions import Fraction

# Length in quarter notes -> MusicXML's name, the longest first.
NAMES = {
    Fraction(8): "breve",
    Fraction(4): "whole",
    Fraction(2): "half",
    Fraction(1): "quarter",
    Fraction(1, 2): "eighth",
    Fraction(1, 4): "16th",
    Fraction(1, 8): "32nd",
    Fraction(1, 16): "64th",
    Fraction(1, 32): "128th",
    Fraction(1, 64): "256th",
    Fraction(1, 128): "512th",
    Fraction(1, 256): "1024th",
}
MAX_DURATION = Fraction(256)  # quarter notes; longer ones would be dozens of tied breves

_DOT_FACTORS = (Fraction(1), Fraction(3, 2), Fraction(7, 4))  # for no, one and two dots


@dataclass(frozen=True, slots=True)
class NoteValue:
    """The value of one written note.

    Attributes:
        base: length in quarter notes without dots and tuplet.
        dots: number of dots, at most 2.
        actual, normal: the tuplet ratio: `actual` notes fill the time of `normal` ones.
    """

    base: Fraction
    dots: int = 0
    actual: int = 1
    normal: int = 1

    @property
    def name(self) -> str:
        """Return MusicXML's name of the value without dots, `"eighth"` for example."""
        return NAMES[self.base]

    @property
    def flags(self) -> int:
        """Return the number of flags or beams: 1 for an eighth, 0 for a quarter or longer."""
        return max(0, self.base.denominator.bit_length() - 1)

    @property
    def duration(self) -> Fraction:
        """Return the length in quarter notes, with dots and tuplet."""
        return self.base * _DOT_FACTORS[self.dots] * self.normal / self.actual


def note_values(
    duration: Fraction, ratio: tuple[int, int] = (1, 1), *, compound: bool = False
) -> list[NoteValue]:
    """Return the values of one or more tied notes that together last `duration`.

    Args:
        duration: the sounding length in quarter notes, above 0.
        ratio: the tuplet's (actual, normal): 3 notes in the time of 2 are (3, 2).
        compound: True if a beat is a dotted note (6/8); then five eighths become three tied to two.

    Raises:
        ValueError: the duration needs a note shorter than a 1024th, or is longer than 64 whole
            notes.
    """
    actual, normal = ratio
    written = duration * actual / normal
    # Binary note values can't write a third of a note. Write it as a tuplet: a denominator with
    # the odd factor 3 (or 5, 7) is one of 3 (5, 7) notes in the time of 2 (4, 4).
    odd_factor = written.denominator // (written.denominator & -written.denominator)
    if odd_factor > 1:
        power_of_two = 1 << (odd_factor.bit_length() - 1)
        written = written * odd_factor / power_of_two
        actual, normal = actual * odd_factor, normal * power_of_two
    if written > MAX_DURATION:
        raise ValueError("the note is too long for a score: the limit is 64 whole notes")
    values: list[NoteValue] = []
    while written:
        base, dots = _first_value(written, compound)
        values.append(NoteValue(base, dots, actual, normal))
        written -= base * _DOT_FACTORS[dots]
    return values


def _first_value(written: Fraction, compound: bool) -> tuple[Fraction, int]:
    """Return the base and the dots of the first tied note.

    If a single note with at most two dots lasts the whole duration, return this note. Otherwise
    return the longest fitting note with at most one dot, or, if `compound` is set, the longest
    fitting dotted note.
    """
    fitting = [base for base in NAMES if base <= written]
    if not fitting:
        raise ValueError("the note is too short for a score: the limit is a 1024th note")
    for dots in (0, 1, 2):
        if fitting[0] * _DOT_FACTORS[dots] == written:
            return fitting[0], dots
    dotted = [base for base in NAMES if base * _DOT_FACTORS[1] <= written]
    if dotted and (compound or dotted[0] == fitting[0]):
        return dotted[0], 1
    return fitting[0], 0
