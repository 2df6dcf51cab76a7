"""The program that engraves, run by itself: verovio has been seen to take its whole process down.

`python engraver.py FOLDER FORMAT` reads `score.json` in the folder (`musicxml`, and the `title`,
`subtitles`, `left` and `right` of the heading) and writes `score.svg`, `score.png` or `score.pdf`
beside it: a picture is one page as high as the tune, a PDF has A4 pages. It imports nothing of this
project, so that it starts at once and runs from any folder.
"""

import json
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

WIDTH, A4_HEIGHT, ENDLESS = 2100, 2970, 60_000  # tenths of a millimetre
SCALE = 40  # percent: of those, pixels in the SVG
MARGIN = 100
TITLE, SMALL = 22.0, 13.0  # font sizes in pixels
PIXELS_PER_INCH = 200

MOST_SECONDS = 15  # of computing: a page takes a tenth of one, and some scores would take for ever
MOST_MEMORY = 2 << 30  # bytes

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
EM = 0.5  # how wide a character is on average, of the font's size
LIFT, GAP = 100, 60  # of a tempo above verovio's place; behind its signs, in units of the font

TYPST = """\
#set document(title: json("score.json").at("title"), date: none)
#set page({page}, margin: 0pt, fill: {fill})
{images}
"""


def main() -> None:
    """Engrave what lies in the folder named first, in the format named second."""
    limit()
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    score = json.loads((folder / "score.json").read_text(encoding="utf-8"))
    pages = engrave(score, paged=kind == "pdf")
    if kind == "svg":
        (folder / "score.svg").write_text(pages[0], encoding="utf-8")
    else:
        convert(folder, "png" if kind == "png" else "pdf", pages)


def limit() -> None:
    """Let the system end this process if it takes too much, where the system can."""
    with suppress(ImportError):  # on Windows
        import resource

        for kind, most in (
            (resource.RLIMIT_CPU, (MOST_SECONDS, MOST_SECONDS + 1)),
            # Not of address space: the threads of many processors reserve that without using it.
            (resource.RLIMIT_DATA, (MOST_MEMORY, MOST_MEMORY)),
        ):
            with suppress(OSError, ValueError):  # it is lower already
                resource.setrlimit(kind, most)


def engrave(score: dict[str, Any], *, paged: bool) -> list[str]:
    """The pages of a score as SVG; one page, if it is not for paper."""
    import verovio

    height = heading_height(score)
    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "pageWidth": WIDTH,
            "pageHeight": A4_HEIGHT if paged else ENDLESS,
            "adjustPageHeight": not paged,
            "pageMarginLeft": MARGIN,
            "pageMarginRight": MARGIN,
            "pageMarginTop": round(height * 100 / SCALE),
            "pageMarginBottom": MARGIN if paged else MARGIN // 2,
            "scale": SCALE,
            "breaks": "smart",
            "header": "none",
            "footer": "none",
            "xmlIdSeed": 1,  # the same tune, the same file
        }
    )
    if not toolkit.loadData(score["musicxml"]):
        sys.exit("verovio cannot read the MusicXML")
    count = toolkit.getPageCount()
    if count > 1 and not paged:
        sys.exit("the tune is too long for one picture")
    glyphs = Path(toolkit.getResourcePath()) / "Leipzig"
    pages = [finish(toolkit.renderToSVG(number), glyphs) for number in range(1, count + 1)]
    add_heading(pages[0], score)
    return [ElementTree.tostring(page, encoding="unicode") for page in pages]


def convert(folder: Path, kind: Literal["png", "pdf"], pages: list[str]) -> None:
    """Turn SVG pages into a PNG or a PDF."""
    import typst

    for number, page in enumerate(pages):
        (folder / f"{number}.svg").write_text(page, encoding="utf-8")
    paper = 'paper: "a4"' if kind == "pdf" else "width: auto, height: auto"
    fill = "none" if kind == "pdf" else "white"
    images = "#pagebreak()\n".join(
        f'#image("{number}.svg", width: 210mm)\n' for number in range(len(pages))
    )
    source = folder / "score.typ"
    source.write_text(TYPST.format(page=paper, fill=fill, images=images), encoding="utf-8")
    typst.compile(
        str(source),
        output=str(folder / f"score.{kind}"),
        format=kind,
        ppi=PIXELS_PER_INCH,
        ignore_system_fonts=True,  # everywhere the same picture
    )


