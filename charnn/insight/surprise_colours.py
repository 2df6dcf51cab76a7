"""The colours of surprise: white paper for what was expected, to dark blue for eight bits and more.

The map is YlGnBu of ColorBrewer, whose colours darken evenly: it reads the same in black and white
and for people who cannot tell red from green.
"""

from functools import cache

Colour = tuple[int, int, int]

# Below this many bits a character was expected, and has no colour.
LEAST = 0.5
MOST = 8.0


@cache
def palette() -> tuple[Colour, ...]:
    """Return 256 colours, from light to dark."""
    import matplotlib as mpl

    # The lightest colours of the map can hardly be told from white.
    values = mpl.colormaps["YlGnBu"]([0.12 + 0.88 * n / 255 for n in range(256)])
    return tuple((int(255 * r), int(255 * g), int(255 * b)) for r, g, b, _ in values)


def palette_index(bits: float) -> int | None:
    """Return the index of the colour of a surprise in `palette`; None for no colour."""
    if bits < LEAST:
        return None
    return round(255 * (min(bits, MOST) - LEAST) / (MOST - LEAST))


def surprise_colour(bits: float) -> Colour | None:
    """Return the colour of a surprise, red, green and blue in 0..255; None for no colour."""
    index = palette_index(bits)
    return None if index is None else palette()[index]


def is_dark(colour: Colour | None) -> bool:
    """Return whether white letters stand out better on a colour than black ones."""
    if colour is None:
        return False
    # The relative luminance of WCAG 2; at 0.179 black and white have the same contrast.
    linear = [
        value / 255 / 12.92 if value <= 10 else ((value / 255 + 0.055) / 1.055) ** 2.4
        for value in colour
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2] < 0.179
