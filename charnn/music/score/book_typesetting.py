"""The typesetting of a printed tune book: pictures and lists in, a PDF out.

What stands in the lists is decided elsewhere; `printed_book.typ` has their look.
"""

import json
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from charnn.errors import CharnnError
from charnn.music.score.engraving import Warn, ignore, run_typesetter, write_pictures
from charnn.music.score.limited_processes import ProcessError
from charnn.music.score.pictures import WIDTH, Picture

Paper = Literal["a4", "letter"]

# The height of a page between the margins of the tunes, in pixels of the pictures (210 mm are
# `WIDTH` of them), less a little for rounding.
_HEIGHTS: dict[Paper, float] = {"a4": 272 / 210 * WIDTH, "letter": 254 / 210 * WIDTH}
_TYPST_PAPERS: dict[Paper, str] = {"a4": "a4", "letter": "us-letter"}


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a list.

    Attributes:
        title: the title.
        detail: further words, in small print.
        tune: the index of the tune in the book.
    """

    title: str
    detail: str
    tune: int


@dataclass(frozen=True, slots=True)
class Group:
    """A part of a list: its name, and its lines or smaller groups."""

    name: str
    entries: tuple[Entry, ...] = ()
    groups: tuple["Group", ...] = ()


@dataclass(frozen=True, slots=True)
class BookPages:
    """A tune book to print.

    Attributes:
        title: the title.
        subtitle: the words under it.
        pictures: the pictures of the tunes, with incipits.
        contents: a line for each tune, in order.
        incipits: the groups of incipits.
        titles: the index of titles.
        types: the index of types, and of keys in them.
    """

    title: str
    subtitle: str
    pictures: Sequence[Picture]
    contents: Sequence[Entry]
    incipits: Sequence[Group]
    titles: Sequence[Entry]
    types: Sequence[Group]


def typeset_book(pages: BookPages, paper: Paper, warn: Warn = ignore) -> bytes:
    """Return a tune book as a PDF. `warn` gets a message on letters that no font has.

    Raises:
        CharnnError: typst failed.
    """
    with tempfile.TemporaryDirectory(prefix="charnn-") as name:
        folder = Path(name)
        files = write_pictures(pages.pictures, folder, _HEIGHTS[paper])
        for number, picture in enumerate(pages.pictures):
            if picture.incipit is not None:
                (folder / f"incipit-{number}.svg").write_bytes(picture.incipit.svg)
        book = {
            "title": pages.title,
            "subtitle": pages.subtitle,
            "paper": _TYPST_PAPERS[paper],
            "tunes": [
                {"title": entry.title, "pictures": names}
                for entry, names in zip(pages.contents, files, strict=True)
            ],
            "contents": [asdict(entry) for entry in pages.contents],
            "incipits": [
                {"name": group.name, "entries": [_incipit(e, pages) for e in group.entries]}
                for group in pages.incipits
            ],
            "titles": [asdict(entry) for entry in pages.titles],
            "types": [asdict(group) for group in pages.types],
        }
        (folder / "book.json").write_text(json.dumps(book), encoding="utf-8")
        try:
            run_typesetter(folder, "book", 2 * sum(map(len, files)), warn)
        except ProcessError as reason:
            raise CharnnError(
                f"the typesetter {reason} on these {len(files)} tunes: print fewer at a time"
            ) from None
        return (folder / "book.pdf").read_bytes()


def _incipit(entry: Entry, pages: BookPages) -> dict[str, object]:
    incipit = pages.pictures[entry.tune].incipit
    picture = "" if incipit is None else f"incipit-{entry.tune}.svg"
    return asdict(entry) | {"picture": picture, "width": incipit.width if incipit else 0.0}
