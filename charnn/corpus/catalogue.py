"""The corpora that have a name: three that are on every machine, and two to download.

Nothing is shipped twice: `folk` is read out of the music21 package, which is found but not
imported, `prose` and `code` out of Python itself. A download is checked against its sha256 before
it is kept in the user's cache folder; `CHARNN_MIRROR` names another host to fetch it from.
"""

import importlib.util
import os
import sysconfig
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from charnn.corpus.text import Document, document, read_file
from charnn.errors import CorpusError

FOLK_BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs")
_NOT_CODE = {"site-packages", "dist-packages", "test", "tests", "idle_test", "__pycache__"}


@dataclass(frozen=True)
class Entry:
    """A corpus with a name.

    Attributes:
        description: what it is, in a few words.
        size: returns its size in words, without reading all of it.
        source: where it comes from.
        licence: on what terms.
        kind: "built-in" or "download".
        open: returns its documents; takes a progress bar for a download (`total`, `update(n)`,
            `reset()`, `close()`) or `None`.
        tunes: the documents are books of tunes in ABC notation, yet to be cleaned.
    """

    name: str
    description: str
    size: Callable[[], str]
    source: str
    licence: str
    kind: str
    open: Callable[[object | None], Sequence[Document]]
    tunes: bool = False


@dataclass(frozen=True)
class Download:
    """A file to fetch: its name in the cache, where it is, and the sha256 that it must have."""

    name: str
    url: str
    sha256: str

    def documents(self, progress: object | None) -> list[Document]:
        """Return the file as one document, fetched unless it is in the cache."""
        return [Document(self.name, partial(read_file, self.fetch(progress)))]

    def fetch(self, progress: object | None = None) -> Path:
        """Return the path of the file in the cache, which is filled first if need be.

        Raises:
            CorpusError: it cannot be fetched, or is not the file that it should be.
        """
        import pooch

        bar = False if progress is None else progress
        where = urlsplit(self.url)
        mirror = os.environ.get("CHARNN_MIRROR", "").rstrip("/")
        url = mirror + where.path if mirror else self.url
        if not url.startswith(("http://", "https://")):
            raise CorpusError(f"CHARNN_MIRROR={mirror} is no address: it begins with https://")
        pooch.get_logger().setLevel("ERROR")
        try:
            path: str = pooch.retrieve(
                url,
                known_hash=f"sha256:{self.sha256}",
                fname=self.name,
                path=pooch.os_cache("charnn"),
                downloader=pooch.HTTPDownloader(progressbar=bar),
            )
        except ValueError as error:
            raise CorpusError(
                f"{url} is not the file that it should be (its sha256 is wrong): try again, "
                "or name another host with CHARNN_MIRROR"
            ) from error
        except OSError as error:
            raise CorpusError(
                f"cannot download {url} ({_reason(error)}): go online, name another host with "
                "CHARNN_MIRROR, or pass a file of your own; folk, prose and code need no network"
            ) from error
        return Path(path)


def _reason(error: OSError) -> str:
    # The libraries below wrap the plain reason ("Connection refused") several times over.
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__context__
    return str(error) or type(error).__name__


def _folk(_progress: object | None) -> list[Document]:
    spec = importlib.util.find_spec("music21")
    folders = [Path(place) for place in (spec and spec.submodule_search_locations) or ()]
    paths = [
        path
        for book in FOLK_BOOKS
        for folder in folders
        for path in sorted((folder / "corpus" / book).glob("*.abc"))
    ]
    if not paths:
        raise CorpusError("the folk corpus comes with music21: pip install music21")
    return [Document(path.name, partial(read_file, path)) for path in paths]


def _topics() -> dict[str, str]:
    from pydoc_data.topics import topics  # type: ignore[import-untyped, unused-ignore]

    return dict(sorted(topics.items()))


def _prose(_progress: object | None) -> list[Document]:
    return [document(name, text) for name, text in _topics().items()]


def _modules() -> list[Path]:
    """Return the paths of Python's own modules, without tests and installed packages."""
    found = []
    for folder, folders, files in os.walk(sysconfig.get_path("stdlib")):
        # Sorted in place: `os.walk` goes on into what is left in this list.
        folders[:] = sorted(name for name in folders if name not in _NOT_CODE)
        found += [Path(folder, name) for name in sorted(files) if name.endswith(".py")]
    return [path for path in found if path.stat().st_size]


def _module_text(path: Path) -> Iterator[str]:
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
    "86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
)
_IRISH = Download(
    "irish.abc",
    "https://raw.githubusercontent.com/MITDeepLearning/introtodeeplearning/master/"
    "mitdeeplearning/data/irish.abc",
    "df3782d5f7b5a2f4c66aa7c13f13008d5f48757b3f5f51620cd6c1ceb2c53023",
)

CATALOGUE: dict[str, Entry] = {
    entry.name: entry
    for entry in (
        Entry(
            name="folk",
            description="Irish and Scottish dance tunes: O'Neill 1850, Ryan's Mammoth, Aird's Airs",
            size=lambda: "4,100 tunes, 1,040,000 characters",
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