def finish(svg: str, glyphs: Path) -> Element:
    """Verovio's SVG with its size said both ways, and its signs in text as paths: few programs but
    browsers read the font that it embeds for them."""
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)  # noqa: S314 - verovio's own
    width, height = (float(root.attrib[side].removesuffix("px")) for side in ("width", "height"))
    root.set("viewBox", f"0 0 {width:g} {height:g}")
    for style in root.findall(f"{{{SVG}}}style"):
        if "@font-face" in (style.text or ""):
            root.remove(style)
    for parent in root.iter(f"{{{SVG}}}g"):
        for place, text in enumerate(list(parent)):
            if (
                text.tag == f"{{{SVG}}}text"
                and text.find(".//*[@font-family='Leipzig']") is not None
            ):
                parent.remove(text)
                parent.insert(place, drawn(text, glyphs))
    return root


def drawn(text: Element, glyphs: Path) -> Element:
    """A line of text whose musical signs are paths."""
    line = Element(f"{{{SVG}}}g")
    metrics = glyphs.with_suffix(".xml").read_text(encoding="utf-8")
    x, y = float(text.get("x", "0")), float(text.get("y", "0")) - LIFT
    for family, size, words in runs(text):
        if family != "Leipzig":
            attributes = {"x": f"{x:g}", "y": f"{y:g}", "font-size": f"{size:g}px"}
            ElementTree.SubElement(line, f"{{{SVG}}}text", attributes).text = words.strip()
            x += (len(words) + 1) * EM * size
            continue
        scale = size / 1000  # units of the font
        for sign in words.strip():
            name = f"{ord(sign):04X}"
            shape = ElementTree.parse(glyphs / f"{name}.xml").find("path")  # noqa: S314
            width = re.search(rf'c="{name}"[^>]*h-a-x="([0-9.]+)"', metrics)
            if shape is None or width is None:
                continue
            place = f"translate({x:g}, {y:g}) scale({scale:g}, {-scale:g})"
            attributes = {"transform": place, "d": shape.get("d", "")}
            ElementTree.SubElement(line, f"{{{SVG}}}path", attributes)
            x += (float(width[1]) + GAP) * scale
    return line


def runs(text: Element) -> list[tuple[str, float, str]]:
    """The stretches of a text in one font: family (empty for the usual one), size, words."""
    found: list[tuple[str, float, str]] = []
    for part in text.iter(f"{{{SVG}}}tspan"):
        if not part.text or not part.text.strip() or not part.get("font-size"):
            continue
        family = part.get("font-family", "")
        size = float(part.get("font-size", "0").removesuffix("px"))
        if found and found[-1][:2] == (family, size):
            found[-1] = (family, size, f"{found[-1][2].strip()} {part.text.strip()}")
        else:
            found.append((family, size, part.text))
    return found


def heading_height(score: dict[str, Any]) -> float:
    """What the heading takes, with the margin above it, in pixels."""
    margin = MARGIN * SCALE / 100
    if score["title"]:
        margin += TITLE
    margin += 1.3 * SMALL * len(score["subtitles"])
    return margin + (1.3 * SMALL if score["left"] or score["right"] else 0)


def add_heading(page: Element, score: dict[str, Any]) -> None:
    """Write title, subtitles, rhythm and composer above the music."""
    width = WIDTH * SCALE / 100
    left, right = MARGIN * SCALE / 100, width - MARGIN * SCALE / 100
    y = MARGIN * SCALE / 100
    if score["title"]:
        y += TITLE / 2
        write(page, score["title"], width / 2, y, "middle", TITLE, right - left)
    for subtitle in score["subtitles"]:
        y += 1.3 * SMALL
        write(page, subtitle, width / 2, y, "middle", SMALL, right - left)
    y += 1.3 * SMALL
    write(page, score["left"], left, y, "start", SMALL, (right - left) / 2, style="italic")
    write(page, score["right"], right, y, "end", SMALL, (right - left) / 2)


def write(
    page: Element,
    words: str,
    x: float,
    y: float,
    anchor: str,
    size: float,
    room: float,
    style: str = "normal",
) -> None:
    """Write a line, smaller if there is no room for it."""
    if not words:
        return
    size = min(size, room / (EM * len(words)))
    attributes = {
        "x": f"{x:g}",
        "y": f"{y:g}",
        "text-anchor": anchor,
        "font-family": "Times, serif",
        "font-size": f"{size:.4g}px",
        "font-style": style,
    }
    ElementTree.SubElement(page, f"{{{SVG}}}text", attributes).text = words


if __name__ == "__main__":
    main()
