"""The download of a corpus: bounded in size and time, and checked by its sha256."""

import os
import time
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urljoin, urlsplit

from charnn.corpus.text import Document, read_file
from charnn.errors import CorpusError

# A download fails after this many seconds without a byte, or this many seconds in all.
IDLE_TIMEOUT = 30
MAX_SECONDS = 300


@dataclass(frozen=True)
class Download:
    """A file on the web, which is kept in the user's cache folder.

    Attributes:
        name: the file name in the cache.
        url: the address; the environment variable `CHARNN_MIRROR` replaces the host.
        length: the expected length in bytes.
        sha256: the expected sha256 in hexadecimal.
    """

    name: str
    url: str
    length: int
    sha256: str

    def documents(self, progress: object | None) -> list[Document]:
        """Return the file as one document, and download the file if it is not in the cache."""
        return [Document(self.name, partial(read_file, self.fetch(progress)))]

    def fetch(self, progress: object | None = None) -> Path:
        """Return the path of the file in the cache, and download the file if it is not there.

        Raises:
            CorpusError: the file cannot be downloaded, or its content is not the expected one.
        """
        import pooch

        mirror = os.environ.get("CHARNN_MIRROR", "").rstrip("/")
        url = mirror + urlsplit(self.url).path if mirror else self.url
        if not url.startswith(("http://", "https://")):
            raise CorpusError(
                f"CHARNN_MIRROR={mirror} is not an address: it must start with https://"
            )
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
                f"{url} is not the expected file (its sha256 is wrong): try again, or name another "
                "host with CHARNN_MIRROR"
            ) from error
        return Path(path)

    def _write(self, url: str, target: Path, progress: Any) -> None:
        """Write the content at a web address to a file; more than `length` bytes are an error.

        Raises:
            OSError: the host fails, is too slow, sends too much, or redirects to another protocol.
        """
        import requests

        deadline = time.monotonic() + MAX_SECONDS
        if progress is not None:
            progress.total = self.length
        # A compressed answer could unpack to any size.
        headers = {"Accept-Encoding": "identity"}
        hooks = {"response": _check_redirect}
        with (
            requests.get(
                url, stream=True, timeout=IDLE_TIMEOUT, headers=headers, hooks=hooks
            ) as response,
            target.open("wb") as file,
        ):
            response.raise_for_status()
            if "Content-Encoding" in response.headers:
                raise OSError("the host sends compressed data, which was not requested")
            while piece := _read_piece(response):
                if file.tell() + len(piece) > self.length:
                    raise OSError(f"the file is longer than the {self.length:,} bytes expected")
                if time.monotonic() > deadline:
                    raise OSError(f"the download takes longer than {MAX_SECONDS} s")
                file.write(piece)
                if progress is not None:
                    progress.update(len(piece))
        if progress is not None:
            progress.close()


def _read_piece(response: Any) -> bytes:
    """Return the bytes that have arrived, up to 16 kB; empty at the end of the response."""
    from urllib3.exceptions import HTTPError

    try:
        # read1 returns what is there. `read` waits for all 16 kB, so a host that sends a byte a
        # second would never meet the deadline.
        return bytes(response.raw.read1(1 << 14, decode_content=False))
    except HTTPError as problem:
        raise OSError(f"the connection broke off: {problem}") from problem


def _check_redirect(response: Any, **_: object) -> None:
    """Refuse a redirect from https to http, and every redirect to another protocol (file:)."""
    if response.is_redirect:
        target = urljoin(response.url, response.headers["Location"])
        if urlsplit(target).scheme not in {"https", urlsplit(response.url).scheme}:
            raise OSError(f"the host redirects to {target}, which is not an https address")


def _reason(error: OSError) -> str:
    """Return the reason of the innermost wrapped error, such as "Connection refused"."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        cause = cause.__context__
    return str(error) or type(error).__name__
