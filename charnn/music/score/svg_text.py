"""Lines of text in an SVG picture: sizes, wrapping and the elements."""

import re
import textwrap
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

SVG = "{http://www.w3.org/2000/svg}"
# The width of a character as a fraction of the font size, a little more than the average: the font
# differs from program to program.
_CHARACTER_WIDTH = 0.5
# The fonts of typst for ♭ and ♯, then those of other programs. Its serif font has neither.
_ACCIDENTAL_FONTS = "New Computer Modern Math, Times, serif"


def write_line(
    parent: Element,
    words: str,
    x: float,
    y: float,
    size: float,
    max_width: float,
    *,
    anchor: str = "start",
    style: str = "normal",
) -> None:
    """Write a line of text, in a smaller size if it would exceed `max_width` (all in pixels)."""
    if not words:
        return
    size = min(size, max_width / (_CHARACTER_WIDTH * len(words)))
    attributes = {
        "x": f"{x:g}",
        "y": f"{y:g}",
        "text-anchor": anchor,
        "font-family": "Times, serif",
        "font-size": f"{size:.4g}px",
        "font-style": style,
    }
    set_text(ElementTree.SubElement(parent, f"{SVG}text", attributes), words)


def set_text(element: Element, words: str) -> None:
    """Set the words of a text element; each accidental gets a font that contains it."""
    first, *others = re.split("([♭♮♯]+)", words)
    element.text = first
    for accidentals, following in zip(others[::2], others[1::2], strict=True):
        part = ElementTree.SubElement(element, f"{SVG}tspan", {"font-family": _ACCIDENTAL_FONTS})
        part.text, part.tail = accidentals, following


def wrap(words: str, size: float, max_width: float) -> list[str]:
    """Return the lines of a text that is broken at its spaces; at least one line."""
    characters = max(1, int(max_width / (_CHARACTER_WIDTH * size)))
    return textwrap.wrap(words, characters, subsequent_indent="  ") or [""]
