"""Engraving: the scores of tunes as SVG, PNG or PDF pictures.

`to_musicxml` writes a tune as MusicXML, verovio draws its systems, `pictures.py` adds the words
above and below, and typst makes a PNG, or a PDF of any number of tunes. verovio and typst are
optional (`pip install 'charnn[score]'`). They run in separate processes with limits of time and
memory, because verovio has crashed on some scores and never finished on others. If such a process
crashes, an ordinary error is raised.
"""

import importlib.util
import json
import math
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from charnn.errors import CharnnError, TuneError
from charnn.music.score.limited_processes import ProcessError, ask_program, run_program
from charnn.music.score.musicxml import to_musicxml
from charnn.music.score.musicxml_elements import legal
from charnn.music.score.musicxml_metadata import field_texts
from charnn.music.score.pictures import (
    MARGIN,
    WIDTH,
    Heading,
    Picture,
    compose,
    make_incipit,
    make_picture,
)
from charnn.music.score.tempo_signs import tempo_signs
from charnn.music.score.titles import display_title
from charnn.music.score.verovio_input import verovio_input
from charnn.music.tune.tune import Tune

PictureFormat = Literal["svg", "png", "pdf"]
# A function that is called with a message on what a file lacks.
Warn = Callable[[str], None]

# Elapsed seconds, for a machine that is busy.
TIMEOUT_SECONDS = 120
# Seconds of computing time. A tune takes about 0.1 s, and verovio never ends on some tuplets.
MAX_CPU_SECONDS = 15
# The height of a page of a PDF between its margins, in pixels of the pictures: 275 mm, less a
# little for rounding.
PAGE_HEIGHT = 274 / 210 * WIDTH

_MOST_LETTERS = 10  # of those that no font has, in a message
_REQUIREMENTS = {"svg": ("verovio",), "png": ("verovio", "typst"), "pdf": ("verovio", "typst")}
_FOLDER = Path(__file__).parent
_ENGRAVER, _TYPESETTER = _FOLDER / "engraver.py", _FOLDER / "typesetter.py"


def ignore(message: str) -> None:
    """Ignore a message."""


def engrave(
    tune: Tune,
    kind: PictureFormat,
    musicxml: Callable[[], str] | None = None,
    *,
    width: int = WIDTH,
    warn: Warn = ignore,
) -> bytes:
    """Return the score of a tune as a picture.

    An SVG or PNG is one page that is as high as the tune; a PDF has A4 pages.

    Args:
        tune: the tune.
        kind: the format of the picture.
        musicxml: a function that returns the MusicXML of the tune; `to_musicxml` by default. A
            caller can pass a function that stores the text. The function is called only if verovio
            and typst are installed.
        width: the width of an SVG in pixels; a narrow one has fewer bars in a line.
        warn: a function that is called with a message on letters that no font has.

    Raises:
        TuneError: see `draw`; or typst failed.
        CharnnError: verovio or typst is not installed.
    """
    picture = draw(tune, kind, musicxml, width=width)
    if kind == "svg":
        return compose(picture.blocks, MARGIN, width)
    try:
        return _typeset([picture], kind, picture.title, warn)
    except ProcessError as reason:
        raise _failure(tune, str(reason)) from None


def draw(
    tune: Tune,
    kind: PictureFormat,
    musicxml: Callable[[], str] | None = None,
    *,
    with_incipit: bool = False,
    width: int = WIDTH,
) -> Picture:
    """Return the picture of a tune, for a file of the given format.

    The arguments are those of `engrave`. With `with_incipit`, the picture has its incipit, too.

    Raises:
        TuneError: the tune has no notes, too many bars, or a duration that no note value can write;
            or verovio failed.
        CharnnError: verovio, or typst for the format, is not installed.
    """
    missing = [name for name in _REQUIREMENTS[kind] if importlib.util.find_spec(name) is None]
    if missing:
        raise CharnnError(
            f"{' and '.join(missing)} must be installed to engrave as {kind.upper()}: "
            "pip install 'charnn[score]'. MusicXML needs no other package: "
            "-o FILE.musicxml"
        )
    heading = tune_heading(tune)
    document = musicxml() if musicxml else to_musicxml(tune)
    score = verovio_input(document, keeps_tempo=not heading.tempo)
    seconds, timeout = MAX_CPU_SECONDS, TIMEOUT_SECONDS
    try:
        question = {"musicxml": score, "incipit": with_incipit, "width": width / WIDTH}
        answer = ask_program(_ENGRAVER, question, seconds=seconds, timeout=timeout)
    except ProcessError as reason:
        raise _failure(tune, str(reason)) from None
    words = [legal(text) for text in field_texts(tune).get("W", ())]
    picture = make_picture(heading, answer["systems"], words, width)
    return replace(picture, incipit=make_incipit(answer["incipit"])) if with_incipit else picture


