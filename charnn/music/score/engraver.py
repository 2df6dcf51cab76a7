"""The engraver: a program that draws MusicXML with verovio.

`limited_run.py` calls `answer` for one tune after the other. The program imports nothing of charnn,
so that it starts at once and runs from any folder.
"""

import re
from typing import Any
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

# Sizes in tenths of a millimetre. The page is as wide as A4, and as high as verovio accepts: each
# picture is then cut to its contents.
PAGE_WIDTH, MAX_SIZE = 2100, 60_000
SIDE_MARGIN = 100
EDGE_MARGIN = 12  # above and below a system, since some signs reach beyond verovio's estimate
SCALE = 40  # pixels of the SVG for 100 tenths of a millimetre
# Lines that are too long for the page make the notes of the whole tune smaller, at most by this
# factor. Longer lines are divided. On a narrow page, which is read on a phone, notes stay large.
MAX_SHRINKING, MAX_NARROW_SHRINKING = 1.5, 1.1
INCIPIT_BARS = 2  # without the pick-up

_PAGE_WIDTH = re.compile(r'width="([0-9.]+)px"')
_BAR = 'class="measure"'
_STAFF_LINE = re.compile(r'class="staff">\s*<path d="M(\S+) \S+ L(\S+) ')


def answer(question: dict[str, Any]) -> dict[str, Any]:
    """Return the SVG pictures of a score.

    Args:
        question: the `musicxml` of the score, whether its `incipit` is to be drawn, too, and the
            `width` of the page, of which 1 is that of A4.

    Returns:
        The `systems`, see `engrave`, and the `incipit`; `""` if it is not asked for.
    """
    musicxml = question["musicxml"]
    systems = engrave(musicxml, question["width"])
    return {
        "systems": systems,
        "incipit": engrave_incipit(musicxml) if question["incipit"] else "",
    }


def engrave(musicxml: str, width_of_a4: float) -> list[str]:
    """Return one SVG picture of each system of a score, as high as its contents.

    The systems are those of the score (`<print new-system="yes">`) as far as the page is wide
    enough.
    """
    import verovio

    verovio.enableLog(verovio.LOG_ERROR)
    toolkit = verovio.toolkit()
    score = ElementTree.fromstring(musicxml)  # noqa: S314 - from charnn, not from the user
    starts = system_starts(score)
    bar_widths, width = measure(toolkit, score, starts)
    page_width = round(PAGE_WIDTH * width_of_a4)
    room = page_width - 2 * SIDE_MARGIN
    most = MAX_SHRINKING if width_of_a4 >= 1 else MAX_NARROW_SHRINKING
    divided = divide_lines(bar_widths, starts, room, most)
    if divided != starts:
        starts, width = divided, measure(toolkit, score, divided)[1]
    # A little more than the width, so that rounding does not divide a line.
    shrinking = max(1.0, 1.01 * width / room)
    options = {
        "pageWidth": min(round(page_width * shrinking), MAX_SIZE),
        "pageMarginLeft": min(round(SIDE_MARGIN * shrinking), 500),
        "pageMarginRight": min(round(SIDE_MARGIN * shrinking), 500),
        "pageMarginTop": EDGE_MARGIN,
        "pageMarginBottom": EDGE_MARGIN,
        "breaks": "line",
        "systemMaxPerPage": 1,
        "minLastJustification": 0.4,  # a shorter last line does not fill the page
    }
    load(toolkit, score, starts, options)
    return [toolkit.renderToSVG(page) for page in range(1, toolkit.getPageCount() + 1)]


def engrave_incipit(musicxml: str) -> str:
    """Return an SVG picture of the first bars of the first part, as small as its contents.

    It has the notes alone, because words and chord symbols would need a picture of full size.
    """
    import verovio

    score = ElementTree.fromstring(musicxml)  # noqa: S314 - from charnn, not from the user
    for part in score.findall("part")[1:]:
        score.remove(part)
    for listed in score.findall("part-list"):
        for other in listed.findall("score-part")[1:]:
            listed.remove(other)
    for name in score.findall("part-list/score-part/part-name"):
        name.set("print-object", "no")
    keep_first_bars(score)
    toolkit = verovio.toolkit()
    options = {
        "breaks": "none",
        "noJustification": True,
        "adjustPageWidth": True,
        "pageWidth": MAX_SIZE,
        **dict.fromkeys(("pageMarginTop", "pageMarginBottom"), EDGE_MARGIN),
        **dict.fromkeys(("pageMarginLeft", "pageMarginRight"), 0),
    }
    load(toolkit, score, [0], options)
    return str(toolkit.renderToSVG(1))


