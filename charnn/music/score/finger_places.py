"""The places of notes on instruments: holes, strings and fingers, buttons.

The whistle is fingered as its common charts show; the mandolin and the fiddle are in the first
position of the highest string that has the note.
"""

from collections.abc import Callable
from typing import NamedTuple

# The holes of a whistle in D, from the top, for D, D sharp, E ... up to C sharp. C natural is
# fingered across.
_HOLES = (
    *("●●●●●●", "●●●●●◐", "●●●●●○", "●●●●◐○", "●●●●○○", "●●●○○○"),
    *("●●◐○○○", "●●○○○○", "●◐○○○○", "●○○○○○", "○●●○○○", "○○○○○○"),
)
_WHISTLE = 62  # the lowest D, as written
_STRINGS = (76, 69, 62, 55)  # E, A, D, G
_MOST_FRETS = 17
# The fingers of the first position: L is low, H is high.
_FINGERS = ("0", "L1", "1", "L2", "2", "3", "H3", "4")


class _Buttons(NamedTuple):
    """A row of buttons: the number of the first one, and the pitches pressed and drawn."""

    first: int
    pressed: tuple[int, ...]
    drawn: tuple[int, ...]

    def of(self, pitch: int) -> str:
        """Return the button of a pitch, in parentheses if it is drawn; "" without."""
        if pitch in self.pressed:
            return str(self.first + self.pressed.index(pitch))
        return f"({self.first + self.drawn.index(pitch)})" if pitch in self.drawn else ""


# The Irish button accordion in B and C. The first buttons differ from maker to maker.
_C_ROW = _Buttons(2, (55, 60, 64, 67, 72, 76, 79, 84, 88), (59, 62, 65, 69, 71, 74, 77, 81, 83))
_B_ROW = _Buttons(2, *(tuple(pitch - 1 for pitch in pitches) for pitches in _C_ROW[1:]))
# The melodeon in D and G with 21 buttons, as the charts of melodeon.net and the tablature generator
# of M. Eskin have it: accidentals at the first buttons, and a low A.
_D_ROW = _Buttons(
    1,
    (68, 57, 62, 66, 69, 74, 78, 81, 86, 90, 93),
    (70, 61, 64, 67, 71, 73, 76, 79, 83, 85, 88),
)
_G_ROW = _Buttons(
    1, (77, 62, 67, 71, 74, 79, 83, 86, 91, 95), (75, 66, 69, 72, 76, 78, 81, 84, 88, 90)
)


def _whistle(pitch: int) -> tuple[str, ...]:
    """Return six holes and the sign of the second octave."""
    octave, step = divmod(pitch - _WHISTLE, 12)
    if not 0 <= octave <= 2 or (octave == 2 and step):
        return ("",) * 7
    holes = "○●●●●●" if step == 0 and octave == 1 else _HOLES[step]
    return (*holes, "+" * octave)


def _on_strings(pitch: int, signs: tuple[str, ...]) -> tuple[str, ...]:
    """Return the rows of the four strings, with a sign at the highest string that has the note."""
    string = next((string for string in _STRINGS if string <= pitch), None)
    stopped = pitch - string if string is not None else len(signs)
    sign = signs[stopped] if stopped < len(signs) else ""
    return tuple(sign if each == string else "" for each in _STRINGS)


def _mandolin(pitch: int) -> tuple[str, ...]:
    return _on_strings(pitch, tuple(map(str, range(_MOST_FRETS + 1))))


def _fiddle(pitch: int) -> tuple[str, ...]:
    return _on_strings(pitch, _FINGERS)


def _accordion(pitch: int) -> tuple[str, ...]:
    """Return the rows B and C, of which C has what both have."""
    button = _C_ROW.of(pitch)
    return ("", button) if button else (_B_ROW.of(pitch), "")


def _melodeon(pitch: int) -> tuple[str, ...]:
    """Return the rows D and G: a player chooses where both have a note."""
    return _D_ROW.of(pitch), _G_ROW.of(pitch)


# The rows by name; "names" are those of the notes, which need the spelling.
_ROWS: dict[str, Callable[[int], tuple[str, ...]]] = {
    "whistle": _whistle,
    "fiddle": _fiddle,
    "mandolin": _mandolin,
    "accordion": _accordion,
    "melodeon": _melodeon,
}
ROWS = ("names", *_ROWS)


def places_of(pitch: int, kind: str) -> tuple[str, ...]:
    """Return the signs of a note in the rows of an instrument; all are "" if it lacks the note.

    Args:
        pitch: the MIDI pitch, as written.
        kind: one of `ROWS`, but not "names".
    """
    return _ROWS[kind](pitch)