def bind(pictures: Sequence[Picture], title: str, warn: Warn = ignore) -> bytes:
    """Return the pictures of tunes as a PDF, one after the other on as few pages as possible.

    A tune that fits on a page is not divided. `warn` gets a message on letters that no font has.

    Raises:
        CharnnError: typst failed.
    """
    try:
        return _typeset(pictures, "pdf", title, warn)
    except ProcessError as reason:
        raise CharnnError(
            f"the typesetter {reason} on these {len(pictures)} tunes: export fewer at a time"
        ) from None


def tune_heading(tune: Tune) -> Heading:
    """Return the words above a tune."""
    fields = field_texts(tune)
    titles = [legal(display_title(title)) for title in tune.titles if title.strip()]
    composers = [legal(text) for text in fields.get("C", ())]
    origin = legal(", ".join(fields.get("O", ())))
    if origin and composers:
        composers[-1] += f" ({origin})"
    elif origin:
        composers = [origin]
    return Heading(
        title=titles[0] if titles else "",
        subtitles=tuple(titles[1:]),
        left="\u2003".join(
            filter(None, (legal(tune.rhythm), legal(" ".join(fields.get("P", ())))))
        ),
        right=tuple(composers),
        tempo=tempo_signs(tune.tempo) if tune.tempo else (),
    )


def _typeset(pictures: Sequence[Picture], kind: PictureFormat, title: str, warn: Warn) -> bytes:
    """Return a PNG of a picture, or a PDF of pictures.

    Raises:
        ProcessError: typst failed.
    """
    with tempfile.TemporaryDirectory(prefix="charnn-") as name:
        folder = Path(name)
        height = math.inf if kind == "png" else PAGE_HEIGHT
        tunes = write_pictures(pictures, folder, height, margin=MARGIN if kind == "png" else 0)
        book = json.dumps({"title": title, "tunes": tunes})
        (folder / "book.json").write_text(book, encoding="utf-8")
        run_typesetter(folder, kind, sum(map(len, tunes)), warn)
        return (folder / f"book.{kind}").read_bytes()


def write_pictures(
    pictures: Iterable[Picture], folder: Path, page_height: float, margin: float = 0.0
) -> list[list[str]]:
    """Write the pictures of tunes to a folder, and return the names of the files of each tune.

    A tune that is higher than a page has a file for each of its parts.
    """
    tunes: list[list[str]] = []
    for number, picture in enumerate(pictures):
        is_whole = picture.height <= page_height
        parts = [picture.blocks] if is_whole else [[block] for block in picture.blocks]
        names = [f"{number}-{part}.svg" for part in range(len(parts))]
        for file, blocks in zip(names, parts, strict=True):
            (folder / file).write_bytes(compose(blocks, margin))
        tunes.append(names)
    return tunes


def run_typesetter(folder: Path, kind: str, count: int, warn: Warn) -> None:
    """Set the `count` pictures in a folder, see `typesetter.py`; `warn` of letters without a font.

    Raises:
        ProcessError: typst failed.
    """
    # A picture takes a few hundredths of a second.
    seconds = MAX_CPU_SECONDS + count // 4
    timeout = TIMEOUT_SECONDS * seconds / MAX_CPU_SECONDS
    run_program(_TYPESETTER, str(folder), kind, seconds=seconds, timeout=timeout)
    if missing := (folder / "missing.txt").read_text(encoding="utf-8"):
        shown = " ".join(missing[:_MOST_LETTERS]) + " ..." * (len(missing) > _MOST_LETTERS)
        warn(
            f"no installed font has {shown}: boxes stand in place of these letters. Install a font "
            "that has them, such as one of the Noto fonts"
        )


def _failure(tune: Tune, reason: str) -> TuneError:
    problem = f"the engraver {reason} on this tune: export it as MusicXML instead"
    return TuneError(problem, tune.line, 1, tune.name)
