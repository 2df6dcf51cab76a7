"""The typesetter: a program that makes a PNG or a PDF of SVG pictures with typst.

`python typesetter.py FOLDER FORMAT` reads the JSON object in `FOLDER/book.json` and writes
`FOLDER/book.png` or `FOLDER/book.pdf`. The object has the key `title`, and the key `tunes`: for
each tune the names of its pictures in the folder. A PNG contains one picture. A PDF has A4 pages; a
page ends where the next picture does not fit. FORMAT `book` makes the PDF of a whole tune book, see
`printed_book.typ`. The program imports nothing of charnn.

The fonts are those of typst, so that the result is the same on every machine. Letters that they
lack come from the fonts of the system. `FOLDER/missing.txt` has the letters that no font has.
"""

import html
import json
import re
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
# A document in this standard must not have a letter that no font has: typst names each of them.
_STRICT: Literal["a-2b"] = "a-2b"
_MISSING = re.compile(r'the text `"(.+?)"` could not be displayed')
_ESCAPE = re.compile(r"\\u\{([0-9a-f]+)\}")  # of a letter that typst does not print
_SVG_TEXT = re.compile(r">([^<]+)<")
# The letters from here on that are no signs of private use: typst's fonts have all those before.
_FOREIGN = re.compile("[\u0250-\ud7ff\uf900-\U0010ffff]")
_OWN_FONTS, _TYPST_FONT = 'font-family="Times, serif"', 'font-family="Libertinus Serif"'


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
    lacking = missing_letters(folder, foreign_letters(folder), with_system=False)
    missing = missing_letters(folder, lacking, with_system=True)
    needs_system = missing != lacking
    if needs_system:
        for picture in folder.glob("*.svg"):
            svg = picture.read_text(encoding="utf-8")
            # The other letters stay as they are.
            picture.write_text(svg.replace(_OWN_FONTS, _TYPST_FONT), encoding="utf-8")
    (folder / "missing.txt").write_text("".join(sorted(missing)), encoding="utf-8")
    typst.compile(
        str(source),
        output=str(folder / f"book.{suffix}"),
        format=suffix,
        ppi=PIXELS_PER_INCH,
        ignore_system_fonts=not needs_system,
    )


def foreign_letters(folder: Path) -> set[str]:
    """Return the letters of pictures and lists that typst's fonts may lack."""
    book = json.loads((folder / "book.json").read_text(encoding="utf-8"))
    found = set(_FOREIGN.findall(json.dumps(book, ensure_ascii=False)))
    for picture in folder.glob("*.svg"):
        svg = picture.read_text(encoding="utf-8")
        for text in _SVG_TEXT.findall(svg):
            found.update(_FOREIGN.findall(html.unescape(text)))
    return found


def missing_letters(folder: Path, letters: set[str], *, with_system: bool) -> set[str]:
    """Return those of the letters that no font has: of typst, or of the system, too."""
    import typst

    if not letters:
        return set()
    (folder / "letters.txt").write_text(" ".join(sorted(letters)), encoding="utf-8")
    source = folder / "letters.typ"
    program = '#set document(title: "letters")\n#read("letters.txt")'
    source.write_text(program, encoding="utf-8")
    try:
        typst.compile(
            str(source), format="pdf", pdf_standards=_STRICT, ignore_system_fonts=not with_system
        )
    except typst.TypstError as problem:
        named = "".join(_MISSING.findall(problem.diagnostic))
        return letters & set(_ESCAPE.sub(lambda found: chr(int(found[1], 16)), named))
    return set()


if __name__ == "__main__":
    main()
