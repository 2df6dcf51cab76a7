"""The corpora that have a name: three that are on every machine, and two to download.

Nothing is shipped twice: `folk` is read out of the music21 package, which is found but not
imported, `prose` and `code` out of Python itself. A download is as long as it should be, and is
checked against its sha256 before it is kept in the user's cache folder; `CHARNN_MIRROR` names
another host to fetch it from.
"""

import importlib.util
import os
import sysconfig
import time
import tokenize
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from charnn.corpus.text import Document, document, read_file
from charnn.errors import CorpusError

FOLK_BOOKS = ("oneills1850", "ryansMammoth", "airdsAirs")
SILENCE = 30  # seconds without a word after which a host is given up
MOST_SECONDS = 300  # for a download in all
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
            `close()`) or `None`.
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
    """A file to fetch: its name in the cache, where it is, and the length in bytes and the sha256
    that it must have."""

    name: str
    url: str
    length: int
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
                downloader=lambda source, target, _: self._write(source, Path(target), progress),
            )
        except OSError as error:
            raise CorpusError(
                f"cannot download {url} ({_reason(error)}): go online, name another host with "
                "CHARNN_MIRROR, or pass a file of your own; folk, prose and code need no network"
            ) from error
        except ValueError as error:
            raise CorpusError(
                f"{url} is not the file that it should be (its sha256 is wrong): try again, "
                "or name another host with CHARNN_MIRROR"
            ) from error
        return Path(path)

    def _write(self, url: str, target: Path, progress: Any) -> None:
        """Write what is at an address to a file, up to the length that it should have.

        Raises:
            OSError: the host fails, is too slow, has more to give, or sends on to no https address.
        """
        import requests

        last = time.monotonic() + MOST_SECONDS
        if progress is not None:
            progress.total = self.length
        plain = {"Accept-Encoding": "identity"}  # what is packed small may be large
        checks = {"response": _check_way}
        with (
            requests.get(url, stream=True, timeout=SILENCE, headers=plain, hooks=checks) as answer,
            target.open("wb") as file,
        ):
            answer.raise_for_status()
            if "Content-Encoding" in answer.headers:
                raise OSError("the host sends it packed")
            while piece := _some(answer):
                if file.tell() + len(piece) > self.length:
                    raise OSError(f"it is longer than the {self.length:,} bytes it should have")
                if time.monotonic() > last:
                    raise OSError(f"it takes longer than {MOST_SECONDS} s")
                file.write(piece)
                if progress is not None:
                    progress.update(len(piece))
        if progress is not None:
            progress.close()


def _some(answer: Any) -> bytes:
    """What has arrived of an answer, up to 16 kB, and nothing at its end; a reader of so much would
    wait for it all, however slowly it comes."""
    from urllib3.exceptions import HTTPError

    try:
        return bytes(answer.raw.read1(1 << 14, decode_content=False))
    except HTTPError as problem:
        raise OSError(f"it broke off: {problem}") from problem


def _check_way(answer: Any, **_: object) -> None:
    """Follow a host that sends on from https to https, or from http to either, nowhere else."""
    if answer.is_redirect:
        there = urljoin(answer.url, answer.headers["Location"])
        if urlsplit(there).scheme not in {"https", urlsplit(answer.url).scheme}:
            raise OSError(f"the host sends on to {there}, which is no https address")


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
