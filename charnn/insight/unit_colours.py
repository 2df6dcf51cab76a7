"""The colours of a unit: dark blue for -1, white for 0, orange for 1.

Blue and orange differ for all kinds of colour vision. In black and white, blue is dark and orange
light.
"""

from charnn.insight.surprise_colours import Colour

_WHITE = (255, 255, 255)
_LOW, _HIGH = (38, 70, 150), (240, 140, 30)
# A value nearer to 0 has no colour.
LEAST = 0.1


def unit_colour(value: float) -> Colour | None:
    """Return the colour of a value in -1..1, red, green and blue in 0..255; None for white."""
    share = min(1.0, abs(value))
    if share < LEAST:
        return None
    end = _HIGH if value > 0 else _LOW
    red, green, blue = (
        round(white + share * (at - white)) for white, at in zip(_WHITE, end, strict=True)
    )
    return red, green, blue


def unit_mark(value: float) -> str:
    """Return a mark for a value where there are no colours: `=` `-` below 0, `+` `#` above."""
    if abs(value) < 1 / 3:
        return " "
    if abs(value) < 2 / 3:
        return "+" if value > 0 else "-"
    return "#" if value > 0 else "="
