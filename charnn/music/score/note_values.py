"""Durations as they are written: note values with dots, tied together where one is not enough."""

from dataclasses import dataclass
from fractions import Fraction

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
LONGEST_TOTAL = Fraction(256)

_DOTTED = (Fraction(1), Fraction(3, 2), Fraction(7, 4))  # by number of dots


@dataclass(frozen=True, slots=True)
class Value:
    """One written note: `plain` quarter notes before its dots; so many (`actual`) of these fill the
    time of `normal` ones."""

    plain: Fraction
    dots: int = 0
    actual: int = 1
    normal: int = 1

    @property
    def name(self) -> str:
        """As MusicXML calls it: `"eighth"`."""
        return NAMES[self.plain]

    @property
    def flags(self) -> int:
        """How many flags or beams: 1 for an eighth, 0 from a quarter up."""
        return max(0, self.plain.denominator.bit_length() - 1)

    @property
    def duration(self) -> Fraction:
        """Quarter notes it lasts."""
        return self.plain * _DOTTED[self.dots] * self.normal / self.actual


def values(
    duration: Fraction, ratio: tuple[int, int] = (1, 1), *, compound: bool = False
) -> list[Value]:
    """The notes that, tied together, last `duration` quarter notes; at least one.

    Args:
        duration: as it sounds, above 0.
        ratio: the tuplet it stands in: so many notes in the time of so many.
        compound: whether beats are dotted, so that five eighths are three and two.

    Raises:
        ValueError: it is shorter than a 1024th note or longer than 64 whole notes.
    """
    actual, normal = ratio
    written = duration * actual / normal
    odd = written.denominator // (written.denominator & -written.denominator)
    if odd > 1:  # a third of a note is one of a triplet
        even = 1 << (odd.bit_length() - 1)
        written, actual, normal = written * odd / even, actual * odd, normal * even
    if written > LONGEST_TOTAL:
        raise ValueError("a note too long to be engraved")
    found: list[Value] = []
    while written:
        plain, dots = _largest(written, compound)
        found.append(Value(plain, dots, actual, normal))
        written -= plain * _DOTTED[dots]
    return found


def _largest(written: Fraction, compound: bool) -> tuple[Fraction, int]:
    """The value to write first: all of it if one note can say it, else the longest that fits."""
    fitting = [plain for plain in NAMES if plain <= written]
    if not fitting:
        raise ValueError("a note too short to be engraved")
    for dots in (0, 1, 2):
        if fitting[0] * _DOTTED[dots] == written:
            return fitting[0], dots
    dotted = [plain for plain in NAMES if plain * _DOTTED[1] <= written]
    if dotted and (compound or dotted[0] == fitting[0]):
        return dotted[0], 1
    return fitting[0], 0
