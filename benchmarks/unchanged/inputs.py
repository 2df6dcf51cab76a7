"""The inputs of the jobs: a text of Python's documentation, and tunes of the music21 package."""

import importlib.util
import re
from collections.abc import Sequence
from pathlib import Path
from pydoc_data.topics import topics

from benchmarks.unchanged.results import digest

BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs")
TUNES = 200  # of all three books together, to be exported
AUDIO_TUNES = 50  # per job: the audio of a tune takes about 6 MB of the disk until it is hashed
SMALL_TUNES = 60  # of all three books together, to be learned
TEXT_LENGTH = 8_000  # characters


def write_inputs(folder: Path) -> str:
    """Write the files that the jobs read: a text, three books of tunes, and choices out of them.

    Returns:
        The hash of all files.

    Raises:
        RuntimeError: the music21 package, which contains the books, is not installed.
    """
    text = "\n".join(topics[name] for name in sorted(topics))[:TEXT_LENGTH]
    contents = {"text.txt": text}
    found = importlib.util.find_spec("music21")
    if found is None or not found.submodule_search_locations:
        raise RuntimeError("the books of tunes are missing: install music21, which contains them")
    corpus = Path(found.submodule_search_locations[0], "corpus")
    books = [_tunes(corpus / name) for name in BOOKS]
    contents |= {f"{name}.abc": _book(book) for name, book in zip(BOOKS, books, strict=True)}
    exported = _spread(books, TUNES)
    contents["tunes.abc"] = _book(exported)
    for begin in range(0, TUNES, AUDIO_TUNES):
        contents[f"tunes-{begin + 1:03d}.abc"] = _book(exported[begin : begin + AUDIO_TUNES])
    contents["small.abc"] = _book(_spread(books, SMALL_TUNES))
    for name, content in contents.items():
        (folder / name).write_text(content, encoding="utf-8", newline="\n")
    return digest(*(part.encode() for item in sorted(contents.items()) for part in item))


def _tunes(folder: Path) -> list[str]:
    """Return the tunes of a book, which may be in Latin-1."""
    texts = (path.read_bytes().decode("latin-1") for path in sorted(folder.glob("*.abc")))
    lines = ("\n".join(text.splitlines()) for text in texts)
    tunes = (tune for text in lines for tune in re.split(r"(?m)^(?=X:)", text))
    return [tune.strip() + "\n" for tune in tunes if tune.startswith("X:")]


def _spread(books: Sequence[Sequence[str]], count: int) -> list[str]:
    """Return `count` tunes in all, evenly spread over each book."""
    shares = [count // len(books) + (place < count % len(books)) for place in range(len(books))]
    return [
        book[number * len(book) // share]
        for book, share in zip(books, shares, strict=True)
        for number in range(share)
    ]


def _book(tunes: Sequence[str]) -> str:
    """Return the text of a book."""
    return "\n".join(tunes)
