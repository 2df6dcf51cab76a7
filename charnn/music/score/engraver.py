"""The engraver: a program that draws MusicXML with verovio, run in a separate process.

The process is separate because verovio crashes its whole process on some scores, and never finishes
drawing others.

`python engraver.py FOLDER FORMAT` reads the JSON object in `FOLDER/score.json`. Its key `musicxml`
contains the score; its keys `title`, `subtitles`, `left` and `right` contain the heading. The
program writes `score.svg`, `score.png` or `score.pdf` into the folder. A picture is one page as
high as the tune; a PDF has A4 pages. The program imports nothing of charnn, so that it starts at
once and runs from any folder.
"""

import json
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

# The page in tenths of a millimetre: A4, or the largest height that verovio accepts, which it then
# shortens to the height of the tune.
WIDTH, A4_HEIGHT, MAX_HEIGHT = 2100, 2970, 60_000
MARGIN = 100  # tenths of a millimetre
SCALE = 40  # pixels of the SVG for 100 tenths of a millimetre
TITLE_SIZE, SMALL_SIZE = 22.0, 13.0  # font sizes in pixels
LINE_HEIGHT = 1.3 * SMALL_SIZE
PIXELS_PER_INCH = 200  # of a PNG

# The limit of the computing time: a page takes about 0.1 s, and verovio never ends on some tuplets.
MAX_CPU_SECONDS = 15
MAX_MEMORY = 2 << 30  # bytes

SVG = "http://www.w3.org/2000/svg"
XLINK = "http://www.w3.org/1999/xlink"
CHARACTER_WIDTH = 0.5  # of an average character, as a fraction of the font size
FONT_UNITS = 1000  # units of verovio's music font that make one font size
# The distance by which a tempo is raised above verovio's position, in units of the SVG, and the gap
# after a musical sign, in font units.
TEMPO_LIFT, SIGN_GAP = 100, 60

TYPST = """\
#set document(title: json("score.json").at("title"), date: none)
#set page({page}, margin: 0pt, fill: {fill})
{images}
"""


def main() -> None:
    """Engrave the score in the folder `argv[1]` in the format `argv[2]`."""
    limit_resources()
    folder, kind = Path(sys.argv[1]), sys.argv[2]
    score = json.loads((folder / "score.json").read_text(encoding="utf-8"))
    pages = engrave(score, paged=kind == "pdf")
    if kind == "svg":
        (folder / "score.svg").write_text(pages[0], encoding="utf-8")
    else:
        convert(folder, "png" if kind == "png" else "pdf", pages)


def limit_resources() -> None:
    """Let the system end this process if it computes too long or needs too much memory."""
    with suppress(ImportError):  # Windows has no module `resource`
        import resource

        for kind, limits in (
            # At the first limit the process gets SIGXCPU, which names the cause; at the second,
            # SIGKILL.
            (resource.RLIMIT_CPU, (MAX_CPU_SECONDS, MAX_CPU_SECONDS + 1)),
            # Limit data, not address space: threads reserve address space without using it, and
            # typst starts one for each processor.
            (resource.RLIMIT_DATA, (MAX_MEMORY, MAX_MEMORY)),
        ):
            with suppress(OSError, ValueError):  # the limit is lower already
                resource.setrlimit(kind, limits)


def engrave(score: dict[str, Any], *, paged: bool) -> list[str]:
    """Return the pages of a score as SVG; a single page unless `paged` is set."""
    import verovio

    height = heading_height(score)
    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit()
    toolkit.setOptions(
        {
            "pageWidth": WIDTH,
            "pageHeight": A4_HEIGHT if paged else MAX_HEIGHT,
            "adjustPageHeight": not paged,
            "pageMarginLeft": MARGIN,
            "pageMarginRight": MARGIN,
            "pageMarginTop": round(height * 100 / SCALE),
            "pageMarginBottom": MARGIN if paged else MARGIN // 2,
            "scale": SCALE,
            "breaks": "smart",
            "header": "none",
            "footer": "none",
            "xmlIdSeed": 1,  # verovio's ids are random otherwise, and no two files the same
        }
    )
    if not toolkit.loadData(score["musicxml"]):
        sys.exit("verovio cannot read the MusicXML")
    count = toolkit.getPageCount()
    if count > 1 and not paged:
        sys.exit("the tune is too long for one picture")
    glyphs = Path(toolkit.getResourcePath()) / "Leipzig"
    pages = [finish_page(toolkit.renderToSVG(number), glyphs) for number in range(1, count + 1)]
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
        ignore_system_fonts=True,  # so that the picture is the same on every machine
    )


