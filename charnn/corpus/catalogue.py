"""The named corpora: three built-in ones, which need no network, and two to download.

charnn itself contains no corpus. `folk` is read from the music21 package, which is located without
being imported (the import takes 0.4 s); `prose` and `code` are read from Python's own library.
"""

import importlib.util
import os
import sysconfig
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from charnn.corpus.download import Download
from charnn.corpus.text import Document, document, read_file
from charnn.errors import CorpusError

# Folders of music21's corpus.
FOLK_BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs")
_EXCLUDED_FOLDERS = {
    "site-packages",
    "dist-packages",
    "test",
    "tests",
    "idle_test",
    "__pycache__",
}


@dataclass(frozen=True)
class Entry:
    """A corpus with a name.

    Attributes:
        name: the name that `charnn train` accepts.
        description: the content, in a few words.
        size: a function that returns the size as text, such as "804 tunes, 197,618 bytes".
        source: the package or the address that the corpus is read from.
        licence: the licence.
        kind: "built-in" or "download".
        open: a function that returns the documents of the corpus. Its argument is None or a
            progress bar for a download (an object with `total`, `update(n)` and `close()`).
        tunes: whether the documents are tune books in ABC notation, which are not yet cleaned.
    """

    name: str
    description: str
    size: Callable[[], str]
    source: str
    licence: str
    kind: str
    open: Callable[[object | None], Sequence[Document]]
    tunes: bool = False


def _folk(_progress: object | None) -> list[Document]:
    spec = importlib.util.find_spec("music21")
    folders = [Path(folder) for folder in (spec and spec.submodule_search_locations) or ()]
    paths = [
        path
        for book in FOLK_BOOKS
        for folder in folders
        for path in sorted((folder / "corpus" / book).glob("*.abc"))
    ]
    if not paths:
        raise CorpusError("the folk corpus is part of music21: pip install music21")
    return [Document(path.name, partial(read_file, path)) for path in paths]


def _topics() -> dict[str, str]:
    from pydoc_data.topics import topics  # type: ignore[import-untyped, unused-ignore]

    return dict(sorted(topics.items()))


def _prose(_progress: object | None) -> list[Document]:
    return [document(name, text) for name, text in _topics().items()]


def _modules() -> list[Path]:
    """Return the paths of the standard library's modules, except tests and installed packages."""
    found = []
    for folder, folders, files in os.walk(sysconfig.get_path("stdlib")):
        # In place: os.walk enters the folders that are left in this list, in this order.
        folders[:] = sorted(name for name in folders if name not in _EXCLUDED_FOLDERS)
        found += [Path(folder, name) for name in sorted(files) if name.endswith(".py")]
    return [path for path in found if path.stat().st_size]


def _module_text(path: Path) -> Iterator[str]:
    # A few modules name another codec than UTF-8 in a comment (PEP 263).
    with path.open("rb") as file:
        encoding, _ = tokenize.detect_encoding(file.readline)
    return read_file(path, encoding)


def _code(_progress: object | None) -> list[Document]:
    return [Document(path.name, partial(_module_text, path)) for path in _modules()]


def _prose_size() -> str:
    topics = _topics()
    return f"{len(topics)} texts, {sum(map(len, topics.values())):,} characters"


def _code_size() -> str:
    modules = _modules()
    return f"{len(modules):,} files, {sum(path.stat().st_size for path in modules):,} bytes"


_SHAKESPEARE = Download(
    "tinyshakespeare.txt",
    "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
    1_115_394,
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)
_IRISH = Download(
    "irish.abc",
    "https://raw.githubusercontent.com/MITDeepLearning/introtodeeplearning/master/"
    "mitdeeplearning/data/irish.abc",
    197_618,
    "df3782d5f7b5a2f4c66aa7c13f13008d5f48757b3f5f51620cd6c1ceb2c53023",
)

CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            name="folk",
            description="Irish and Scottish dance tunes: O'Neill 1850, Ryan's Mammoth, Aird's Airs",
            size=lambda: "4,100 tunes, 1,030,000 characters",
            source="the ABC books of the installed music21 package",
            licence="public-domain tunes; transcriptions by volunteers, no licence stated",
            kind="built-in",
            open=_folk,
            tunes=True,
        ),
        Entry(
            name="prose",
            description="the reference text of the Python language, topic by topic",
            size=_prose_size,
            source="the installed Python (pydoc)",
            licence="PSF-2.0",
            kind="built-in",
            open=_prose,
        ),
        Entry(
            name="code",
            description="the source code of Python's standard library",
            size=_code_size,
            source="the installed Python",
            licence="PSF-2.0",
            kind="built-in",
            open=_code,
        ),
        Entry(
            name="tinyshakespeare",
            description="40,000 lines of Shakespeare, the field's yardstick",
            size=lambda: "1,115,394 characters",
            source=_SHAKESPEARE.url,
            licence="public domain",
            kind="download",
            open=_SHAKESPEARE.documents,
        ),
        Entry(
            name="irish",
            description="Irish dance tunes with their types, from MIT's deep learning course",
            size=lambda: "804 tunes, 197,618 bytes",
            source=_IRISH.url,
            licence="MIT; traditional tunes",
            kind="download",
            open=_IRISH.documents,
            tunes=True,
        ),
    )
}