def keep_first_bars(score: Element) -> None:
    """Remove all bars after the first ones, and all words and signs that are not notes."""
    part, count = score.find("part"), 0
    for bar in bars_of(score):
        if count == INCIPIT_BARS and part is not None:
            part.remove(bar)
            continue
        count += bar.get("implicit") != "yes"
        for child in list(bar):
            if child.tag in ("direction", "harmony") or child.find("ending") is not None:
                bar.remove(child)
        for note in bar.findall("note"):
            for lyric in note.findall("lyric"):
                note.remove(lyric)


def measure(toolkit: Any, score: Element, starts: list[int]) -> tuple[list[float], float]:
    """Return the width of each bar and of the longest system, where no system fills the page.

    Widths are in tenths of a millimetre. The first bar of a system contains the clef, the key and
    the meter.
    """
    options = {
        "pageWidth": MAX_SIZE,
        "breaks": "encoded" if len(starts) > 1 else "none",
        "noJustification": True,
        "adjustPageWidth": True,
        "pageMarginLeft": 0,
        "pageMarginRight": 0,
    }
    load(toolkit, score, starts, options)
    page, *bars = toolkit.renderToSVG(1).split(_BAR)
    lines = [_STAFF_LINE.search(bar) for bar in bars]
    widths = [(float(line[2]) - float(line[1])) / 10 if line else 0.0 for line in lines]
    width = _PAGE_WIDTH.search(page)
    return widths, float(width[1]) * 100 / SCALE if width else 0.0


def load(toolkit: Any, score: Element, starts: list[int], options: dict[str, Any]) -> None:
    """Load the score with the given first bars of the systems."""
    for bar in score.iter("measure"):
        for line_break in bar.findall("print"):
            bar.remove(line_break)
    bars = bars_of(score)
    for start in starts[1:]:
        bars[start].insert(0, Element("print", {"new-system": "yes"}))
    toolkit.resetOptions()
    toolkit.setOptions(
        {
            "pageHeight": MAX_SIZE,
            "adjustPageHeight": True,
            "scale": SCALE,
            "header": "none",
            "footer": "none",
            "xmlIdSeed": 1,  # verovio's ids are random otherwise, and no two files the same
            **options,
        }
    )
    if not toolkit.loadData(ElementTree.tostring(score, encoding="unicode")):
        raise ValueError("verovio cannot read the MusicXML")


def bars_of(score: Element) -> list[Element]:
    """Return the bars of the first part, which contains the line breaks."""
    part = score.find("part")
    return [] if part is None else part.findall("measure")


def system_starts(score: Element) -> list[int]:
    """Return the index of the first bar of each system; the first one is 0."""
    breaks = [bar.find("print[@new-system='yes']") is not None for bar in bars_of(score)]
    return [0, *(index for index, is_break in enumerate(breaks) if index and is_break)]


def lines_of(widths: list[float], starts: list[int]) -> list[list[float]]:
    """Return the widths of the bars of each line."""
    return [widths[start:end] for start, end in zip(starts, [*starts[1:], None], strict=True)]


def divide_lines(
    widths: list[float], starts: list[int], room: float, most: float = MAX_SHRINKING
) -> list[int]:
    """Return the first bars of the systems, more of them if a line is far too long.

    A line that is too long even for smaller notes is divided into parts of about the same width.
    """
    divided: list[int] = []
    for start, line in zip(starts, lines_of(widths, starts), strict=True):
        total = sum(line)
        # A further system has a clef and a key of its own, about a tenth of the page.
        count = -int(-total // (0.9 * room)) if total > room * most else 1
        end, part = 0.0, -1
        for index, width in enumerate(line, start):
            middle, end = end + width / 2, end + width
            if int(middle * count / total) > part:
                divided.append(index)
                part = int(middle * count / total)
    return divided
