"""The picture of a tune: its heading, its systems and the words below, one under the other.

All sizes are in pixels of the SVG. A printed page is 840 wide.
"""

import copy
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from charnn.music.score.svg_signs import draw_signs, is_music_sign, replace_signs
from charnn.music.score.svg_text import SVG, wrap, write_line

WIDTH = 840
MARGIN = 40  # left, right, above and below
_TITLE_SIZE, _SMALL_SIZE = 22.0, 13.0
_LINE_HEIGHT = 1.3 * _SMALL_SIZE
_SYSTEM_GAP, _WORDS_GAP = 8.0, 10.0
_SIGN_SIZE = 1.6 * _SMALL_SIZE  # of the note in a tempo
_WORDS_INDENT = 60.0
_MAX_VERSE = 40  # lines below the music that a page break may not part


@dataclass(frozen=True, slots=True)
class Heading:
    """The words above a tune.

    Attributes:
        title: the title.
        subtitles: the further titles.
        left: the type of dance and the order of the parts.
        right: the composers and the origin, line by line.
        tempo: the words of the tempo, and its note as signs of the music font.
    """

    title: str
    subtitles: tuple[str, ...] = ()
    left: str = ""
    right: tuple[str, ...] = ()
    tempo: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """A part of a picture that no page break divides: an SVG element that begins at y = 0."""

    element: Element
    height: float


@dataclass(frozen=True, slots=True)
class Incipit:
    """The first bars of a tune: an SVG file, and its width at the size of a score."""

    svg: bytes
    width: float


@dataclass(frozen=True, slots=True)
class Picture:
    """The picture of a tune.

    Attributes:
        title: the title of the tune; `""` without.
        blocks: the parts of the picture, from top to bottom.
        width: the width of the picture.
        incipit: the first bars alone; None without.
    """

    title: str
    blocks: tuple[Block, ...]
    width: int = WIDTH
    incipit: Incipit | None = None

    @property
    def height(self) -> float:
        """The height without margins."""
        return sum(block.height for block in self.blocks)


def make_picture(
    heading: Heading, systems: Iterable[str], words: Sequence[str], width: int = WIDTH
) -> Picture:
    """Return the picture of a tune.

    Args:
        heading: the words above the music.
        systems: the systems as verovio draws them.
        words: the lines below the music; an empty line parts two verses.
        width: the width of the picture.
    """
    blocks = [_system(svg, width) for svg in systems]
    head = _heading(heading, width)
    if head.height:  # a page break never parts the heading from the music
        blocks[:1] = [_join([head, *blocks[:1]])]
    return Picture(heading.title, (*blocks, *_verses(words, width)), width)


def compose(blocks: Sequence[Block], margin: float = 0.0, width: int = WIDTH) -> bytes:
    """Return an SVG file of blocks under each other, with a margin above and below."""
    joined = _join(blocks)
    height = joined.height + 2 * margin
    size = {"width": f"{width}px", "height": f"{height:g}px", "viewBox": f"0 0 {width} {height:g}"}
    root = Element(f"{SVG}svg", {**size, "version": "1.1"})
    _move(joined.element, margin)
    root.append(joined.element)
    _share_definitions(root)
    return _file(root)


def make_incipit(svg: str) -> Incipit:
    """Return an incipit as verovio draws it, with signs that every program displays."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - from verovio, not from the user
    replace_signs(root)
    return Incipit(_file(root), float(root.attrib["width"].removesuffix("px")))


def _join(blocks: Sequence[Block]) -> Block:
    """Return blocks under each other as one block."""
    group, y = Element(f"{SVG}g"), 0.0
    for block in blocks:
        element = copy.deepcopy(block.element)
        _move(element, y)
        group.append(element)
        y += block.height
    return Block(group, y)


def _move(element: Element, y: float) -> None:
    """Move an element down."""
    if not y:
        return
    if element.tag == f"{SVG}svg":
        element.set("y", f"{y:g}")
    else:
        element.set("transform", f"translate(0, {y:g})")


def _file(root: Element) -> bytes:
    ElementTree.register_namespace("", SVG.strip("{}"))
    ElementTree.register_namespace("xlink", "http://www.w3.org/1999/xlink")
    return ElementTree.tostring(root, encoding="unicode").encode()


def _share_definitions(root: Element) -> None:
    """Keep the first of all definitions with the same name: each system has those of its signs."""
    seen: set[str | None] = set()
    for definitions in list(root.iter(f"{SVG}defs")):
        for definition in list(definitions):
            if definition.get("id") in seen:
                definitions.remove(definition)
            seen.add(definition.get("id"))


def _system(svg: str, page_width: int) -> Block:
    """Return a system as a block that is as wide as the page."""
    root = ElementTree.fromstring(svg)  # noqa: S314 - from verovio, not from the user
    width, height = (float(root.attrib[side].removesuffix("px")) for side in ("width", "height"))
    replace_signs(root)
    height_on_page = height * page_width / width
    root.set("viewBox", f"0 0 {width:g} {height:g}")
    root.set("width", f"{page_width}")
    root.set("height", f"{height_on_page:g}")
    return Block(root, height_on_page + _SYSTEM_GAP)


def _heading(heading: Heading, page_width: int) -> Block:
    group, y = Element(f"{SVG}g"), 0.0
    width, middle = page_width - 2 * MARGIN, page_width / 2
    if heading.title:
        y += _TITLE_SIZE
        write_line(group, heading.title, middle, y, _TITLE_SIZE, width, anchor="middle")
    for title in heading.subtitles:
        for line in wrap(title, _SMALL_SIZE, width):
            y += _LINE_HEIGHT
            write_line(group, line, middle, y, _SMALL_SIZE, width, anchor="middle")
    right = [line for text in heading.right for line in wrap(text, _SMALL_SIZE, width / 2)]
    for index in range(max(len(right), 1 if heading.left else 0)):
        y += _LINE_HEIGHT
        if index < len(right):
            edge = page_width - MARGIN
            write_line(group, right[index], edge, y, _SMALL_SIZE, width / 2, anchor="end")
        if index == 0:
            write_line(group, heading.left, MARGIN, y, _SMALL_SIZE, width / 2, style="italic")
    if heading.tempo:
        y += _LINE_HEIGHT * (1.2 if y else 1)
        sizes = {True: _SIGN_SIZE, False: _SMALL_SIZE}
        runs = [(sizes[is_music_sign(part)], part) for part in heading.tempo]
        draw_signs(group, runs, MARGIN, y)
    return Block(group, y + _SYSTEM_GAP if y else 0.0)


def _verses(words: Sequence[str], page_width: int) -> list[Block]:
    """Return a block for each verse of the words below the music, more for a very long one."""
    blocks = []
    width = page_width - 2 * MARGIN - _WORDS_INDENT
    verse: list[str] = []
    for text in (*words, ""):
        if text:
            verse += wrap(text, _SMALL_SIZE, width)
        elif verse:
            parts = [verse[i : i + _MAX_VERSE] for i in range(0, len(verse), _MAX_VERSE)]
            blocks += [_lines(part, width, is_last=part is parts[-1]) for part in parts]
            verse = []
    return blocks


def _lines(lines: Sequence[str], width: float, *, is_last: bool) -> Block:
    group = Element(f"{SVG}g")
    for number, line in enumerate(lines, 1):
        write_line(group, line, MARGIN + _WORDS_INDENT, number * _LINE_HEIGHT, _SMALL_SIZE, width)
    return Block(group, len(lines) * _LINE_HEIGHT + is_last * _WORDS_GAP)