def finish_page(svg: str, glyphs: Path) -> Element:
    """Return a page of verovio as an element that all common programs display.

    The page gets a `viewBox` in addition to its size, so that the page can be scaled. Musical signs
    in text (the note in a tempo, for example) become paths, since few programs except browsers read
    the font that verovio embeds for them.
    """
    ElementTree.register_namespace("", SVG)
    ElementTree.register_namespace("xlink", XLINK)
    root = ElementTree.fromstring(svg)  # noqa: S314 - from verovio, not from the user
    width, height = (float(root.attrib[side].removesuffix("px")) for side in ("width", "height"))
    root.set("viewBox", f"0 0 {width:g} {height:g}")
    for style in root.findall(f"{{{SVG}}}style"):
        if "@font-face" in (style.text or ""):
            root.remove(style)
    for parent in root.iter(f"{{{SVG}}}g"):
        for index, child in enumerate(list(parent)):
            is_text = child.tag == f"{{{SVG}}}text"
            if is_text and child.find(".//*[@font-family='Leipzig']") is not None:
                parent.remove(child)
                parent.insert(index, draw_signs(child, glyphs))
    return root


def draw_signs(text: Element, glyphs: Path) -> Element:
    """Return a line of text as an SVG group, with each musical sign drawn as a path."""
    line = Element(f"{{{SVG}}}g")
    metrics = glyphs.with_suffix(".xml").read_text(encoding="utf-8")
    x, y = float(text.get("x", "0")), float(text.get("y", "0")) - TEMPO_LIFT
    for family, size, words in text_runs(text):
        if family != "Leipzig":
            attributes = {"x": f"{x:g}", "y": f"{y:g}", "font-size": f"{size:g}px"}
            ElementTree.SubElement(line, f"{{{SVG}}}text", attributes).text = words.strip()
            x += (len(words) + 1) * CHARACTER_WIDTH * size
            continue
        scale = size / FONT_UNITS
        for sign in words.strip():
            name = f"{ord(sign):04X}"
            shape = ElementTree.parse(glyphs / f"{name}.xml").find("path")  # noqa: S314
            width = re.search(rf'c="{name}"[^>]*h-a-x="([0-9.]+)"', metrics)
            if shape is None or width is None:
                continue
            # The y axis of a font points up, that of SVG down.
            transform = f"translate({x:g}, {y:g}) scale({scale:g}, {-scale:g})"
            attributes = {"transform": transform, "d": shape.get("d", "")}
            ElementTree.SubElement(line, f"{{{SVG}}}path", attributes)
            x += (float(width[1]) + SIGN_GAP) * scale
    return line


def text_runs(text: Element) -> list[tuple[str, float, str]]:
    """Split a text where its font changes; return (family, size in pixels, words) of each part.

    The family is `""` for the usual font.
    """
    runs: list[tuple[str, float, str]] = []
    for part in text.iter(f"{{{SVG}}}tspan"):
        if not part.text or not part.text.strip() or not part.get("font-size"):
            continue
        family = part.get("font-family", "")
        size = float(part.get("font-size", "0").removesuffix("px"))
        if runs and runs[-1][:2] == (family, size):
            runs[-1] = (family, size, f"{runs[-1][2].strip()} {part.text.strip()}")
        else:
            runs.append((family, size, part.text))
    return runs


def heading_height(score: dict[str, Any]) -> float:
    """Return the height of the heading in pixels, with the margin above it."""
    height = MARGIN * SCALE / 100
    if score["title"]:
        height += TITLE_SIZE
    height += LINE_HEIGHT * len(score["subtitles"])
    return height + (LINE_HEIGHT if score["left"] or score["right"] else 0)


def add_heading(page: Element, score: dict[str, Any]) -> None:
    """Write title, subtitles, rhythm and composer above the music."""
    width = WIDTH * SCALE / 100
    left, right = MARGIN * SCALE / 100, width - MARGIN * SCALE / 100
    y = MARGIN * SCALE / 100
    if score["title"]:
        y += TITLE_SIZE / 2
        write_line(page, score["title"], width / 2, y, "middle", TITLE_SIZE, right - left)
    for subtitle in score["subtitles"]:
        y += LINE_HEIGHT
        write_line(page, subtitle, width / 2, y, "middle", SMALL_SIZE, right - left)
    y += LINE_HEIGHT
    half = (right - left) / 2
    write_line(page, score["left"], left, y, "start", SMALL_SIZE, half, style="italic")
    write_line(page, score["right"], right, y, "end", SMALL_SIZE, half)


def write_line(
    page: Element,
    words: str,
    x: float,
    y: float,
    anchor: str,
    size: float,
    max_width: float,
    style: str = "normal",
) -> None:
    """Write a line of text, in a smaller size if it would exceed `max_width` (all in pixels)."""
    if not words:
        return
    size = min(size, max_width / (CHARACTER_WIDTH * len(words)))
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
