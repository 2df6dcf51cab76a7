"""The typesetter: a program that makes a PNG or a PDF of SVG pictures with typst.

`python typesetter.py FOLDER FORMAT` reads the JSON object in `FOLDER/book.json` and writes
`FOLDER/book.png` or `FOLDER/book.pdf`. The object has the key `title`, and the key `tunes`: for
each tune the names of its pictures in the folder. A PNG contains one picture. A PDF has A4 pages; a
page ends where the next picture does not fit. FORMAT `book` makes the PDF of a whole tune book, see
`printed_book.typ`. The program imports nothing of charnn.
"""

import sys
from pathlib import Path
from typing import Literal

PIXELS_PER_INCH = 200  # of a PNG

# The texts of tunes are never part of these programs: typst would run them.
_PDF = """\
#let book = json("book.json")
#set document(title: book.title, date: none)
#set page(
  paper: "a4",
  margin: (x: 0mm, top: 10mm, bottom: 12mm),
  footer-descent: 4mm,
  footer: context if counter(page).final().first() > 1 {
    align(center, text(size: 9pt, counter(page).display()))
  },
)
#for (number, pictures) in book.tunes.enumerate() {
  if number > 0 { v(8mm, weak: true) }
  for picture in pictures { block(spacing: 0mm, image(picture, width: 210mm)) }
}
"""
_PNG = """\
#let book = json("book.json")
#set page(width: auto, height: auto, margin: 0mm, fill: white)
#image(book.tunes.first().first(), width: 210mm)
"""


def main() -> None:
    """Set the pictures in the folder `argv[1]` as `argv[2]`."""
    set_pictures(Path(sys.argv[1]), sys.argv[2])


def set_pictures(folder: Path, kind: str) -> None:
    """Write the PNG or PDF of the pictures in a folder."""
    import typst

    source = folder / "book.typ"
    book = Path(__file__).with_name("printed_book.typ")
    program = {"pdf": _PDF, "png": _PNG}.get(kind) or book.read_text(encoding="utf-8")
    source.write_text(program, encoding="utf-8")
    suffix: Literal["png", "pdf"] = "png" if kind == "png" else "pdf"
    typst.compile(
        str(source),
        output=str(folder / f"book.{suffix}"),
        format=suffix,
        ppi=PIXELS_PER_INCH,
        ignore_system_fonts=True,  # so that the picture is the same on every machine
    )


if __name__ == "__main__":
    main()
