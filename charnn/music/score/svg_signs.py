"""Musical signs in the text of verovio's pictures, drawn so that every program displays them.

verovio writes the note in a tempo and the accidental in a chord symbol as characters of a music
font of its own, which few programs except browsers find. Here, chord symbols become plain text with
Unicode's ♭ and ♯, and all other signs become paths.
"""

import importlib.util
import re
from functools import cache
from pathlib import Path
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from charnn.music.score.svg_text import SVG, set_text

_MUSIC_FONT = "Leipzig"
_FONT_UNITS = 1000  # units of verovio's music font that make one font size
_SIGN_GAP = 80  # after a sign, in font units
_SPACE = 0.3  # between words and a sign, as a fraction of the font size
_SIGN = re.compile("[\ue000-\uf8ff]+")
_UNICODE = re.compile("[♭♮♯]+")
# The accidentals of the music font: those of notes, and those of figured bass, in words.
_ACCIDENTALS = str.maketrans(
    {
        **dict.fromkeys("\ue260\uea64", "♭"),
        **dict.fromkeys("\ue261\uea65", "♮"),
        **dict.fromkeys("\ue262\uea66", "♯"),
        **dict.fromkeys("\ue264\uea63", "♭♭"),
    }
)


def replace_signs(picture: Element) -> None:
    """Replace all characters of the music font in a picture of verovio."""
    for style in picture.findall(f"{SVG}style"):
        if "@font-face" in (style.text or ""):
            picture.remove(style)
    for group in picture.iter(f"{SVG}g"):
        for index, child in enumerate(list(group)):
            has_signs = child.find(f".//*[@font-family='{_MUSIC_FONT}']") is not None
            is_chord = group.get("class") == "harm"
            if child.tag == f"{SVG}text" and (has_signs or is_chord):
                group.remove(child)
                group.insert(index, _without_signs(child))


def _without_signs(text: Element) -> Element:
    """Return a text of verovio without the music font, as one word if it has accidentals only."""
    runs = [
        (size, words.translate(_ACCIDENTALS), family) for family, size, words in _text_runs(text)
    ]
    x, y = float(text.get("x", "0")), float(text.get("y", "0"))
    group = Element(f"{SVG}g")
    if all(family != _MUSIC_FONT or _UNICODE.fullmatch(words) for _, words, family in runs):
        size = max((size for size, _, family in runs if family != _MUSIC_FONT), default=0.0)
        plain = ElementTree.SubElement(group, f"{SVG}text", {"x": f"{x:g}", "y": f"{y:g}"})
        plain.set("font-size", f"{size:g}px")
        set_text(plain, "".join(words for _, words, _ in runs).strip())
    else:
        draw_signs(group, [(size, words) for size, words, _ in runs], x, y)
    return group


def is_music_sign(text: str) -> bool:
    """Return whether a text consists of signs of the music font."""
    return bool(_SIGN.fullmatch(text.strip()))


def draw_signs(parent: Element, runs: list[tuple[float, str]], x: float, y: float) -> None:
    """Draw bold words, and signs of the music font as paths, in a line.

    Args:
        parent: the element to which the words and paths are appended.
        runs: the font size of each part, and its words or signs.
        x: the left end of the line.
        y: the baseline.
    """
    for size, words in runs:
        if not is_music_sign(words):
            width = sum(map(_character_width, words.strip())) * size
            attributes = {"x": f"{x:g}", "y": f"{y:g}", "font-size": f"{size:g}px"}
            # So the words end before the next sign in any font.
            attributes |= {"textLength": f"{width:g}", "font-weight": "bold"}
            set_text(ElementTree.SubElement(parent, f"{SVG}text", attributes), words.strip())
            x += width + _SPACE * size
            continue
        scale = size / _FONT_UNITS
        for sign in words.strip():
            shape, width = _glyph(sign)
            # The y axis of a font points up, that of SVG down.
            transform = f"translate({x:g}, {y:g}) scale({scale:g}, {-scale:g})"
            ElementTree.SubElement(parent, f"{SVG}path", {"transform": transform, "d": shape})
            x += (width + _SIGN_GAP) * scale
        x += _SPACE * size / 2


def _text_runs(text: Element) -> list[tuple[str, float, str]]:
    """Split a text where its font changes; return (family, size in pixels, words) of each part.

    The family is `""` for the usual font.
    """
    runs: list[tuple[str, float, str]] = []
    for part in text.iter(f"{SVG}tspan"):
        if not part.text or not part.text.strip() or not part.get("font-size"):
            continue
        family = part.get("font-family", "")
        size = float(part.get("font-size", "0").removesuffix("px"))
        if runs and runs[-1][:2] == (family, size):
            runs[-1] = (family, size, f"{runs[-1][2].strip()} {part.text.strip()}")
        else:
            runs.append((family, size, part.text))
    return runs


def _resources() -> Path:
    """Return the folder in which verovio keeps its fonts."""
    found = importlib.util.find_spec("verovio")  # without importing it, which may crash
    return Path(found.origin if found and found.origin else "").parent / "data"


@cache
def _glyph(sign: str) -> tuple[str, float]:
    """Return the path and the width of a sign of the music font, in font units."""
    name = f"{ord(sign):04X}"
    file = _resources() / _MUSIC_FONT / f"{name}.xml"
    shape = ElementTree.parse(file).find("path") if file.is_file() else None  # noqa: S314
    metrics = (_resources() / f"{_MUSIC_FONT}.xml").read_text(encoding="utf-8")
    width = re.search(rf'c="{name}"[^>]*h-a-x="([0-9.]+)"', metrics)
    return "" if shape is None else shape.get("d", ""), float(width[1]) if width else 0.0


@cache
def _character_width(character: str) -> float:
    """Return the width of a bold character, which tempos consist of, for the font size 1."""
    metrics = (_resources() / "text" / "Times-bold.xml").read_text(encoding="utf-8")
    units = re.search(r'units-per-em="([0-9]+)"', metrics)
    width = re.search(rf'c="{ord(character):X}"[^>]*h-a-x="([0-9.]+)"', metrics)
    return float(width[1]) / float(units[1]) if width and units else 0.5
