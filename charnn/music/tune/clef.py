"""The clef of a staff."""

from dataclasses import dataclass
from typing import Literal

ClefSign = Literal["G", "F", "C", "percussion", "none"]


@dataclass(frozen=True, slots=True)
class Clef:
    """A clef.

    Attributes:
        sign: the sign, in MusicXML's words.
        line: the line of the sign, 1 for the lowest one.
        mark: the octaves that the small 8 or 15 at the clef stands for; negative below the clef.
        octave: the octaves by which the clef moves the sound: `mark`, or 0 if only the 8 is meant.
        shown: the octaves by which notes are printed above their sound (`middle=`).
    """

    sign: ClefSign = "G"
    line: int = 2
    mark: int = 0
    octave: int = 0
    shown: int = 0


TREBLE = Clef()
